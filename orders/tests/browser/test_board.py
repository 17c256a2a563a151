"""Moving orders on the board, in a browser."""

import re

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from orderchainer.testing.browsers import NARROW, WIDE, Visit, inaccessible, scrolls_sideways
from orders.tests.browser.boards import Board

pytestmark = pytest.mark.browser


def test_a_card_is_moved_by_its_menu_and_back(board: Board) -> None:
    number = board.create("Lamp", status="draft")
    board.open("?search=Lamp")

    board.page.locator(f"#order-{number} a").focus()
    board.page.keyboard.press("m")
    board.page.get_by_role("menu", name=f"Move #{number} to").get_by_role(
        "menuitem", name="pending"
    ).click()

    expect(board.card(number, "pending")).to_be_visible()
    messages = board.page.get_by_role("region", name="Messages")
    expect(messages).to_contain_text(f"#{number} is pending now.")
    expect(board.card(number)).not_to_have_attribute("aria-busy", "true")
    messages.get_by_role("button", name="Undo").click()
    expect(board.card(number, "draft")).to_be_visible()
    expect(messages).to_contain_text(f"#{number} is draft now.")


def test_a_move_without_a_way_back_asks_first(board: Board) -> None:
    number = board.create("Mirror")
    board.create("Frame", waits_for=f"#{number}")
    board.open("?search=Mirror")
    dialog = board.page.get_by_role("dialog", name=f"Move #{number} Mirror to cancelled?")

    board.drag(board.card(number), "cancelled")
    expect(dialog).to_contain_text("There is no way back from cancelled.")
    expect(dialog).to_contain_text("1 order is blocked")
    assert inaccessible(board.page) == []
    dialog.get_by_role("link", name="Keep it pending").click()
    expect(dialog).to_have_count(0)
    expect(board.card(number, "pending")).to_be_visible()

    board.card(number).get_by_role("button", name=f"Move #{number}").click()
    board.page.get_by_role("menuitem", name="cancelled").click()
    dialog.get_by_role("button", name="Move to cancelled").click()
    expect(board.card(number)).to_have_count(0)
    expect(board.column("cancelled").locator(".count")).to_have_text("1")


def test_columns_say_before_the_drop_where_a_card_can_go(board: Board) -> None:
    awaited = board.create("Clock face")
    number = board.create("Clock", waits_for=f"#{awaited}")
    board.open("?search=Clock")

    board.drag(board.card(number), "active", drop=False)
    expect(board.column("active")).to_contain_text(f"#{number} waits for #{awaited}")
    expect(board.column("draft")).to_have_attribute("data-drop", "open")
    board.page.mouse.up()
    expect(board.column("active")).not_to_contain_text("waits for")
    expect(board.card(number, "pending")).to_be_visible()

    board.drag(board.card(awaited), "fulfilled")
    expect(board.card(awaited, "fulfilled")).to_be_visible()
    # The event of the other order tells.
    expect(board.card(number)).to_contain_text("ready")


def test_a_refused_card_goes_back_and_says_what_can_be_done(visit: Visit, board: Board) -> None:
    visit.expect_problem("status of 409")
    awaited = board.create("Vase glaze")
    number = board.create("Vase", waits_for=f"#{awaited}")
    board.open("?search=Vase")
    # No event tells that it waits.
    board.page.route_web_socket("**/ws/projects/**", lambda socket: None)
    board.page.reload()
    # As if the card had been free when it was drawn.
    board.card(number).evaluate("(card) => { card.dataset.moves = 'active'; }")

    board.drag(board.card(number), "active")

    alert = board.card(number, "pending").get_by_role("alert")
    expect(alert).to_contain_text(f"cannot be active while it waits for #{awaited}")
    expect(alert.get_by_role("link", name=f"#{awaited} Vase glaze")).to_be_visible()
    assert inaccessible(board.page) == []
    alert.get_by_role("button", name="draft").click()
    expect(board.card(number, "draft")).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_move_without_an_answer_is_tried_again_with_the_same_key(
    visit: Visit, board: Board
) -> None:
    visit.expect_problem("ERR_FAILED")
    number = board.create("Stool")
    board.open("?search=Stool")
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.extend(re.findall(r"key=(\w+)", route.request.post_data or ""))
        if len(keys) == 1:
            # The server did it, but nobody heard.
            route.fetch()
            route.abort()
        else:
            route.continue_()

    board.page.route("**/move", lose)
    board.drag(board.card(number), "draft")
    alert = board.card(number).get_by_role("alert")
    expect(alert).to_contain_text("Not saved")
    alert.get_by_role("button", name="Try again").click()

    expect(alert).to_have_count(0)
    expect(board.card(number, "draft")).to_be_visible()
    messages = board.page.get_by_role("region", name="Messages")
    expect(messages).to_contain_text(f"#{number} is draft now.")
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_long_column_shows_more_near_its_end(board: Board) -> None:
    for number in range(24):
        board.create(f"Tile {number}", status="draft")
    board.open("?search=Tile")
    cards = board.column("draft").get_by_role("listitem")
    expect(cards).to_have_count(20)

    cards.last.scroll_into_view_if_needed()

    expect(cards).to_have_count(24)
    expect(board.page).to_have_url(re.compile("shown=draft-50"))
    board.page.reload()
    expect(cards).to_have_count(24)


def test_a_phone_shows_one_column_at_a_time(visit: Visit) -> None:
    page = visit.sign_in("board", width=NARROW)
    regions = page.locator(".column")

    expect(page.get_by_role("region", name="pending")).to_be_visible()
    page.get_by_role("navigation", name="Columns").get_by_role("link", name="failed").click()
    expect(page.get_by_role("region", name="failed")).to_be_visible()
    expect(page.get_by_role("region", name="pending")).to_be_hidden()
    assert regions.filter(visible=True).count() == 1
    assert not scrolls_sideways(page)
    page.set_viewport_size({"width": WIDE, "height": 800})
    expect(page.get_by_role("region", name="pending")).to_be_visible()


# --- Events -----------------------------------------------------------------------------------


def test_fifty_changes_while_away_are_right_soon_and_steal_nothing(board: Board) -> None:
    numbers = [board.create(f"Brick {number}") for number in range(50)]
    sockets: list[WebSocketRoute] = []
    is_cut = False

    def connect(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if is_cut:
            socket.close(code=1012)
        else:
            socket.connect_to_server()

    board.page.route_web_socket("**/ws/projects/**", connect)
    board.open("?search=Brick&shown=pending-80")
    expect(board.column("pending").get_by_role("listitem")).to_have_count(50)
    search = board.page.get_by_role("searchbox", name="Search orders")
    search.focus()
    search.evaluate("(field) => field.setSelectionRange(2, 2)")
    board.column("pending").evaluate("(column) => { column.scrollTop = 300; }")
    reloads: list[str] = []
    board.page.on("framenavigated", lambda frame: reloads.append(frame.url))

    is_cut = True
    sockets[-1].close(code=1012)
    expect(board.page.get_by_role("status", name="Connection")).to_have_text("Reconnecting")
    statuses = ("draft", "active", "shipped", "fulfilled", "failed")
    moved = {number: statuses[number % 5] for number in numbers[10:]}
    for number, status in moved.items():
        board.move(number, status)
    for number in numbers[:10]:
        board.move(number, "cancelled")
    is_cut = False
    board.page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(board.page.get_by_role("status", name="Connection")).to_have_text("Live")

    for number, status in moved.items():
        expect(board.card(number, status)).to_be_attached()
    for number in numbers[:10]:
        expect(board.card(number)).to_have_count(0)
    expect(board.column("pending").locator(".count")).to_have_text("0")
    expect(board.column("cancelled").locator(".count")).to_have_text("10")
    expect(search).to_be_focused()
    assert search.evaluate("(field) => field.selectionStart") == 2
    assert reloads == []


def test_an_open_menu_and_the_place_of_the_reader_stay(board: Board) -> None:
    number, other = board.create("Plate"), board.create("Plate rack")
    board.open("?search=Plate")
    board.card(number).get_by_role("button", name=f"Move #{number}").click()
    menu = board.page.get_by_role("menu", name=f"Move #{number} to")
    expect(menu).to_be_visible()

    board.move(number, "active")
    board.move(other, "active")

    expect(board.card(other, "active")).to_be_visible()
    expect(menu).to_be_visible()
    expect(board.card(number, "pending")).to_be_visible()
    board.page.keyboard.press("Escape")
    expect(board.card(number, "active")).to_be_visible()


def test_what_leaves_the_filters_is_marked_and_what_is_new_is_counted(board: Board) -> None:
    number = board.create("Bowl")
    board.page.goto(f"{board.project}/orders?search=Bowl&status=pending")
    expect(board.page.get_by_role("status", name="Connection")).to_have_text("Live")

    board.move(number, "active")
    board.create("Bowl, large")
    board.create("Bowl, small")
    board.create("Something else")

    row = board.page.locator(f"#order-{number}")
    expect(row).to_contain_text("No longer matches")
    link = board.page.get_by_role("link", name="2 new orders")
    expect(link).to_be_visible()
    assert inaccessible(board.page) == []
    link.click()
    expect(board.page.get_by_role("link", name="Bowl, large")).to_be_visible()
    expect(row).to_have_count(0)


def test_a_storm_of_events_asks_rarely(board: Board) -> None:
    sockets: list[WebSocketRoute] = []
    board.page.route_web_socket("**/ws/projects/**", lambda socket: sockets.append(socket))
    number = board.create("Rope")
    board.page.clock.install()
    board.open("?search=Rope")
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url))
    # 100 events a second, for three seconds of the page's time, which stands still meanwhile.
    board.page.clock.pause_at(board.page.evaluate("Date.now()") / 1000 + 1)
    for position in range(300):
        changed = number - position % 40
        sockets[-1].send(
            f'{{"type": "order_updated", "order_id": {changed}, "position": {position}}}'
        )
        if position % 10 == 9:
            board.page.clock.run_for(100)
    board.page.clock.run_for(1000)

    parts = [url for url in asked if "/orders/cards" in url or "/board" in url]
    assert 1 <= len(parts) <= 7 * 4


# --- Many at once -----------------------------------------------------------------------------


def test_cards_are_selected_by_key_and_moved_together(board: Board) -> None:
    first, second = board.create("Spoon"), board.create("Spoon rest")
    board.open("?search=Spoon")
    bar = board.page.get_by_role("region", name="Bulk actions")
    expect(bar).to_be_hidden()

    board.card(first).get_by_role("link").focus()
    board.page.keyboard.press("x")
    expect(bar.get_by_text("1 selected")).to_be_visible()
    board.page.get_by_role("checkbox", name=f"Select #{second}").check()
    expect(bar.get_by_text("2 selected")).to_be_visible()
    assert inaccessible(board.page) == []
    bar.get_by_role("combobox", name="Move to").select_option("shipped")
    bar.get_by_role("button", name="Move selected").click()

    expect(board.page.get_by_role("region", name="Result")).to_contain_text("2 moved")
    expect(board.card(first, "shipped")).to_be_visible()
    expect(board.page.get_by_role("checkbox", name=f"Select #{first}")).to_be_checked()
    assert "search=Spoon" in board.page.url


def test_a_ticked_card_follows_its_order_in_its_new_version(board: Board) -> None:
    number = board.create("Ladle")
    board.open("?search=Ladle")
    box = board.page.get_by_role("checkbox", name=f"Select #{number}")
    box.check()
    board.page.get_by_role("searchbox", name="Search orders").focus()

    board.move(number, "active")

    expect(board.card(number, "active")).to_be_visible()
    expect(box).to_be_checked()
    expect(box).to_have_value(f"{number}-2")


def test_all_that_match_are_no_longer_meant_when_the_filters_change(board: Board) -> None:
    for number in range(22):
        board.create(f"Cup {number}", status="draft")
    board.create("Saucer", status="draft")
    board.page.goto(f"{board.project}/board")
    bar = board.page.get_by_role("region", name="Bulk actions")
    board.column("draft").get_by_role("checkbox").first.check()
    bar.get_by_role("checkbox", name="Select all 23 that match").check()
    expect(bar.get_by_text("All 23 selected")).to_be_visible()

    board.page.get_by_role("searchbox", name="Search orders").fill("Cup")

    every = bar.get_by_role("checkbox", name="Select all 22 that match")
    expect(every).not_to_be_checked()
    expect(bar.get_by_text("1 selected")).to_be_visible()
    every.check()
    expect(bar.get_by_text("All 22 selected")).to_be_visible()


def test_a_row_of_the_list_is_moved_by_its_menu(board: Board) -> None:
    number = board.create("Whisk")
    board.page.goto(f"{board.project}/orders?search=Whisk")
    expect(board.page.get_by_role("status", name="Connection")).to_have_text("Live")
    row = board.page.get_by_role("row").filter(has_text="Whisk")

    row.get_by_role("link").focus()
    board.page.keyboard.press("m")
    menu = board.page.get_by_role("menu", name=f"Move #{number} to")
    menu.get_by_role("menuitem", name="shipped").click()

    expect(row).to_contain_text("shipped")
    messages = board.page.get_by_role("region", name="Messages")
    expect(messages).to_contain_text(f"#{number} is shipped now.")
    row.get_by_role("button", name=f"Move #{number}").click()
    assert inaccessible(board.page) == []
