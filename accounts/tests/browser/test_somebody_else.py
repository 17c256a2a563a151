"""Two people use one browser, one after the other."""

import pytest
from playwright.sync_api import Route, expect

from orderchainer.testing.browsers import Visit, inaccessible

pytestmark = pytest.mark.browser


def test_a_page_notices_that_somebody_else_has_signed_in(visit: Visit) -> None:
    page = visit.sign_in()
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")

    def for_another(route: Route) -> None:
        route.fulfill(json={"ticket": "theirs", "person": "another", "expires_in": 60})

    page.route("**/app/live-ticket", for_another)
    page.reload()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else has signed in")
    assert inaccessible(page) == []
    page.unroute("**/app/live-ticket")
    page.get_by_role("button", name="Reload the page").click()
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
