"""Today, in a browser."""

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    is_ready,
    scrolls_sideways,
    small_targets,
)
from orders.tests.browser.boards import Board

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_today(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)
    # A project of its own, because other tests may leave no order waiting.
    board = Board(page)
    first = board.create("Lamp")
    board.create("Lampshade", waits_for=f"#{first}")
    page.goto(f"{board.project}/orders")

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
    board = Board(page)
    board.create("Lamp")
    page.goto(f"{board.project}/orders")
    is_ready(page)

    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/today")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url("**/orders/*")


def test_the_counts_follow_what_others_do(visit: Visit) -> None:
    page = visit.sign_in()
    board = Board(page)
    board.create("Lamp")
    page.goto(f"{board.project}/today")
    count = page.get_by_role("region", name="Ready to start").locator(".count")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    expect(count).to_have_text("1")

    board.create("Another lamp")

    expect(count).to_have_text("2")
