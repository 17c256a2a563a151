"""The page of a chain, and what a move would bring, in a browser."""

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

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


def open_chain(visit: Visit, query: str = "", *, width: int = WIDE) -> Page:
    page = visit.sign_in(f"orders/8/chain{query}", width=width)
    expect(page.get_by_role("heading", name="Chain of #8 Deliver to Café Aurora")).to_be_visible()
    return page


def next_frame(page: Page) -> None:
    """Wait for the frame in which the page draws what it was asked for."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def window_of(page: Page) -> list[float]:
    """Return the part of the map that is in sight: x, y, width and height."""
    next_frame(page)
    text = page.locator(".chain-svg").get_attribute("viewBox") or ""
    return [float(each) for each in text.split()]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_chain(visit: Visit, width: int) -> None:
    page = open_chain(visit, width=width)
    url = page.url

    for query in ("", "?view=list", "?view=overview", "?show=critical", "?show=impact&to=failed"):
        if query:
            page.goto(url + query)
        expect(page.get_by_role("region", name="Why it waits")).to_be_visible()
        assert inaccessible(page) == [], query
        assert small_targets(page, at_least=44 if width == NARROW else 24) == [], query
        assert not scrolls_sideways(page), query


def test_the_chain_has_the_names_that_people_rely_on(visit: Visit) -> None:
    page = visit.sign_in()
    page.get_by_role("link", name="#8 Deliver to Café Aurora").click()
    page.get_by_role("link", name="Chain", exact=True).click()
    expect(page.get_by_role("heading", name="Chain of #8 Deliver to Café Aurora")).to_be_visible()
    chain = page.get_by_role("group", name="Chain of #8")

    expect(
        chain.get_by_role("link", name=re.compile("^#7 Finish the surface, pending"))
    ).to_be_visible()
    for name in ("Zoom in", "Zoom out", "Fit", "Go to #8"):
        expect(chain.get_by_role("button", name=name, exact=True)).to_be_visible()
    views = page.get_by_role("navigation", name="Views of the chain")
    views.get_by_role("link", name="List").click()
    expect(page.get_by_role("list", name="Chain in order")).to_be_visible()
    views.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("img", name="Overview of 8 orders")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("img", name="Overview of 8 orders")).to_have_count(0)


def test_the_map_moves_and_zooms(visit: Visit) -> None:
    page = open_chain(visit)
    all_of_it = window_of(page)
    chain = page.get_by_role("group", name="Chain of #8")

    chain.get_by_role("button", name="Zoom in").click()
    closer = window_of(page)
    assert closer[2] < all_of_it[2]
    box = page.locator(".chain-view").bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 30, steps=4)
    page.mouse.up()
    moved = window_of(page)
    assert moved[0] > closer[0] + 20
    assert moved[2] == closer[2]
    chain.get_by_role("button", name="Go to #8").click()
    there = window_of(page)
    assert there[0] > moved[0]
    chain.get_by_role("button", name="Fit").click()
    assert window_of(page) == all_of_it
    assert "/chain" in page.url


def test_the_arrows_walk_along_the_lines(visit: Visit) -> None:
    page = open_chain(visit)
    chain = page.get_by_role("group", name="Chain of #8")
    chain.get_by_role("link", name=re.compile("^#8 ")).focus()

    page.keyboard.press("ArrowLeft")
    expect(chain.get_by_role("link", name=re.compile("^#7 "))).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(chain.get_by_role("link", name=re.compile("^#5 "))).to_be_focused()
    # What is not on a way through it steps back.
    expect(page.locator("#node-6")).to_have_class(re.compile(r"\bdim\b"))
    expect(page.locator("#node-3")).not_to_have_class(re.compile(r"\bdim\b"))
    page.keyboard.press("ArrowRight")
    expect(chain.get_by_role("link", name=re.compile("^#7 "))).to_be_focused()
    page.keyboard.press("f")
    page.wait_for_url("**/orders/7/chain**")
    is_ready(page)
    page.get_by_role("group", name="Chain of #7").get_by_role(
        "link", name=re.compile("^#7 ")
    ).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/7")


def test_the_map_follows_the_events_and_stays_where_it_is(visit: Visit) -> None:
    page = open_chain(visit)
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    chain = page.get_by_role("group", name="Chain of #8")
    chain.get_by_role("button", name="Zoom in").click()
    chosen = chain.get_by_role("link", name=re.compile("^#5 "))
    chosen.focus()
    before = window_of(page)
    other = visit(f"{page.url.partition(visit.installation.url)[2]}")

    other.get_by_role("region", name="Why it waits").get_by_role("button", name="Start #4").click()

    expect(chain.get_by_role("link", name="#4 Plane and glue the top, active")).to_be_visible()
    expect(chosen).to_be_focused()
    assert window_of(page) == before
    expect(page.locator("#node-6")).to_have_class(re.compile(r"\bdim\b"))
    # Other tests of this module need it as it was.
    other.get_by_role("link", name="#4 Plane and glue the top").first.click()
    other.get_by_role("button", name="Move #4").click()
    other.get_by_role("menuitem", name="draft", exact=True).click()
    expect(other.get_by_role("list", name="History")).to_contain_text("from active to draft")
    other.get_by_role("button", name="Move #4").click()
    other.get_by_role("menuitem", name="pending", exact=True).click()
    expect(other.get_by_role("list", name="History")).to_contain_text("from draft to pending")


def test_a_dot_of_the_overview_leads_to_its_chain(visit: Visit) -> None:
    page = open_chain(visit, "?view=overview")
    canvas = page.get_by_role("img", name="Overview of 8 orders")
    answer = page.request.get(page.url.partition("?")[0] + "/overview")
    chain = json.loads(answer.text())
    at = chain["ids"].index(3)
    levels, lanes = chain["size"]

    # It begins with everything in sight, in its middle.
    expect(canvas).to_have_class(re.compile(r"\bmoves\b"))
    box = canvas.bounding_box()
    assert box
    x = box["width"] / 2 + (chain["levels"][at] + 0.5 - levels / 2) * 16
    y = box["height"] / 2 + (chain["lanes"][at] + 0.5 - lanes / 2) * 16
    canvas.hover(position={"x": x, "y": y})
    expect(page.get_by_text("#3, active", exact=True)).to_be_visible()
    canvas.click(position={"x": x, "y": y})
    page.wait_for_url("**/orders/3/chain**")


def test_the_overview_draws_thousands_of_orders(visit: Visit) -> None:
    """A line of 5,000 orders, with every kind of status."""
    count = 5_000
    chain = {
        "ids": list(range(1, count + 1)),
        "levels": [i // 50 for i in range(count)],
        "lanes": [i % 50 for i in range(count)],
        "statuses": [i % 8 for i in range(count)],
        "lines": [end for i in range(count - 50) for end in (i, i + 50)],
        "words": [["draft", "slate"], ["pending", "amber"], ["active", "blue"],
                  ["shipped", "violet"], ["fulfilled", "teal"], ["completed", "green"],
                  ["failed", "red"], ["cancelled", "grey"]],
        "focus": 2_500,
        "size": [100, 50],
    }  # fmt: skip

    def answer(route: Route) -> None:
        route.fulfill(json=chain)

    page = open_chain(visit)
    page.route("**/chain/overview", answer)
    page.goto(f"{page.url}?view=overview")
    canvas = page.locator(".chain-overview")
    expect(canvas).to_have_class(re.compile(r"\bmoves\b"))
    next_frame(page)
    assert canvas.evaluate(
        "(canvas) => canvas.getContext('2d')"
        ".getImageData(0, 0, canvas.width, canvas.height).data.some((each) => each > 0)"
    )
    page.get_by_role("button", name="Go to #8").click()
    next_frame(page)
    box = canvas.bounding_box()
    assert box
    canvas.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(page.get_by_text("#2501, fulfilled", exact=True)).to_be_visible()


def test_a_dialog_says_what_a_failure_would_bring(visit: Visit) -> None:
    page = visit.sign_in("orders/3")

    page.get_by_role("button", name="What if …").click()

    dialog = page.get_by_role("dialog", name="What if …")
    expect(dialog.get_by_role("heading", name="What happens if #3 fails")).to_be_visible()
    expect(dialog.get_by_role("link", name="#5 Assemble the table")).to_be_visible()
    assert inaccessible(page) == []
    dialog.get_by_role("link", name="It is cancelled").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", name="What happens if #3 is cancelled")).to_be_visible()
    expect(dialog.get_by_role("link", name="It is cancelled")).to_be_focused()
    expect(dialog).to_contain_text("There is no way back from cancelled.")
    assert inaccessible(page) == []
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="What if …").click()
    page.get_by_role("link", name="Show it in the chain").click()
    page.wait_for_url("**/orders/3/chain**show=impact**")
    names = page.get_by_role("group", name="Chain of #3")
    expect(names.get_by_role("link", name=re.compile("^#5 .*would be held up"))).to_be_visible()


def test_a_dialog_without_an_answer_says_so_and_can_be_closed(visit: Visit) -> None:
    visit.expect_problem("")
    page = visit.sign_in("orders/3")
    page.route("**/impact?**", lambda route: route.abort())
    page.get_by_role("button", name="What if …").click()
    dialog = page.get_by_role("dialog", name="What if …")
    expect(dialog.get_by_role("alert")).to_contain_text("No answer from the server.")
    assert inaccessible(page) == []

    page.unroute("**/impact?**")
    busy = '<div class="alert" role="alert" tabindex="-1"><p>Too many requests.</p></div>'
    page.route("**/impact?**", lambda route: route.fulfill(status=429, body=busy))
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_contain_text("Too many requests.")
    dialog.get_by_role("button", name="Close").click()
    page.unroute("**/impact?**")
    page.get_by_role("button", name="What if …").click()

    expect(dialog.get_by_role("heading", name="What happens if #3 fails")).to_be_visible()


def test_an_open_dialog_keeps_its_words_and_its_message_when_the_chain_changes(
    board: Board,
) -> None:
    number = board.create("Hull")
    later = board.create("Mast", waits_for=f"#{number}")
    page = board.page
    page.goto(f"{board.project}/orders/{number}/chain")
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    page.get_by_role("button", name="What if …").click()
    dialog = page.get_by_role("dialog", name="What if …")
    told = dialog.get_by_role("heading", name=f"What happens if #{number} fails")
    expect(told).to_be_visible()
    page.evaluate(
        "import('/static/orderchainer/js/announce.js')"
        ".then((m) => m.toast('It was lost', {kind: 'danger'}))"
    )
    expect(dialog.get_by_role("alert")).to_contain_text("It was lost")

    board.move(number, "active")

    expect(page.locator(f"#node-{number}")).to_contain_text("active")
    expect(told).to_be_visible()
    expect(dialog.get_by_role("link", name=f"#{later} Mast")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_contain_text("It was lost")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="What if …").click()
    expect(told).to_be_visible()


def test_the_orders_that_a_failure_holds_up_are_far_enough_apart_to_press(board: Board) -> None:
    number = board.create("Hull")
    for title in ("Mast", "Rudder", "Keel"):
        board.create(title, waits_for=f"#{number}")
    page = board.page
    page.goto(f"{board.project}/orders/{number}")

    page.get_by_role("button", name="What if …").click()

    dialog = page.get_by_role("dialog", name="What if …")
    expect(dialog.get_by_role("link", name="Keel")).to_be_visible()
    assert inaccessible(page) == []


def test_an_overview_without_an_answer_says_so(visit: Visit) -> None:
    visit.expect_problem("ERR_FAILED")
    page = open_chain(visit)
    page.route("**/chain/overview", lambda route: route.abort())

    page.goto(f"{page.url}?view=overview")

    expect(page.get_by_text("The overview could not be loaded.")).to_be_visible()


def test_without_scripts_the_chain_is_links_and_forms(visit: Visit) -> None:
    page = open_chain(visit)
    url = page.url
    with visit.context.browser.new_context(java_script_enabled=False) as context:  # type: ignore[union-attr]
        context.add_cookies(visit.context.cookies())  # type: ignore[arg-type]
        plain = context.new_page()
        plain.goto(url)

        chain = plain.get_by_role("group", name="Chain of #8")
        expect(chain.get_by_role("link", name=re.compile("^#1 Oak boards"))).to_be_visible()
        expect(plain.get_by_role("button", name="Zoom in")).to_be_hidden()
        plain.get_by_role("button", name="What if …").click()
        expect(plain.get_by_role("heading", name="What happens if #8 fails")).to_be_visible()
        plain.get_by_role("link", name="It is completed").click()
        expect(plain.get_by_role("heading", name="What happens if #8 is completed")).to_be_visible()
