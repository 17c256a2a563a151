"""The back office in a browser: its pages fit into the window."""

import pytest

from orderchainer.testing.browsers import WIDE, Visit, scrolls_sideways

pytestmark = pytest.mark.browser

PHONE = 390
PAGES = ("", "auth/group/add/", "accounts/user/1/change/", "orders/order/5/change/")


def test_no_page_is_wider_than_its_window(visit: Visit) -> None:
    email, password = visit.account()
    page = visit("/admin/login/?next=/admin/")
    page.get_by_role("textbox", name="Email").fill(email)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")

    wider = []
    for path in PAGES:
        for width in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{visit.installation.url}/admin/{path}")
            if scrolls_sideways(page):
                wider.append((path, width))
    assert wider == []

    # Data without any place to break.
    page.goto(f"{visit.installation.url}/admin/orders/event/1/change/")
    page.locator("pre").first.evaluate("(data) => { data.textContent = '0'.repeat(500); }")
    assert not scrolls_sideways(page)
