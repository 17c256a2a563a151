"""Parts of a page that are swapped after a click, with answers that the test plays."""

import pytest
from playwright.sync_api import Page, Route, expect

from orderchainer.testing.browsers import Visit

pytestmark = pytest.mark.browser

MOVE = """
<form id="order-12" data-part hx-post="/gallery/move" hx-target="this" hx-swap="morph">
  <label>Note <input name="note" id="note"></label>
  <label>Other <input name="other" id="other"></label>
  <p id="said">pending</p>
  <button>Move #12</button>
</form>
"""


LINKS = """
<form id="links" data-part hx-post="/gallery/move" hx-target="this" hx-swap="morph"
  hx-disabled-elt="find button">
  <input name="order">
  <button name="link" value="new">Link</button>
  <button name="unlink" value="12">Unlink #12</button>
  <p id="said">pending</p>
</form>
"""
PANEL = """
<section id="panel" hx-get="/gallery/move" hx-trigger="load" hx-target="this" hx-swap="outerHTML">
  <p id="said">pending</p>
</section>
"""
POLL = """
<section id="poll" hx-get="/gallery/move" hx-trigger="every 100ms" hx-target="this" hx-swap="morph">
  <p id="said">pending</p>
</section>
"""
TALK = """
<section id="talk">
  <a href="/gallery" id="back">Back</a>
  <div id="log" role="log" aria-label="Messages" tabindex="0">
    <p>Much above</p>
    <div id="message-1">
      <form hx-post="/gallery/move" hx-target="#talk" hx-swap="morph"><button>Retry</button></form>
    </div>
  </div>
</section>
""".replace("<p>Much above</p>", "<p>Much above</p>" * 60)
OFFER = """
<section id="offer">
  <form hx-post="/gallery/move" hx-target="#offer" hx-swap="outerHTML"
    hx-disabled-elt="find button">
    <button>Suggest</button>
  </form>
</section>
"""


@pytest.fixture
def page(visit: Visit) -> Page:
    page = visit("/gallery")
    put(page, MOVE)
    return page


def put(page: Page, html: str) -> None:
    page.evaluate(
        """(html) => {
          const made = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
          document.querySelector(".page-head").after(made);
          htmx.process(made);
        }""",
        html,
    )


def answer(page: Page, *, status: int = 200, body: str) -> None:
    page.route("**/gallery/move", lambda route: route.fulfill(status=status, body=body))


def move(page: Page) -> None:
    page.get_by_role("button", name="Move #12").click()


def test_the_server_has_the_last_word_on_what_was_sent(page: Page) -> None:
    answer(page, body=MOVE.replace("pending", "active"))
    page.get_by_role("searchbox", name="Search orders").fill("sails")
    page.locator("#note").fill("fragile")

    page.keyboard.press("Enter")

    expect(page.locator("#said")).to_have_text("active")
    expect(page.locator("#note")).to_have_value("")
    expect(page.locator("#note")).to_be_focused()
    expect(page.get_by_role("searchbox", name="Search orders")).to_have_value("sails")


def test_what_was_typed_since_then_stays(page: Page) -> None:
    held: list[Route] = []
    page.route("**/gallery/move", lambda route: held.append(route))
    page.locator("#note").fill("fragile")
    with page.expect_request("**/gallery/move"):
        page.keyboard.press("Enter")
    page.locator("#note").fill("fragile, this side up")
    page.locator("#other").fill("urgent")

    held[0].fulfill(body=MOVE.replace("pending", "active"))

    expect(page.locator("#said")).to_have_text("active")
    expect(page.locator("#note")).to_have_value("fragile, this side up")
    expect(page.locator("#other")).to_have_value("urgent")


def test_a_request_that_changes_something_carries_the_token(page: Page) -> None:
    answer(page, body=MOVE)

    with page.expect_request("**/gallery/move") as sent:
        move(page)

    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    assert sent.value.headers["x-csrftoken"] == token


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422, 429])
def test_a_refusal_is_shown_and_gets_the_focus(page: Page, visit: Visit, status: int) -> None:
    visit.expect_problem(f"status of {status}")
    alert = '<div role="alert" tabindex="-1">It waits for #11.</div></form>'
    answer(page, status=status, body=MOVE.replace("</form>", alert))

    move(page)

    expect(page.get_by_role("alert").first).to_have_text("It waits for #11.")
    expect(page.get_by_role("alert").first).to_be_focused()


@pytest.mark.parametrize("types_on", [False, True])
def test_a_refusal_takes_the_focus_from_nobody_who_types_on(
    page: Page, visit: Visit, types_on: bool
) -> None:
    visit.expect_problem("status of 422")
    held: list[Route] = []
    page.route("**/gallery/move", lambda route: held.append(route))
    note = page.locator("#note")
    note.fill("fragile")
    with page.expect_request("**/gallery/move"):
        page.keyboard.press("Enter")
    if types_on:
        page.keyboard.type(", up")

    alert = '<p role="alert" tabindex="-1">It waits for #11.</p></form>'
    held[0].fulfill(status=422, body=MOVE.replace("</form>", alert))

    told = page.get_by_text("It waits for #11.")
    expect(told).to_be_visible()
    expect(note if types_on else told).to_be_focused()
    if types_on:
        page.keyboard.type("!")
        expect(note).to_have_value("fragile, up!")


def test_a_defect_of_the_server_is_said_and_nothing_is_swapped(page: Page, visit: Visit) -> None:
    visit.expect_problem("500")
    answer(page, status=500, body="<p>Traceback</p>")

    move(page)

    expect(page.get_by_role("alert").last).to_contain_text("The server could not do this (500).")
    expect(page.locator("#said")).to_have_text("pending")


def test_no_answer_offers_to_try_again(page: Page, visit: Visit) -> None:
    visit.expect_problem("")
    page.route("**/gallery/move", lambda route: route.abort())

    move(page)
    toast = page.get_by_role("alert").last
    expect(toast).to_contain_text("No answer from the server.")
    page.unroute("**/gallery/move")
    answer(page, body=MOVE.replace("pending", "active"))
    toast.get_by_role("button", name="Try again").click()

    expect(page.locator("#said")).to_have_text("active")
    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_a_lost_request_is_sent_again_with_its_button(visit: Visit) -> None:
    visit.expect_problem("")
    page = visit("/gallery")
    put(page, LINKS)
    page.route("**/gallery/move", lambda route: route.abort())
    page.get_by_role("button", name="Unlink #12").click()
    expect(page.get_by_role("alert").last).to_contain_text("No answer from the server.")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))

    page.unroute("**/gallery/move")
    answer(page, body=LINKS.replace("pending", "unlinked"))
    page.get_by_role("button", name="Try again").click()

    expect(page.locator("#said")).to_have_text("unlinked")
    assert sent == ["order=&unlink=12"]


def test_a_lost_panel_is_loaded_again(visit: Visit) -> None:
    visit.expect_problem("net::ERR_FAILED")
    visit.expect_problem("htmx:")
    page = visit("/gallery")
    page.route("**/gallery/move", lambda route: route.abort())
    put(page, PANEL)
    told = page.get_by_role("alert").get_by_text("No answer from the server.")
    expect(told).to_have_count(1)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Try again").click()
    expect(told).to_have_count(1)

    page.unroute("**/gallery/move")
    answer(page, body='<section id="panel"><p id="said">loaded</p></section>')
    page.get_by_role("button", name="Try again").click()

    expect(page.locator("#said")).to_have_text("loaded")


def test_what_asks_again_by_itself_tells_no_failure(visit: Visit) -> None:
    visit.expect_problem("")
    page = visit("/gallery")
    asked: list[str] = []

    def fail(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) % 2:
            route.abort()
        else:
            route.fulfill(status=500)

    page.route("**/gallery/move", fail)
    put(page, POLL)

    while len(asked) < 5:
        page.wait_for_timeout(50)
    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_a_button_that_was_disabled_meanwhile_has_the_focus_again(visit: Visit) -> None:
    page = visit("/gallery")
    put(page, LINKS)
    held: list[Route] = []
    page.route("**/gallery/move", lambda route: held.append(route))
    button = page.get_by_role("button", name="Link", exact=True)
    button.focus()
    with page.expect_request("**/gallery/move"):
        page.keyboard.press("Enter")
    expect(page.locator("body")).to_be_focused()

    held[0].fulfill(body=LINKS.replace("pending", "linked"))

    expect(page.locator("#said")).to_have_text("linked")
    expect(button).to_be_focused()


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_focus_goes_to_what_came_in_place_of_the_button(visit: Visit, is_refused: bool) -> None:
    page = visit("/gallery")
    put(page, OFFER)
    held: list[Route] = []
    page.route("**/gallery/move", lambda route: held.append(route))
    page.get_by_role("button", name="Suggest").focus()
    with page.expect_request("**/gallery/move"):
        page.keyboard.press("Enter")
    expect(page.locator("body")).to_be_focused()

    words = '<p role="alert" tabindex="-1">Too much</p>' if is_refused else ""
    made = f'{words}<textarea class="input" aria-label="Suggestion"></textarea>'
    held[0].fulfill(body=f'<section id="offer">{made}</section>')

    if is_refused:
        expect(page.get_by_text("Too much")).to_be_focused()
    else:
        expect(page.get_by_role("textbox", name="Suggestion")).to_be_focused()


@pytest.mark.parametrize("is_last", [False, True])
def test_the_focus_stays_near_a_button_that_has_gone(visit: Visit, is_last: bool) -> None:
    page = visit("/gallery")
    put(page, TALK)
    held: list[Route] = []
    page.route("**/gallery/move", lambda route: held.append(route))
    page.get_by_role("button", name="Retry").focus()
    before = page.evaluate("scrollY")
    assert before > 0
    with page.expect_request("**/gallery/move"):
        page.keyboard.press("Enter")

    made = "Sent" if is_last else '<a hidden href="/gallery">More</a><button>Fetch again</button>'
    start = TALK.index("<form")
    end = TALK.index("</form>") + len("</form>")
    held[0].fulfill(body=TALK[:start] + made + TALK[end:])

    if is_last:
        expect(page.get_by_role("log", name="Messages")).to_be_focused()
    else:
        expect(page.get_by_role("button", name="Fetch again")).to_be_focused()
    assert page.evaluate("scrollY") == before


@pytest.mark.parametrize("is_refused", [False, True])
def test_whoever_has_gone_elsewhere_stays_there(visit: Visit, is_refused: bool) -> None:
    page = visit("/gallery")
    put(page, OFFER)
    held: list[Route] = []
    page.route("**/gallery/move", lambda route: held.append(route))
    with page.expect_request("**/gallery/move"):
        page.get_by_role("button", name="Suggest").click()
    search = page.get_by_role("searchbox", name="Search orders")
    search.focus()

    words = '<p role="alert" tabindex="-1">Too much</p>' if is_refused else ""
    held[0].fulfill(body=f'<section id="offer">{words}<button>Suggest again</button></section>')

    expect(page.get_by_role("button", name="Suggest again")).to_be_visible()
    expect(search).to_be_focused()


def test_scripts_in_an_answer_never_run(page: Page) -> None:
    answer(page, body=MOVE.replace("pending", "active<script>document.title = 'taken'</script>"))

    move(page)

    expect(page.locator("#said")).to_contain_text("active")
    assert page.title() == "Parts of the workspace · OrderChainer"
