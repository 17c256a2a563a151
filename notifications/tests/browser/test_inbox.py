"""The inbox in a browser: what arrives, what is typed, and who can use it."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from notifications.tests.browser.conftest import Talking
from orderchainer.testing.browsers import (
    NARROW,
    THEMES,
    WIDE,
    Theme,
    inaccessible,
    is_ready,
    scrolls_sideways,
    small_targets,
)

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Page, Route

pytestmark = pytest.mark.browser


def is_usable(page: "Page", width: int) -> None:
    """Fail if somebody could not use the page as it is now."""
    # High enough that nothing lies half under the bar at the bottom, which axe takes for too small.
    page.set_viewport_size({"width": width, "height": 2400})
    assert inaccessible(page) == [], page.url
    assert small_targets(page, at_least=44 if width == NARROW else 24) == [], page.url
    assert not scrolls_sideways(page), page.url
    page.set_viewport_size({"width": width, "height": 800})


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_inbox(talking: Talking, theme: Theme, width: int) -> None:
    name = f"Uma {theme} {width}"
    page = talking.open(theme=theme, width=width)
    talking.write(talking.meet(name, 100 + THEMES.index(theme) * 10 + width % 7), "Where is it?")
    row = page.get_by_role("list", name="Conversations").get_by_role("link", name=name)
    page.reload()
    expect(row).to_be_visible()
    is_usable(page, width)

    row.click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("log", name=f"Conversation with {name}")).to_contain_text(
        "Where is it?"
    )
    page.get_by_role("button", name="Suggest a reply").click()
    expect(page.get_by_role("region", name="Suggested reply")).to_contain_text("USD")
    if width == NARROW:
        page.get_by_text("Customer and orders").click()
    is_usable(page, width)


def look_at(page: "Page", name: str) -> None:
    """Open a conversation of the list."""
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    is_ready(page)


def test_messages_and_ticks_arrive_by_themselves_and_typed_text_stays(talking: Talking) -> None:
    anna = talking.meet("Anna Live", 1)
    talking.write(anna, "Hello")
    page = talking.open()
    look_at(page, "Anna Live")
    log = page.get_by_role("log", name="Conversation with Anna Live")
    expect(log).to_contain_text("Hello")
    reply = page.get_by_role("textbox", name="Reply")
    reply.fill("I am lo")

    talking.write(anna, "Are you there?")

    expect(log).to_contain_text("Are you there?")
    expect(reply).to_have_value("I am lo")
    # The log speaks for itself, and for nothing but what joins it.
    expect(log).to_have_attribute("aria-relevant", "additions")
    expect(page.locator("#announcer")).not_to_contain_text("Anna Live")
    expect(page.get_by_role("listitem").filter(has_text="Anna Live").first).to_contain_text(
        "Are you there?"
    )
    reply.fill("Yes, we are.")
    page.keyboard.press("Control+Enter")
    sent = log.get_by_role("listitem").filter(has_text="Yes, we are.")
    expect(sent).to_contain_text(re.compile("sent|delivered|read"))
    expect(reply).to_have_value("")
    expect(log.get_by_role("listitem").filter(has_text="Yes, we are.")).to_have_count(1)


def test_the_log_tells_at_once_that_somebody_closed_it(talking: Talking) -> None:
    talking.write(talking.meet("Kim Closed", 14), "Hello")
    page = talking.open()
    look_at(page, "Kim Closed")
    other = page.context.new_page()
    other.goto(page.url)
    is_ready(other)

    other.get_by_role("button", name="Close").click()

    for each in (other, page):
        expect(each.get_by_role("log").get_by_role("listitem").last).to_contain_text("Closed by")
        expect(each.get_by_role("button", name="Open again")).to_be_visible()
    is_usable(page, WIDE)


def test_the_panel_of_the_channel_follows_its_integration(talking: Talking) -> None:
    talking.write(talking.meet("Lea Line", 15), "Hello")
    page = talking.open()
    look_at(page, "Lea Line")
    channel = page.get_by_role("region", name="Channel")
    expect(page.locator("#conversation-channel[data-from]")).to_be_hidden()
    other = page.context.new_page()
    other.goto(f"{page.url.partition('/inbox')[0]}/integrations")
    other.get_by_role("list", name="WhatsApp").get_by_role("link").first.click()
    other.get_by_role("button", name="Pause").click()
    try:
        expect(channel).to_contain_text("It is paused.")
    finally:
        other.get_by_role("button", name="Resume").click()

    expect(page.locator("#conversation-channel")).to_be_hidden()


def test_looking_marks_a_conversation_as_read(talking: Talking) -> None:
    ben = talking.meet("Ben Read", 2)
    talking.write(ben, "Hello")
    page = talking.open()
    row = page.get_by_role("list", name="Conversations").locator("li", has_text="Ben Read")
    expect(row).to_contain_text("1 unread")

    look_at(page, "Ben Read")

    expect(page.get_by_role("heading", name="Ben Read", level=1)).to_be_visible()
    expect(row).not_to_contain_text("unread")
    expect(row).to_contain_text("waiting")


def test_a_draft_is_there_again_after_leaving(talking: Talking) -> None:
    talking.write(talking.meet("Cleo Draft", 3), "Hello")
    page = talking.open()
    look_at(page, "Cleo Draft")
    page.get_by_role("textbox", name="Reply").fill("Dear Cleo,")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    page.goto("about:blank")
    page.go_back()
    page.reload()

    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Dear Cleo,")


def test_a_page_that_was_read_before_a_draft_was_kept_does_not_deny_it(talking: Talking) -> None:
    rhea = talking.meet("Rhea Late", 24)
    talking.write(rhea, "Hello")
    page = talking.open()
    look_at(page, "Rhea Late")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: "Route") -> None:
        if route.request.headers.get("hx-request"):
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/inbox/**", hold)
    with page.expect_request(lambda request: "hx-request" in request.headers):
        talking.write(rhea, "Are you there?")
    page.get_by_role("textbox", name="Reply").fill("Dear Rhea,")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    for route, answer in held:
        route.fulfill(response=answer)
    page.unroute("**/inbox/**")

    expect(page.get_by_role("log")).to_contain_text("Are you there?")
    expect(page.get_by_text("Draft saved")).to_be_visible()


def test_a_page_that_was_read_before_a_suggestion_was_used_does_not_deny_it(
    talking: Talking,
) -> None:
    rita = talking.meet("Rita Late", 26)
    talking.write(rita, "When will it arrive?")
    page = talking.open()
    look_at(page, "Rita Late")
    page.get_by_role("button", name="Suggest a reply").click()
    expect(page.get_by_role("button", name="Use")).to_be_visible()
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/parts?**", lambda route: held.append((route, route.fetch())))
    with page.expect_request("**/parts?**"):
        talking.write(rita, "Are you there?")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_text("Draft saved")).to_be_visible()

    for route, answer in held:
        route.fulfill(response=answer)
    page.unroute("**/parts?**")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Are you there?")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(log.get_by_role("listitem").last).to_contain_text("with the assistant")
    expect(page.locator("[data-suggestion]")).to_have_value("")


def test_a_long_draft_is_kept_when_its_page_is_left(talking: Talking) -> None:
    talking.write(talking.meet("Cyra Long", 23), "Hello")
    page = talking.open()
    look_at(page, "Cyra Long")
    reply = page.get_by_role("textbox", name="Reply")
    # A browser sends at most 64 kB after a page was left. In a form, such a letter takes six bytes.
    text = "\u0436" * 3900
    reply.fill(text)
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.reload()
    is_ready(page)
    reply.fill(f"{text}1")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    reply.fill(f"{text}12")
    page.goto("about:blank")
    page.go_back()
    page.reload()

    expect(reply).to_have_value(f"{text}12")


def test_a_second_tab_replaces_no_draft_that_it_has_not_seen(talking: Talking) -> None:
    talking.write(talking.meet("Cora Tabs", 13), "Hello")
    first = talking.open()
    look_at(first, "Cora Tabs")
    second = first.context.new_page()
    second.goto(first.url)
    is_ready(second)
    talking.visit.expect_problem("status of 412")
    for text in ("Dear", "Dear Cora,"):
        first.get_by_role("textbox", name="Reply").fill(text)
        expect(first.get_by_text("Draft saved")).to_be_visible()
    reply = second.get_by_role("textbox", name="Reply")
    reply.fill("Hi")

    alert = second.get_by_role("alert")
    expect(alert).to_contain_text("You have written something else here in another tab.")
    alert.get_by_role("button", name="Add it here").click()

    expect(reply).to_have_value("Hi\n\nDear Cora,")
    expect(second.get_by_text("Draft saved")).to_be_visible()
    first.reload()
    expect(first.get_by_role("textbox", name="Reply")).to_have_value("Hi\n\nDear Cora,")


def test_a_suggestion_goes_below_what_is_typed_and_grows_old(talking: Talking) -> None:
    dora = talking.meet("Dora Idea", 4)
    talking.write(dora, "When will it arrive?")
    page = talking.open()
    look_at(page, "Dora Idea")
    reply = page.get_by_role("textbox", name="Reply")
    panel = page.get_by_role("region", name="Suggested reply")
    page.get_by_role("button", name="Suggest a reply").focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Use")).to_be_visible()
    expect(panel.get_by_role("textbox", name="Suggestion")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("A reply is suggested")
    text = panel.get_by_role("textbox", name="Suggestion").input_value()

    talking.write(dora, "Hello?")
    expect(panel).to_contain_text("Outdated: the customer wrote again.")
    expect(panel.get_by_role("button", name="Suggest again")).to_be_visible()
    reply.fill("Dear Dora,")
    panel.get_by_role("button", name="Insert below").click()

    expect(reply).to_have_value(f"Dear Dora,\n\n{text}")
    expect(panel.get_by_role("textbox", name="Suggestion")).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    log = page.get_by_role("log")
    expect(log.get_by_role("listitem").last).to_contain_text("with the assistant")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_whoever_takes_a_conversation_stays_where_its_button_was(
    talking: Talking, width: int
) -> None:
    name = f"Tim Taken {width}"
    talking.write(talking.meet(name, 30 + width % 7), "Hello")
    page = talking.open(width=width)
    look_at(page, name)
    if width == NARROW:
        page.get_by_text("Customer and orders").click()
    page.get_by_role("button", name="Assign to me").focus()
    before = page.evaluate("scrollY")

    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Assign to me")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Assigned to")).to_be_focused()
    assert page.evaluate("scrollY") == before


def test_a_conversation_is_answered_and_closed_by_keys_alone(talking: Talking) -> None:
    talking.write(talking.meet("Eve Keys", 5), "Hello")
    page = talking.open()
    expect(page.get_by_role("link", name="Eve Keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Eve Keys", level=1)).to_be_visible()

    page.get_by_role("textbox", name="Reply").focus()
    page.keyboard.type("Hello Eve")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("log")).to_contain_text("Hello Eve")
    page.get_by_role("button", name="Close", exact=True).focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Open again")).to_be_visible()


def test_an_answer_of_which_the_browser_never_hears_is_sent_once(talking: Talking) -> None:
    talking.write(talking.meet("Finn Once", 6), "Hello")
    page = talking.open()
    talking.visit.expect_problem("net::ERR_FAILED")
    talking.visit.expect_problem("htmx:")
    look_at(page, "Finn Once")
    page.get_by_role("textbox", name="Reply").fill("On its way, F.")

    def lose_the_answer(route: "Route") -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/send?*", lose_the_answer, times=1)
    page.get_by_role("button", name="Send", exact=True).click()
    sent = page.get_by_role("log").get_by_role("listitem").filter(has_text="On its way, F.")
    # The message is there, and the field has got the key of the next one.
    expect(sent).to_contain_text(re.compile("sent|delivered|read"))
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.reload()
    expect(sent).to_have_count(1)


def test_after_signing_in_again_elsewhere_what_was_typed_can_still_be_sent(
    talking: Talking,
) -> None:
    talking.write(talking.meet("Gus Token", 7), "Hello")
    page = talking.open()
    talking.visit.expect_problem("status of 403")
    look_at(page, "Gus Token")
    reply = page.get_by_role("textbox", name="Reply")
    reply.fill("On its way, G.")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    # As after signing in again in another tab, the token of this page counts no more.
    page.context.clear_cookies(name="csrftoken")

    page.get_by_role("button", name="Send", exact=True).click()
    again = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    expect(reply).to_have_value("On its way, G.")
    again.click()

    expect(page.get_by_role("log")).to_contain_text("On its way, G.")
    expect(reply).to_have_value("")


def test_a_log_without_a_session_asks_once_and_goes_on_later(talking: Talking) -> None:
    key = talking.meet("Ina Away", 25)
    talking.write(key, "Hello")
    page = talking.open()
    talking.visit.expect_problem("status of 401")
    look_at(page, "Ina Away")
    parts = re.compile(r"/parts\?")
    asked: list[str] = []

    def refuse(route: "Route") -> None:
        asked.append(route.request.url)
        route.fulfill(status=401)

    page.clock.install()
    page.route(parts, refuse)
    talking.write(key, "Are you there?")
    told = page.get_by_text("You were signed out.")
    expect(told).to_be_visible()
    page.clock.run_for(60_000)
    assert len(asked) == 1

    page.unroute(parts)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(1_000)
    expect(page.get_by_role("log")).to_contain_text("Are you there?")


def test_pressing_the_keys_twice_sends_one_answer(talking: Talking) -> None:
    talking.write(talking.meet("Hal Twice", 8), "Hello")
    page = talking.open()
    look_at(page, "Hal Twice")
    page.get_by_role("textbox", name="Reply").fill("On its way, H.")
    for _ in range(2):
        page.keyboard.press("Control+Enter")

    sent = page.get_by_role("log").get_by_role("listitem").filter(has_text="On its way, H.")
    expect(sent).to_contain_text(re.compile("sent|delivered|read"))
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    expect(page.get_by_role("region", name="Answer").get_by_role("alert")).to_have_count(0)
    expect(sent).to_have_count(1)


def test_a_message_below_what_one_reads_stays_unread_until_one_gets_there(
    talking: Talking,
) -> None:
    ida = talking.meet("Ida Below", 9)
    talking.write(ida, " ".join(f"Line {number}" for number in range(450)))
    page = talking.open()
    look_at(page, "Ida Below")
    row = page.get_by_role("list", name="Conversations").locator("li", has_text="Ida Below")
    expect(row).not_to_contain_text("unread")
    log = page.get_by_role("log", name="Conversation with Ida Below")
    log.hover()
    page.mouse.wheel(0, -2000)
    expect(log).to_have_js_property("scrollTop", 0)

    talking.write(ida, "The last line")

    below = page.get_by_role("button", name="New messages")
    expect(below).to_be_visible()
    expect(row).to_contain_text("1 unread")
    below.click()
    expect(row).not_to_contain_text("unread")


def test_the_log_has_no_hole_after_earlier_messages_were_shown(talking: Talking) -> None:
    talking.write(talking.meet("Jo Long", 10), *(f"Text {number}" for number in range(52)))
    page = talking.open()
    look_at(page, "Jo Long")
    messages = page.get_by_role("log").get_by_role("listitem")
    expect(messages).to_have_count(50)
    talking.visit.expect_problem("ERR_FAILED")
    page.route("**/parts?**", lambda route: route.abort())
    page.get_by_role("link", name="Show earlier").click()
    expect(page.get_by_role("alert")).to_contain_text("No answer from the server.")
    page.unroute("**/parts?**")
    page.get_by_role("button", name="Try again").click()
    expect(messages).to_have_count(52)

    page.get_by_role("textbox", name="Reply").fill("Hello Jo")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    expect(messages).to_have_count(53)
