"""Today, in a browser."""

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_today(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)

    page.get_by_role("navigation", name="Workspace").get_by_role("link", name="Today").click()

    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Sales so far")).to_be_visible()
    expect(page.get_by_role("region", name="Waiting longest")).to_be_visible()
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []
    assert not scrolls_sideways(page)


def test_after_signing_in_people_see_today(visit: Visit) -> None:
    page = visit.sign_in("/app/")

    expect(page).to_have_title("Today · OrderChainer")


def test_keys_lead_there_and_through_what_it_shows(visit: Visit) -> None:
    page = visit.sign_in()

    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/today")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url("**/orders/*")


def test_the_counts_follow_what_others_do(visit: Visit) -> None:
    page = visit.sign_in("today")
    ready = page.get_by_role("region", name="Ready to start")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    before = int(ready.locator(".count").inner_text())

    other = visit.context.new_page()
    other.goto(page.url.replace("/today", "/orders/new"))
    other.get_by_role("textbox", name="Title").fill("A lamp")
    other.get_by_role("button", name="Create order").click()
    other.wait_for_url("**/orders/*")

    expect(ready.locator(".count")).to_have_text(str(before + 1))
