"""Two people use one browser, one after the other."""

import pytest
from playwright.sync_api import Route, expect

from orderchainer.testing.browsers import Visit, inaccessible

pytestmark = pytest.mark.browser

# The browser shows the page again as it was, after Back or Forward. Playwright switches that off.
RESTORED = "() => { dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true})); }"


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


@pytest.mark.parametrize("path", ["orders", "team"])
def test_back_shows_nothing_to_whoever_comes_after_its_reader(visit: Visit, path: str) -> None:
    page = visit.sign_in(path)
    page.evaluate("() => { window.isAsItWas = true; }")
    page.evaluate(RESTORED)
    assert page.evaluate("window.isAsItWas")

    # As a page for visitors does, such as the one after signing out.
    page.evaluate("() => { localStorage.reader = ''; }")
    with page.expect_navigation():
        page.evaluate(RESTORED)

    assert not page.evaluate("window.isAsItWas")
