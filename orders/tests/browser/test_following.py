"""Pages that follow events: they become right, and take nothing away from their reader."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import Visit
from orderchainer.testing.processes import embedded
from orders.tests.browser.boards import Board

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_a_page_comes_back_after_a_restart(browser: "Browser", tmp_path: Path) -> None:
    with embedded(tmp_path, DEBUG="on") as installation, browser.new_context() as context:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        board = Board(Visit(installation, context, []).sign_in())
        number = board.create("Boat")
        board.open("?search=Boat")
        connection = board.page.get_by_role("status", name="Connection")
        search = board.page.get_by_role("searchbox", name="Search orders")
        search.focus()

        installation.kill("serve")
        expect(connection).to_have_text("Reconnecting")
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        board.move(number, "active")
        board.page.evaluate("() => { dispatchEvent(new Event('online')); }")

        expect(board.card(number, "active")).to_be_visible()
        expect(connection).to_have_text("Live")
        expect(search).to_be_focused()


def test_back_shows_what_has_happened_meanwhile(board: Board) -> None:
    number = board.create("Kite")
    board.open("?search=Kite")
    board.card(number).get_by_role("link", name=f"#{number} Kite").click()
    expect(board.page.get_by_role("heading", level=1)).to_have_text(f"#{number} Kite")

    board.move(number, "active")
    board.page.go_back()

    expect(board.card(number, "active")).to_be_visible()
    expect(board.page.get_by_role("status", name="Connection")).to_have_text("Live")


def test_a_list_stays_where_its_reader_has_scrolled(board: Board) -> None:
    numbers = [board.create(f"Shelf {number}") for number in range(16)]
    board.page.set_viewport_size({"width": 1280, "height": 400})
    board.page.goto(f"{board.project}/orders?search=Shelf")
    expect(board.page.get_by_role("status", name="Connection")).to_have_text("Live")
    # The newest order comes first.
    above, looked_at = (board.page.locator(f"#order-{number}") for number in numbers[::-15])
    looked_at.scroll_into_view_if_needed()
    before = looked_at.bounding_box()

    board.move(numbers[-1], "active")

    expect(above).to_contain_text("active")
    assert looked_at.bounding_box() == before


def test_a_card_that_is_dragged_stays_until_it_is_dropped(board: Board) -> None:
    number, other = board.create("Cup"), board.create("Cup board")
    board.open("?search=Cup")

    board.drag(board.card(number), "pending", drop=False)
    board.move(number, "active")
    board.move(other, "active")

    expect(board.card(other, "active")).to_be_visible()
    expect(board.card(number, "pending")).to_be_visible()
    board.page.mouse.up()
    expect(board.card(number, "active")).to_be_visible()


def test_what_is_typed_on_the_page_of_an_order_stays(board: Board) -> None:
    awaited = board.create("Wick")
    number = board.create("Candle", waits_for=f"#{awaited}")
    page = board.page
    page.goto(f"{board.project}/orders/{number}")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    page.get_by_role("button", name=f"Let go of #{awaited}").click()
    question = f"Why does #{number} not have to wait for #{awaited}?"
    reason = page.get_by_role("textbox", name=question)
    reason.fill("It burns without one")
    reason.evaluate("(field) => field.setSelectionRange(3, 3)")

    board.move(number, "draft")

    expect(page.locator(f"#order-{number}")).to_have_attribute("data-late", "")
    expect(reason).to_have_value("It burns without one")
    expect(reason).to_be_focused()
    assert reason.evaluate("(field) => field.selectionStart") == 3
    page.keyboard.press("Escape")
    expect(page.get_by_role("list", name="History")).to_contain_text("from pending to draft")
