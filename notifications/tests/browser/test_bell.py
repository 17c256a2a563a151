"""The bell in a browser: the numbers, the list, and the notifications of the browser itself."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from notifications.tests.browser.conftest import Talking
from notifications.tests.browser.test_inbox import is_usable
from orderchainer.testing.browsers import NARROW, THEMES, WIDE, Theme, is_ready

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

# Keeps what the browser is asked to show, and still asks it. A page that nobody sees is one that
# says so: the browser of the tests has no other window to put in front.
WATCHED = """
window.told = [];
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    window.told.push({title, ...options});
  }
};
"""
OF_A_TELEPHONE = """
window.Notification = class {
  static permission = "default";
  constructor() {
    throw new TypeError("Illegal constructor");
  }
};
"""
OUT_OF_SIGHT = """
Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
document.dispatchEvent(new Event("visibilitychange"));
"""


IN_SIGHT = """
delete document.hidden;
document.dispatchEvent(new Event("visibilitychange"));
"""


def bell(page: "Page") -> "Locator":
    """Return the link to the notifications."""
    return page.get_by_role("link", name=re.compile("^Notifications"))


def look_at_the_bell(talking: Talking, *, theme: Theme = "light", width: int = WIDE) -> "Page":
    """Open the page of the bell."""
    page = talking.open(theme=theme, width=width)
    page.goto(f"{talking.visit.installation.url}/app/{talking.shop}/notifications")
    return page


def item(page: "Page", name: str) -> "Locator":
    """Return what the bell tells of somebody."""
    return (
        page.get_by_role("list", name="Notifications").get_by_role("listitem").filter(has_text=name)
    )


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_bell(talking: Talking, theme: Theme, width: int) -> None:
    name = f"Bea {theme} {width}"
    talking.write(talking.meet(name, 200 + THEMES.index(theme) * 10 + width % 7), "Where is it?")

    page = look_at_the_bell(talking, theme=theme, width=width)

    expect(item(page, name)).to_contain_text("on WhatsApp")
    expect(page.get_by_role("button", name="Switch on in this browser")).to_be_visible()
    is_usable(page, width)


def read_everything(page: "Page") -> None:
    """Mark all that the page of the bell shows as read."""
    button = page.get_by_role("button", name="Mark all as read")
    expect(button).to_be_visible()
    is_ready(page)
    button.click()
    expect(button).to_have_count(0)
    expect(bell(page)).to_have_accessible_name("Notifications")


def test_the_numbers_follow_what_happens(talking: Talking) -> None:
    talking.write(talking.meet("Cal Number", 221), "Hello")
    page = look_at_the_bell(talking)
    expect(item(page, "Cal Number")).to_contain_text("New:")
    inbox = page.get_by_role("link", name=re.compile(r"^Inbox, \d+ unread$"))
    expect(inbox).to_be_visible()
    read_everything(page)

    talking.write(talking.meet("Dan Number", 222), "Hello", "Are you there?")

    # Two messages of one customer are one thing.
    expect(item(page, "Dan Number")).to_contain_text("new messages")
    expect(bell(page)).to_have_accessible_name("Notifications, 1 new")
    expect(page.locator("#announcer")).to_have_text(re.compile(r"changed|unread|new"))

    # Whoever reads the conversation need not look at the bell for it.
    page.goto(f"{talking.visit.installation.url}/app/{talking.shop}/inbox")
    expect(bell(page)).to_have_accessible_name("Notifications, 1 new")
    page.get_by_role("list", name="Conversations").get_by_role("link", name="Dan Number").click()
    expect(page.get_by_role("heading", name="Dan Number", level=1)).to_be_visible()
    expect(bell(page)).to_have_accessible_name("Notifications")
    expect(inbox).to_be_visible()


def test_keys_mark_things_as_read_and_new_ones_stay(talking: Talking) -> None:
    talking.write(talking.meet("Eve Mark", 231), "Hello")
    talking.write(talking.meet("Ned Mark", 233), "Hello")
    fay = talking.meet("Fay Mark", 232)
    page = look_at_the_bell(talking)
    for name in ("Eve Mark", "Ned Mark"):
        expect(item(page, name)).to_contain_text("New:")
    is_ready(page)
    mark = page.get_by_role("button", name="Mark Eve Mark as read")
    mark.focus()
    page.keyboard.press("Enter")
    expect(mark).to_have_count(0)
    expect(item(page, "Eve Mark")).not_to_contain_text("New:")
    expect(item(page, "Ned Mark")).to_contain_text("New:")
    expect(item(page, "Eve Mark").get_by_role("link", name="Eve Mark")).to_be_focused()

    # Somebody writes after the page was shown. Marking all that it shows leaves that new.
    page.route("**/notifications", lambda route: route.abort())
    talking.visit.expect_problem("net::ERR_FAILED")
    talking.write(fay, "Hello")
    page.get_by_role("button", name="Mark all as read").focus()
    with page.expect_response("**/notifications/seen") as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 204
    page.unroute_all()

    page = look_at_the_bell(talking)
    expect(item(page, "Fay Mark")).to_contain_text("New:")
    expect(item(page, "Ned Mark")).not_to_contain_text("New:")
    expect(bell(page)).to_have_accessible_name("Notifications, 1 new")


def test_following_a_link_marks_what_it_leads_to(talking: Talking) -> None:
    talking.write(talking.meet("Gus Link", 241), "Hello")
    page = look_at_the_bell(talking)
    expect(item(page, "Gus Link")).to_contain_text("New:")
    read_everything(page)
    talking.write(talking.meet("Hal Link", 242), "Hello")
    expect(item(page, "Hal Link")).to_contain_text("New:")
    expect(bell(page)).to_have_accessible_name("Notifications, 1 new")

    item(page, "Hal Link").get_by_role("link", name="Hal Link").click()

    expect(page.get_by_role("heading", name="Hal Link", level=1)).to_be_visible()
    expect(bell(page)).to_have_accessible_name("Notifications")


def test_a_page_that_comes_into_sight_knows_what_was_read_elsewhere(talking: Talking) -> None:
    lea = talking.meet("Lea Elsewhere", 271)
    talking.write(lea, "Hello")
    page = look_at_the_bell(talking)
    read_everything(page)
    page.evaluate(OUT_OF_SIGHT)
    talking.write(lea, "Are you there?")
    expect(item(page, "Lea Elsewhere")).to_contain_text("New:")
    other = look_at_the_bell(talking)
    expect(bell(other)).to_have_accessible_name("Notifications, 1 new")
    # A page that nobody sees counts nothing.
    expect(bell(page)).to_have_accessible_name("Notifications")

    page.evaluate(IN_SIGHT)
    expect(bell(page)).to_have_accessible_name("Notifications, 1 new")
    page.evaluate(OUT_OF_SIGHT)
    read_everything(other)
    page.evaluate(IN_SIGHT)

    expect(item(page, "Lea Elsewhere")).not_to_contain_text("New:")
    expect(bell(page)).to_have_accessible_name("Notifications")


def test_without_scripts_the_list_and_its_buttons_work(talking: Talking) -> None:
    talking.write(talking.meet("Ivy Plain", 251), "Hello")
    expect(item(look_at_the_bell(talking), "Ivy Plain")).to_contain_text("New:")
    browser = talking.visit.context.browser
    assert browser is not None
    with browser.new_context(java_script_enabled=False) as context:
        context.add_cookies(talking.visit.context.cookies())  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{talking.visit.installation.url}/app/{talking.shop}/notifications")
        expect(page.get_by_role("heading", name="Notifications in this browser")).to_be_hidden()

        item(page, "Ivy Plain").get_by_role("button", name="Mark Ivy Plain as read").click()

        expect(item(page, "Ivy Plain")).not_to_contain_text("New:")
        bell(page).click()
        expect(page.get_by_role("heading", name="Notifications", level=1)).to_be_visible()


def test_the_browser_tells_what_is_new_once_somebody_has_asked_for_it(talking: Talking) -> None:
    context = talking.visit.context
    context.grant_permissions(["notifications"])
    context.add_init_script(WATCHED)
    page = look_at_the_bell(talking)
    switch = page.get_by_role("button", name="Switch on in this browser")
    expect(switch).to_be_visible()
    talking.write(talking.meet("Jan Secret", 261), "Nobody is told of this")
    expect(item(page, "Jan Secret")).to_be_visible()
    assert page.evaluate("told") == []

    switch.click()

    expect(page.get_by_text("On in this browser", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Switch off")).to_be_focused()
    other = talking.open()
    for each in (page, other):
        expect(each.locator("[data-connection]")).to_have_text("Live")
        # It follows events and tells of them as soon as this is there.
        expect(each.locator("body[data-notifies=on]")).to_have_count(1)
        each.evaluate(OUT_OF_SIGHT)
    talking.write(talking.meet("Kim Secret", 262), "My secret")

    shown = told_by(page, other)
    assert {each["title"] for each in shown} == {"A customer wrote on WhatsApp"}
    assert {each["body"] for each in shown} == {"Aurora Workshop"}
    # If both tabs were to tell it, the browser would show it once, for they give it the same tag.
    assert len({each["tag"] for each in shown}) == 1
    assert "Secret" not in str(shown)

    page.reload()
    expect(page.get_by_text("On in this browser", exact=True)).to_be_visible()
    page.get_by_role("button", name="Switch off").click()
    expect(switch).to_be_focused()


def told_by(*pages: "Page") -> list[dict[str, str]]:
    """Wait until one of the pages has told something, and return what they told."""
    for _ in range(50):
        told = [each for page in pages for each in page.evaluate("told")]
        if told:
            return told
        pages[0].wait_for_timeout(200)
    raise AssertionError("The browser was not asked to tell anything.")


def test_a_telephone_says_that_it_cannot_show_notifications(talking: Talking) -> None:
    talking.visit.context.add_init_script(OF_A_TELEPHONE)
    page = look_at_the_bell(talking)
    section = page.get_by_role("region", name="Notifications in this browser")

    expect(section.get_by_text("This browser cannot show notifications")).to_be_visible()
    expect(section.get_by_role("button")).to_have_count(0)
    is_ready(page)


def test_a_blocked_browser_says_how_to_allow_it(talking: Talking) -> None:
    # What a test does not allow beside this is blocked.
    talking.visit.context.grant_permissions(["clipboard-read"])
    page = look_at_the_bell(talking)
    section = page.get_by_role("region", name="Notifications in this browser")

    expect(section.get_by_text("Blocked by your browser")).to_be_visible()
    expect(section.get_by_text("Allow notifications for this site")).to_be_visible()
    expect(section.get_by_role("button")).to_have_count(0)
    is_ready(page)
