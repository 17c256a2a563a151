"""Signing in, and what stands beside every page, in a browser."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    scrolls_sideways,
)

LONG_EMAIL = "bartholomew.featherstonehaugh@instruments.example.com"

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_pages_before_signing_in(visit: Visit, width: int) -> None:
    for path in ("/sign-in", "/sign-up", "/forgot-password"):
        page = visit(path, width=width)

        assert inaccessible(page) == []
        assert not scrolls_sideways(page)


def test_people_sign_in_by_keys_alone(visit: Visit) -> None:
    email, password = visit.account()
    page = visit("/sign-in")

    # Past the link to the content and the name of the service.
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="E-mail")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")

    page.wait_for_url("**/app/*/**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_wrong_password_is_said_and_the_address_stays(visit: Visit) -> None:
    visit.expect_problem("status of 400")
    page = visit("/sign-in")

    page.get_by_role("textbox", name="E-mail").fill("demo@example.com")
    page.get_by_role("textbox", name="Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("The e-mail or the password is wrong.")
    expect(page.get_by_role("textbox", name="E-mail")).to_have_value("demo@example.com")
    expect(page.get_by_role("textbox", name="Password")).to_have_value("")
    assert inaccessible(page) == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_frame_of_a_page(visit: Visit, width: int) -> None:
    page = visit.sign_in(width=width)

    assert inaccessible(page) == []
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Account of").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert inaccessible(page, without=["target-size"]) == []


def test_long_names_beside_a_page_end_in_an_ellipsis(visit: Visit) -> None:
    page = visit("/sign-up")
    page.get_by_role("textbox", name="E-mail").fill(LONG_EMAIL)
    page.get_by_label("Password", exact=True).fill("a password that nobody guesses")
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/app/**")
    search = page.get_by_role("button", name="Search or jump to")

    for width in (900, WIDE):
        page.set_viewport_size({"width": width, "height": 800})

        name = page.get_by_role("button", name="Account of").get_by_text(LONG_EMAIL)
        assert cut(name) == "with an ellipsis"
        assert cut(page.locator(".side")) == "not"
        assert cut(search) == "not"


def cut(part: Locator) -> str:
    """Tell how a part is shown of which not everything has room."""
    words: str = part.evaluate(
        """(part) => part.scrollWidth <= part.clientWidth ? "not"
          : getComputedStyle(part).textOverflow === "ellipsis" ? "with an ellipsis" : "off" """
    )
    return words


def theme_of(page: Page) -> str:
    theme: str = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    return theme


def choose_theme(page: Page, name: str) -> None:
    page.get_by_role("button", name="Theme", exact=True).click()
    with page.expect_response("**/theme"):
        page.get_by_role("menuitemradio", name=name).click()


def test_a_theme_holds_at_once_and_on_the_next_page(visit: Visit) -> None:
    page = visit.sign_in()
    assert theme_of(page) == "light dark"

    choose_theme(page, "Dark")
    assert theme_of(page) == "dark"
    expect(page.get_by_role("menu", name="Theme")).to_be_hidden()

    page.reload()
    assert theme_of(page) == "dark"
    page.get_by_role("button", name="Theme", exact=True).click()
    expect(page.get_by_role("menuitemradio", name="Dark")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("Escape")
    choose_theme(page, "As my device")
    assert theme_of(page) == "light dark"


def test_a_theme_that_was_not_saved_is_not_said_to_be(visit: Visit) -> None:
    visit.expect_problem("ERR_FAILED")
    page = visit.sign_in()
    page.route("**/theme", lambda route: route.abort())

    page.get_by_role("button", name="Theme", exact=True).click()
    page.get_by_role("menuitemradio", name="Dark").click()

    messages = page.get_by_role("region", name="Messages")
    expect(messages).to_contain_text("Your choice was not saved.")
    assert "Your choice was not saved." in page.locator("#announcer").inner_text()


def test_single_keys_are_switched_off_for_good(visit: Visit) -> None:
    page = visit.sign_in()

    page.keyboard.press("?")
    with page.expect_response("**/single-keys"):
        page.get_by_role("button", name="Switch single keys off").click()
    page.reload()
    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    with page.expect_response("**/single-keys"):
        page.get_by_role("button", name="Switch single keys on").click()
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_signing_out_ends_the_session(visit: Visit) -> None:
    page = visit.sign_in(anew=True)

    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{visit.installation.url}/app/")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_page_gets_the_events_of_its_project(visit: Visit) -> None:
    page = visit.sign_in()
    project = page.url.removeprefix(f"{visit.installation.url}/app/").partition("/")[0]
    path = f"/ws/projects/{project}/"
    # A page that does not listen by itself.
    page.goto(f"{visit.installation.url}/app/{project}/team")

    # As if the page had been rendered before anything happened.
    page.evaluate(
        """(path) => {
          Object.assign(document.body.dataset, {
            live: path, after: "0", ticket: "/app/live-ticket", heard: ""
          });
          document.addEventListener("live", ({detail}) => {
            document.body.dataset.heard += ` ${detail.type}`;
          });
        }""",
        path,
    )
    page.add_script_tag(url="/static/orderchainer/js/live.js", type="module")

    heard = re.compile(" order_notification .* order_ready")
    expect(page.locator("body")).to_have_attribute("data-heard", heard)
