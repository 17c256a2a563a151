"""The pages of orders, in a browser."""

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    hold_scripts,
    inaccessible,
    scrolls_sideways,
    small_targets,
)
from orders.tests.browser.boards import Board

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_list(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)

    for query in ("", "?chain=ready&status=pending&status=asleep", "?search=nothing-like-it"):
        page.goto(f"{page.url.partition('?')[0]}{query}")

        expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
        assert inaccessible(page) == [], query
        assert small_targets(page, at_least=44 if width == NARROW else 24) == [], query
        assert not scrolls_sideways(page), query


@pytest.mark.parametrize("width", [768, 900])
def test_a_small_window_shows_each_page_of_the_navigation_in_one_line(
    visit: Visit, width: int
) -> None:
    page = visit.sign_in("rules", width=width)
    links = (
        page.get_by_role("navigation", name="Workspace").get_by_role("link").filter(visible=True)
    )
    expect(links.filter(has_text="Automatic messages")).to_have_attribute("aria-current", "page")

    heights = links.evaluate_all("(links) => links.map((link) => link.offsetHeight)")

    assert len(heights) > 5
    assert len(set(heights)) == 1
    for path in ("orders", "board", "today", "products", "inbox", "reports", "team"):
        page.goto(f"{page.url.rpartition('/')[0]}/{path}")
        assert not scrolls_sideways(page), path


def test_the_list_has_the_names_that_people_rely_on(visit: Visit) -> None:
    page = visit.sign_in()
    filters = page.get_by_role("search", name="Orders")

    filters.get_by_role("searchbox", name="Search orders").fill("a")
    filters.get_by_role("group", name="Status").get_by_role("checkbox", name="pending").check()
    filters.get_by_role("button", name="Apply").click()
    page.wait_for_url("**search=a**")
    filters.get_by_role("link", name="Clear filters").click()
    page.wait_for_url(lambda url: "search" not in url)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Waiting").click()
    page.wait_for_url("**chain=waits**")


def test_columns_stay_as_they_are_whatever_rows_are_there(visit: Visit) -> None:
    """The browser paints the list while it arrives. Later rows must not move earlier ones."""
    page = visit.sign_in("orders")
    widths = "() => [...document.querySelectorAll('.orders thead th')].map((e) => e.offsetWidth)"
    with_all = page.evaluate(widths)

    page.evaluate("""() => {
      const [first, ...others] = document.querySelectorAll(".orders tbody tr");
      for (const row of others) row.remove();
      for (const cell of first.cells) cell.replaceChildren("short");
    }""")

    assert page.evaluate(widths) == with_all


def test_narrow_screens_fold_the_filters_away(visit: Visit) -> None:
    page = visit.sign_in(width=NARROW)
    statuses = page.get_by_role("group", name="Status")
    expect(page.get_by_role("link", name="#8 Deliver to Café Aurora")).to_be_in_viewport()
    expect(statuses).to_be_hidden()

    page.get_by_text("Filters", exact=True).click()
    statuses.get_by_role("checkbox", name="failed").check()

    expect(page.get_by_role("link", name="Remove Status: failed")).to_be_visible()
    expect(statuses.get_by_role("checkbox", name="failed")).to_be_checked()
    assert inaccessible(page) == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_page_of_an_order(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)
    page.get_by_role("link", name="#8 Deliver to Café Aurora").click()

    expect(page.get_by_role("heading", name="#8 Deliver to Café Aurora", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Why it waits")).to_be_visible()
    expect(page.get_by_role("region", name="Items")).to_be_visible()
    expect(page.get_by_role("list", name="History")).to_be_visible()
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Move #8").click()
    menu = page.get_by_role("menu", name="Move #8 to")
    expect(menu.get_by_role("menuitem", name="draft", exact=True)).to_be_visible()
    closed = menu.get_by_role("menuitem", name="shipped", exact=True)
    expect(closed).to_have_attribute("aria-disabled", "true")
    expect(closed).to_have_accessible_description("#8 waits for #7")
    assert inaccessible(page) == []


def test_a_move_is_seen_in_another_tab(visit: Visit, board: Board) -> None:
    number = board.create("Chest")
    page = board.page
    page.goto(f"{board.project}/orders/{number}")
    other = visit(page.url.partition(visit.installation.url)[2])
    expect(other.get_by_role("status", name="Connection")).to_have_text("Live")

    page.get_by_role("button", name=f"Move #{number}").click()
    page.get_by_role("menuitem", name="shipped").click()

    expect(page.get_by_role("list", name="History")).to_contain_text("from pending to shipped")
    expect(other.get_by_role("list", name="History")).to_contain_text("from pending to shipped")


def test_a_refused_move_leads_to_what_is_in_the_way(visit: Visit) -> None:
    visit.expect_problem("status of 412")
    page = visit.sign_in("orders/4")
    page.locator("input[name=version]").evaluate_all(
        "(fields) => { for (const field of fields) field.value = '0'; }"
    )

    page.get_by_role("button", name="Move #4").click()
    page.get_by_role("menuitem", name="active").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("changed #4")
    expect(alert).to_contain_text("so nothing was done.")
    assert inaccessible(page) == []
    alert.get_by_role("button", name="Close").click()
    expect(alert).to_have_count(0)
    expect(page.get_by_role("button", name="Move #4")).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_forms(visit: Visit, board: Board, width: int) -> None:
    visit.expect_problem("status of 400")
    awaited = board.create("Legs")
    page = board.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{board.project}/orders")
    page.get_by_role("link", name="Create order").click()
    page.get_by_role("textbox", name="Waits for").fill("legs")
    page.get_by_role("button", name="Create order").click()

    expect(page.get_by_role("alert")).to_contain_text("is not the number of an order")
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []
    assert not scrolls_sideways(page)
    page.get_by_role("textbox", name="Waits for").fill(f"#{awaited}")
    page.get_by_role("textbox", name="Title").fill("Varnish")
    page.get_by_role("button", name="Create order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Varnish")

    page.get_by_role("link", name="Edit").click()
    notes = page.get_by_role("textbox", name="Notes")
    expect(notes).to_be_visible()
    assert inaccessible(page) == []
    assert not scrolls_sideways(page)
    notes.fill("Two coats")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("list", name="History")).to_contain_text("Changed: notes")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_board(visit: Visit, width: int) -> None:
    page = visit.sign_in("board", width=width)

    pending = page.get_by_role("region", name="pending")
    expect(pending.get_by_role("heading", name="pending")).to_be_visible()
    expect(pending.get_by_role("listitem").filter(has_text="#8 Deliver")).to_be_visible()
    # High enough that no card lies half under the bar at the bottom, which axe takes for too small.
    page.set_viewport_size({"width": width, "height": 3000})
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []
    assert not scrolls_sideways(page)
    pending.get_by_role("button", name="Move #7").click()
    expect(page.get_by_role("menu", name="Move #7 to")).to_be_visible()
    assert inaccessible(page) == []


def test_a_card_changes_by_itself(visit: Visit, board: Board) -> None:
    number = board.create("Chest")
    board.open()
    other = visit(board.page.url.partition(visit.installation.url)[2])

    other.get_by_role("button", name=f"Move #{number}", exact=True).click()
    other.get_by_role("menuitem", name="active").click()

    expect(board.card(number, "active")).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_move_many_orders(board: Board, width: int) -> None:
    first, *_ = [board.create(title) for title in ("Legs", "Top", "Oil")]
    last = board.create("Table", waits_for=f"#{first}")
    page = board.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{board.project}/orders")
    bar = page.get_by_role("region", name="Bulk actions")
    expect(bar).to_be_hidden()
    page.get_by_role("link", name=f"#{first} Legs").focus()
    page.keyboard.press("x")
    expect(bar.get_by_text("1 selected")).to_be_visible()

    page.get_by_role("checkbox", name=f"Select #{last}").click(modifiers=["Shift"])
    expect(bar.get_by_text("4 selected")).to_be_visible()
    # High enough that no row lies half under the bar, which axe takes for too small.
    page.set_viewport_size({"width": width, "height": 5000})
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []
    assert not scrolls_sideways(page)
    bar.get_by_role("combobox", name="Move to").select_option("shipped")
    bar.get_by_role("button", name="Move selected").click()

    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("moved, ")
    expect(result).to_contain_text(f"#{last} cannot be shipped while it waits for")
    expect(page.get_by_role("checkbox", name=f"Select #{last}")).to_be_checked()
    expect(bar.get_by_text("4 selected")).to_be_visible()
    assert inaccessible(page) == []
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_save_a_view(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)
    name = f"Mine, {width}"
    views = page.get_by_role("navigation", name="Views")
    views.get_by_role("link", name="Waiting").click()
    expect(views.get_by_role("link", name="Waiting")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save view")
    expect(dialog.get_by_role("textbox", name="Name")).to_be_focused()
    assert inaccessible(page) == []
    page.keyboard.type(name)
    page.keyboard.press("Enter")

    expect(views.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
    if width == NARROW:
        page.get_by_text("Filters", exact=True).click()
    page.get_by_role("checkbox", name="pending").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Modified", exact=True)).to_be_visible()
    assert inaccessible(page) == []
    assert not scrolls_sideways(page)
    page.get_by_role("link", name="Reset").click()
    page.get_by_role("link", name="Edit view").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value(name)
    assert inaccessible(page) == []
    page.get_by_role("button", name="Delete view").click()
    expect(views.get_by_role("link", name=name)).to_have_count(0)


def test_the_palette_leads_to_an_order_by_its_number(visit: Visit) -> None:
    page = visit.sign_in()
    page.get_by_role("row").filter(has_text="#8").wait_for()

    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").fill("#3")
    results = page.get_by_role("dialog", name="Command palette").get_by_role("option")
    expect(results.filter(has_text="#3 Steel legs")).to_be_visible()
    assert inaccessible(page) == []
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="#3 Steel legs", level=1)).to_be_visible()


def test_filters_apply_while_people_type(visit: Visit) -> None:
    page = visit.sign_in()
    page.get_by_role("checkbox", name="Select #5").check()
    page.get_by_role("checkbox", name="pending", exact=True).check()
    page.wait_for_url("**status=pending**")
    search = page.get_by_role("searchbox", name="Search orders")
    search.press_sequentially("table")

    page.wait_for_url("**search=table**")
    expect(page.locator("tbody").get_by_role("row")).to_have_count(1)
    expect(search).to_be_focused()
    expect(search).to_have_value("table")
    expect(page.get_by_role("checkbox", name="Select #5")).to_be_checked()
    expect(page.get_by_role("link", name="Remove Status: pending")).to_be_visible()


def test_filters_that_were_set_before_the_script_came_apply(visit: Visit) -> None:
    page = visit.sign_in()
    let_script_come = hold_scripts(page, "lists.js")
    page.goto(page.url, wait_until="commit")
    page.get_by_role("checkbox", name="failed", exact=True).check()
    assert "status" not in page.url

    let_script_come()

    page.wait_for_url("**status=failed**")
    expect(page.get_by_role("link", name="Remove Status: failed")).to_be_visible()
    expect(page.get_by_role("checkbox", name="failed", exact=True)).to_be_checked()


def test_the_page_listens_for_new_rows_once_however_often_people_tick(visit: Visit) -> None:
    page = visit.sign_in()
    page.evaluate(
        """() => {
          window.observers = 0;
          const { observe } = MutationObserver.prototype;
          MutationObserver.prototype.observe = function (...what) {
            window.observers += 1;
            return observe.apply(this, what);
          };
        }"""
    )

    page.get_by_role("checkbox", name="Select page").check()
    page.get_by_role("checkbox", name="Select #5").uncheck()
    bar = page.get_by_role("region", name="Bulk actions")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()

    assert page.evaluate("window.observers") == 0


# --- Keys -------------------------------------------------------------------------------------


def test_a_reason_is_typed_where_a_wait_is_let_go(board: Board) -> None:
    awaited = board.create("Berlin")
    number = board.create("Lamp", waits_for=f"#{awaited}")
    page = board.page
    page.goto(f"{board.project}/orders/{number}")
    page.get_by_role("button", name=f"Let go of #{awaited}").click()
    dialog = page.get_by_role("dialog", name=f"Let go of #{awaited}")
    reason = dialog.get_by_role(
        "textbox", name=f"Why does #{number} not have to wait for #{awaited}?"
    )
    expect(reason).to_be_focused()
    assert inaccessible(page) == []

    page.keyboard.type("Restocked from Berlin")
    page.keyboard.press("Home")
    page.keyboard.type("Now: ")

    expect(reason).to_have_value("Now: Restocked from Berlin")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="History")).to_contain_text("Now: Restocked from Berlin")


def test_letters_only_look_at_who_can_be_assigned(board: Board) -> None:
    number = board.create("Chest")
    page = board.page
    page.goto(f"{board.project}/orders/{number}")
    assignee = page.get_by_role("combobox", name="Assigned to")
    mine = assignee.locator("option").nth(1).inner_text()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))
    assignee.focus()

    page.keyboard.press(mine[0])
    expect(assignee.locator("option:checked")).to_have_text(mine)
    page.keyboard.press("Home")
    page.keyboard.press("End")
    page.wait_for_timeout(200)
    assert "assign" not in sent

    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="History")).to_contain_text(f"Assigned to {mine}")
    assert sent.count("assign") == 1


def test_the_last_suggestion_is_reached_with_the_arrow_up(visit: Visit) -> None:
    page = visit.sign_in("orders/new")
    field = page.get_by_role("combobox", name="Waits for")
    page.get_by_role("textbox", name="Waits for").focus()
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")

    page.keyboard.type("a")
    expect(options.nth(1)).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field.fill("Oak boards")
    expect(options).to_have_count(1)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(field).to_have_value("#1")
