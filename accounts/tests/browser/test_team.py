"""The pages about the people of a project and what they did, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

pytestmark = pytest.mark.browser


def open_page(page: Page, name: str) -> None:
    """Go to a page of the project by its address in the navigation."""
    link = page.locator("nav[aria-label=Workspace] a, #more a").filter(has_text=name).first
    address = link.get_attribute("href")
    assert address
    page.goto(page.url.split("/app/")[0] + address)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_pages_of_the_team(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)
    open_page(page, "Team")
    page.get_by_role("textbox", name="E-mail").fill("grace@example.com")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("table", name="Open invitations")).to_be_visible()

    _check(page, width)
    page.get_by_role("link", name="Change ").first.click()
    expect(page.get_by_role("button", name="Save role")).to_be_visible()
    _check(page, width)
    page.goto(page.url.partition("/team")[0] + "/team/leave")
    expect(page.get_by_role("button", name="Leave the project")).to_be_visible()
    _check(page, width)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_activity(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)
    # The personal project has none.
    demo = page.locator("select[name=project] option", has_text="Aurora Workshop")
    page.goto(f"{visit.installation.url}/app/?project={demo.get_attribute('value')}")
    open_page(page, "Activity")

    expect(page.get_by_role("list", name="Activity")).to_be_visible()
    _check(page, width)


def test_a_refusal_leads_back(visit: Visit) -> None:
    visit.expect_problem("status of 409")
    page = visit.sign_in()
    open_page(page, "Team")
    page.goto(f"{page.url}/leave")
    page.get_by_role("button", name="Leave the project").click()

    expect(page.get_by_role("alert")).to_contain_text("at least one owner")
    assert inaccessible(page) == []
    page.get_by_role("link", name="Back to the team").click()
    expect(page.get_by_role("heading", name="Team", exact=True)).to_be_visible()


def _check(page: Page, width: int) -> None:
    assert inaccessible(page) == [], page.url
    assert small_targets(page, at_least=44 if width == NARROW else 24) == [], page.url
    assert not scrolls_sideways(page), page.url
