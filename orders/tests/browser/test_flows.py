"""A seller's round through the orders, once by keys alone and once without scripts."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import Visit, is_ready
from orders.tests.browser.boards import Board
from orders.tests.browser.test_shop import reach

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_seller_works_by_keys_alone(board: Board) -> None:
    page, keys = board.page, board.page.keyboard
    first = board.create("Cut the oak")
    second = board.create("Join the oak", waits_for=f"#{first}", auto_activate="on")
    page.goto(f"{board.project}/orders")
    is_ready(page)

    # Narrow the list, and open the order that waits.
    keys.press("/")
    expect(page.get_by_role("searchbox", name="Search orders")).to_be_focused()
    keys.type("join")
    page.wait_for_url("**search=join**")
    expect(page.locator("tbody").get_by_role("row")).to_have_count(1)
    keys.press("Tab")
    keys.press("j")
    expect(page.get_by_role("link", name=f"#{second} Join the oak")).to_be_focused()
    keys.press("o")
    expect(page.get_by_role("heading", name=f"#{second} Join the oak", level=1)).to_be_visible()
    is_ready(page)

    # It cannot move, and the menu says why.
    keys.press("m")
    menu = page.get_by_role("menu", name=f"Move #{second} to")
    closed = menu.get_by_role("menuitem", name="shipped", exact=True)
    expect(closed).to_have_accessible_description(f"#{second} waits for #{first}")
    keys.press("Escape")
    expect(menu).to_be_hidden()

    # Move what it waits for, which asks first because there is no way back.
    page.goto(f"{board.project}/orders")
    is_ready(page)
    reach(page, "checkbox", f"Select #{first}")
    keys.press("Space")
    bar = page.get_by_role("region", name="Bulk actions")
    expect(bar.get_by_text("1 selected")).to_be_visible()
    reach(page, "combobox", "Move to")
    keys.type("completed")
    reach(page, "button", "Move selected")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Move 1 order to completed?")).to_be_visible()
    reach(page, "button", "Move 1 order")
    keys.press("Enter")

    # The order that waited began by itself.
    expect(page.get_by_role("region", name="Result")).to_contain_text("1 moved")
    waited = page.get_by_role("row").filter(has_text="Join the oak")
    expect(waited).to_contain_text("active")


def test_a_seller_works_without_scripts(visit: Visit, board: Board) -> None:
    first = board.create("Cut the ash")
    second = board.create("Join the ash", waits_for=f"#{first}", auto_activate="on")
    for page in without_scripts(visit):
        page.goto(f"{board.project}/orders")

        # Narrow the list, and open the order that waits.
        page.get_by_role("searchbox", name="Search orders").fill("join")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("tbody").get_by_role("row")).to_have_count(1)
        page.get_by_role("link", name=f"#{second} Join the ash").click()
        expect(page.get_by_role("region", name="Why it waits")).to_contain_text(f"#{first}")

        # It cannot move, and the menu says why.
        page.get_by_role("button", name=f"Move #{second}").click()
        closed = page.get_by_role("menuitem", name="shipped", exact=True)
        expect(closed).to_have_accessible_description(f"#{second} waits for #{first}")

        # Move what it waits for, which asks first because there is no way back.
        page.goto(f"{board.project}/orders/{first}")
        page.get_by_role("button", name=f"Move #{first}").click()
        page.get_by_role("menuitem", name="completed").click()
        page.get_by_role("button", name="Move to completed").click()
        expect(page.get_by_role("heading", name=f"#{first} Cut the ash", level=1)).to_be_visible()

        # The order that waited began by itself. Move it with another one.
        page.goto(f"{board.project}/orders/new")
        page.get_by_role("textbox", name="Title").fill("Oil the ash")
        page.get_by_role("button", name="Create order").click()
        third = int(re.search(r"/orders/(\d+)", page.url)[1])  # type: ignore[index]
        page.goto(f"{board.project}/orders")
        expect(page.get_by_role("row").filter(has_text="Join the ash")).to_contain_text("active")
        for number in (second, third):
            page.get_by_role("checkbox", name=f"Select #{number}").check()
        page.get_by_role("combobox", name="Move to").select_option("shipped")
        page.get_by_role("button", name="Move selected").click()
        expect(page.get_by_role("region", name="Result")).to_contain_text("2 moved")


def without_scripts(visit: Visit) -> Iterator["Page"]:
    """A page of the same session in a browser that runs no scripts."""
    with visit.context.browser.new_context(java_script_enabled=False) as context:  # type: ignore[union-attr]
        context.add_cookies(visit.context.cookies())  # type: ignore[arg-type]
        yield context.new_page()
