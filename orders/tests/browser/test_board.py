"""Moving orders on the board, in a browser."""

import re
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
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


def test_more_cards_that_do_not_come_are_asked_for_once(visit: Visit, board: Board) -> None:
    visit.expect_problem("ERR_FAILED")
    for number in range(24):
        board.create(f"Brick {number}", status="draft")
    asked: list[str] = []

    def lose(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    board.page.route("**/board?*shown=**", lose)
    board.open("?search=Brick")
    cards = board.column("draft").get_by_role("listitem")

    cards.last.scroll_into_view_if_needed()
    alert = board.page.get_by_role("alert")
    expect(alert).to_contain_text("More orders could not be loaded.")
    board.page.wait_for_timeout(300)
    assert len(asked) == 1

    board.page.unroute("**/board?*shown=**")
    alert.get_by_role("button", name="Try again").click()
    expect(cards).to_have_count(24)
    expect(alert).to_have_count(0)


def test_a_phone_keeps_its_column_while_it_filters(board: Board) -> None:
    number = board.create("Fork", status="draft")
    board.create("Spoon", status="draft")
    board.page.set_viewport_size({"width": NARROW, "height": 800})
    board.page.goto(f"{board.project}/board")
    columns = board.page.get_by_role("navigation", name="Columns")
    columns.get_by_role("link", name="draft").click()
    board.page.get_by_text("Filters", exact=True).click()

    board.page.get_by_role("searchbox", name="Search orders").fill("Fork")

    board.page.wait_for_url("**search=Fork#column-draft")
    expect(board.column("draft").get_by_role("listitem")).to_have_count(1)
    expect(board.card(number, "draft")).to_be_visible()
    expect(columns.get_by_role("link", name="draft")).to_have_attribute("aria-current", "true")
    expect(columns.locator("[aria-current]")).to_have_count(1)


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


def test_filters_without_an_answer_keep_what_is_ticked(visit: Visit, board: Board) -> None:
    visit.expect_problem("ERR_FAILED")
    first, second = board.create("Bread knife"), board.create("Butter knife")
    page = board.page
    page.goto(f"{board.project}/orders")
    box = page.get_by_role("checkbox", name=f"Select #{first}")
    box.check()
    page.route("**/orders?search=**", lambda route: route.abort())
    search = page.get_by_role("searchbox", name="Search orders")

    search.fill("Bre")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No answer from the server.")
    search.fill("Bread")
    page.wait_for_url("**search=Bread")
    expect(alert).to_have_count(1)
    page.unroute("**/orders?search=**")
    alert.get_by_role("button", name="Try again").click()

    expect(page.locator(f"#order-{second}")).to_have_count(0)
    expect(box).to_be_checked()
    expect(alert).to_have_count(0)


def test_filters_without_an_answer_apply_when_they_are_sent_again(
    visit: Visit, board: Board
) -> None:
    visit.expect_problem("ERR_FAILED")
    first, second = board.create("Bread knife"), board.create("Butter knife")
    page = board.page
    page.goto(f"{board.project}/orders")
    page.route("**/orders?search=**", lambda route: route.abort())
    page.get_by_role("searchbox", name="Search orders").fill("Bread")
    page.get_by_role("alert").get_by_role("button", name="Close").click()

    page.unroute("**/orders?search=**")
    page.get_by_role("button", name="Apply").click()

    expect(page.locator(f"#order-{second}")).to_have_count(0)
    expect(page.locator(f"#order-{first}")).to_be_visible()


def test_filters_of_somebody_who_was_signed_out_keep_what_is_ticked(
    visit: Visit, board: Board
) -> None:
    first, second = board.create("Bread knife"), board.create("Butter knife")
    page = board.page
    page.goto(f"{board.project}/orders")
    box = page.get_by_role("checkbox", name=f"Select #{first}")
    box.check()
    session: list[Any] = [each for each in page.context.cookies() if each["name"] == "workspace"]
    page.context.clear_cookies(name="workspace")

    page.get_by_role("searchbox", name="Search orders").fill("Bread")
    expect(page.get_by_role("alert")).to_contain_text("You were signed out.")
    expect(box).to_be_checked()
    # As after signing in in another tab.
    page.context.add_cookies(session)
    page.get_by_role("button", name="Apply").click()

    expect(page.locator(f"#order-{second}")).to_have_count(0)
    expect(box).to_be_checked()


def test_filters_whose_answer_hangs_can_be_tried_again(board: Board) -> None:
    first, second = board.create("Bread knife"), board.create("Butter knife")
    page = board.page
    page.goto(f"{board.project}/orders")
    # A hundred times as fast.
    page.evaluate(
        """() => {
          AbortSignal.timeout = (wait) => {
            const controller = new AbortController();
            setTimeout(() => controller.abort(new DOMException("", "TimeoutError")), wait / 100);
            return controller.signal;
          };
        }"""
    )
    page.route("**/orders?search=**", lambda route: None)
    page.get_by_role("searchbox", name="Search orders").fill("Bread")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No answer from the server.")

    page.unroute("**/orders?search=**")
    alert.get_by_role("button", name="Try again").click()

    expect(page.locator(f"#order-{second}")).to_have_count(0)
    expect(page.locator(f"#order-{first}")).to_be_visible()


def test_filters_that_change_during_an_answer_are_asked_for_once(board: Board) -> None:
    board.create("Red mug")
    other = board.create("Blue mug")
    page = board.page
    page.goto(f"{board.project}/orders")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("=")[2]))
    held: list[Route] = []
    page.route("**/orders?search=R", lambda route: held.append(route))
    search = page.get_by_role("searchbox", name="Search orders")
    with page.expect_request("**/orders?search=R"):
        search.fill("R")
    search.fill("Red")
    page.wait_for_url("**search=Red")

    held[0].continue_()

    expect(page.locator(f"#order-{other}")).to_have_count(0)
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    assert [each for each in asked if each in {"R", "Red"}] == ["R", "Red"]


def test_a_slow_answer_for_the_old_filters_changes_nothing(board: Board) -> None:
    first, second = board.create("Red mug"), board.create("Blue mug")
    page = board.page
    page.goto(f"{board.project}/orders")
    held: list[Route] = []
    page.route("**/orders", lambda route: held.append(route))
    # What a lost position does.
    with page.expect_request("**/orders"):
        page.evaluate(
            "() => { import('/static/orderchainer/js/changes.js').then((m) => m.refreshAll()); }"
        )
    page.get_by_role("searchbox", name="Search orders").fill("Red")
    page.wait_for_url("**search=Red")
    page.wait_for_timeout(200)

    held[0].continue_()

    expect(page.locator(f"#order-{second}")).to_have_count(0)
    page.wait_for_timeout(300)
    expect(page.locator(f"#order-{second}")).to_have_count(0)
    expect(page.locator(f"#order-{first}")).to_be_visible()


def test_a_running_change_of_many_takes_nothing_from_its_reader(board: Board) -> None:
    """The answers are played, because the change of a few orders is over at once."""
    number = board.create("Jug")
    bulk = SimpleNamespace(
        pk=1, is_running=True, action="move", changed=2, refused=6, left=92, total=100, position=8
    )
    refusals = [(number, f"/app/orders/{each}", "It waits.") for each in range(6)]
    shown = {"bulk": bulk, "bulk_refusals": refusals, "project": SimpleNamespace(id=uuid4())}

    def result(**changes: object) -> str:
        bulk.__dict__.update(changes)
        return render_to_string("orders/bulk_result.html", shown)

    page = board.page
    page.route("**/orders/bulk/1", lambda route: route.fulfill(body=result(changed=3)))
    board.open()
    page.evaluate(
        """(html) => {
          const made = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
          document.getElementById("main").append(made);
          htmx.process(made);
        }""",
        result(),
    )
    region = page.get_by_role("region", name="Result")
    region.get_by_text("Why").click()
    expect(region).to_contain_text("3 moved")
    expect(region.get_by_text("Why")).to_be_focused()
    expect(region.get_by_role("listitem").first).to_be_visible()
    # Or it would be read out every two seconds.
    expect(region.get_by_role("status")).to_have_count(0)

    page.unroute("**/orders/bulk/1")
    over = result(is_running=False, changed=94, left=0, last_error="")
    page.route("**/orders/bulk/1", lambda route: route.fulfill(body=over))

    expect(region.get_by_role("status")).to_contain_text("94 moved")
    expect(region.get_by_role("progressbar")).to_have_count(0)
    expect(region.get_by_text("Why")).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert [url for url in asked if "/bulk/" in url] == []


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
