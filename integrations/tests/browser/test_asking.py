"""Asking the assistant in a browser, with the sandbox's Gemini behind it."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from integrations.tests.browser.usable import is_usable
from orderchainer.testing.browsers import NARROW, THEMES, WIDE, Theme, Visit, is_ready
from orderchainer.testing.processes import Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser


def panel_on(page: "Page") -> "Locator":
    """Return the panel once it has been loaded."""
    panel = page.get_by_role("region", name="Ask the assistant")
    expect(panel.get_by_role("textbox", name="Question")).to_be_visible()
    return panel


def answers_of(panel: "Locator") -> "Locator":
    return panel.get_by_role("log", name="Questions and answers")


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_pages(visit: Visit, theme: Theme, width: int) -> None:
    visit.expect_problem("status of 503")
    page = visit.sign_in("orders/8", theme=theme, width=width)
    page.set_viewport_size({"width": width, "height": 4000})
    panel = panel_on(page)
    is_usable(page, width)
    panel.get_by_role("button", name="Why does it wait?").click()
    expect(answers_of(panel)).to_contain_text("It waits for")
    panel.get_by_role("textbox", name="Question").fill("sandbox:blocked")
    panel.get_by_role("button", name="Ask", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("Ask it in other words.")
    is_usable(page, width)

    place = page.url.partition("/orders/")[0]
    page.goto(f"{place}/assistant/ask")
    panel = panel_on(page)
    panel.get_by_role("textbox", name="Question").fill("Move #7 to cancelled")
    panel.get_by_role("button", name="Ask", exact=True).click()
    expect(answers_of(panel)).to_contain_text("a person has to confirm it")
    is_usable(page, width)

    answers_of(panel).get_by_role("link", name="Receipt").click()
    expect(page.get_by_role("heading", name="Assistant", level=1)).to_be_visible()
    expect(page.get_by_role("table", name="Receipts")).to_be_visible()
    is_usable(page, width)


def test_somebody_asks_by_keys_alone_and_is_asked_before_anything_moves(visit: Visit) -> None:
    page = visit.sign_in("orders/8")
    panel = panel_on(page)
    question = panel.get_by_role("textbox", name="Question")
    question.focus()
    page.keyboard.type("Why does it wait?")
    page.keyboard.press("Enter")
    expect(answers_of(panel)).to_contain_text("It waits for #")
    expect(question).to_be_focused()
    expect(question).to_have_value("")
    expect(answers_of(panel).get_by_role("link", name="Receipt")).to_be_visible()

    page.keyboard.type("Move it to cancelled.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    proposal = panel.get_by_role("button", name="Move #8 Deliver to Café Aurora to cancelled …")
    expect(proposal).to_be_visible()
    # What was said before is still there.
    expect(answers_of(panel)).to_contain_text("It waits for #")
    proposal.focus()
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="Move #8 Deliver to Café Aurora to cancelled?")
    expect(dialog).to_contain_text("There is no way back from cancelled.")
    dialog.get_by_role("link", name="Keep it pending").focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator(".order-head")).to_contain_text("pending")
    expect(panel).to_contain_text("Nothing has changed yet")


def test_a_proposal_is_carried_out_in_the_version_that_one_has_seen(visit: Visit) -> None:
    page = visit.sign_in("assistant/ask")
    is_ready(page)
    panel = panel_on(page)
    panel.get_by_role("textbox", name="Question").fill("Move #4 to draft")
    panel.get_by_role("button", name="Ask", exact=True).click()
    proposal = panel.get_by_role("button", name="Move #4 Plane and glue the top to draft …")
    dialog = page.get_by_role("dialog", name="Move #4 Plane and glue the top to draft?")
    said = page.get_by_role("region", name="Messages")
    proposal.click()
    dialog.get_by_role("button", name="Move to draft").click()
    said.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("#4 is pending now.")

    # The button is of the version before, so what has changed since stays.
    visit.expect_problem("status of 412")
    proposal.click()
    dialog.get_by_role("button", name="Move to draft").click()
    expect(said.get_by_role("alert")).to_contain_text("so nothing was done")


def test_it_shows_that_it_thinks_and_can_be_cancelled(visit: Visit) -> None:
    # htmx tells the console of a request that was given up.
    visit.expect_problem("htmx:afterRequest")
    visit.expect_problem("htmx:sendAbort")
    page = visit.sign_in("assistant/ask")
    is_ready(page)
    panel = panel_on(page)
    question = panel.get_by_role("textbox", name="Question")
    question.fill("Is it sandbox:slow today?")
    question.press("Enter")
    expect(panel.get_by_text("Thinking …")).to_be_visible()
    # A second press asks nothing more.
    question.press("Enter")
    question.fill("What I typed meanwhile")

    panel.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")

    expect(panel.get_by_text("Thinking …")).to_be_hidden()
    expect(question).to_have_value("What I typed meanwhile")
    expect(question).to_be_focused()
    expect(panel.get_by_role("article")).to_have_count(0)


def test_a_lost_session_takes_no_question(visit: Visit) -> None:
    visit.expect_problem("status of 401")
    visit.expect_problem("Status Error Code 401")
    page = visit.sign_in("orders/8", anew=True)
    panel = panel_on(page)
    session: list[Any] = [each for each in visit.context.cookies() if each["name"] == "workspace"]
    panel.get_by_role("textbox", name="Question").fill("Why does it wait?")
    visit.context.clear_cookies(name="workspace")
    panel.get_by_role("button", name="Ask", exact=True).click()

    expect(page.get_by_text("You were signed out. What you typed is still here.")).to_be_visible()
    expect(panel.get_by_role("textbox", name="Question")).to_have_value("Why does it wait?")

    visit.context.add_cookies(session)
    panel.get_by_role("button", name="Ask", exact=True).click()
    expect(answers_of(panel)).to_contain_text("It waits for #")


def test_an_old_page_reads_a_new_token_and_keeps_the_question(visit: Visit) -> None:
    visit.expect_problem("status of 403")
    page = visit.sign_in("orders/8")
    panel = panel_on(page)
    panel.get_by_role("button", name="Why does it wait?").click()
    expect(answers_of(panel)).to_contain_text("It waits for #")
    panel.get_by_role("textbox", name="Question").fill("What is in it?")
    # Somebody has signed in again in another tab.
    others: list[Any] = [each for each in visit.context.cookies() if "csrf" not in each["name"]]
    visit.context.clear_cookies()
    visit.context.add_cookies(others)

    panel.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("button", name="Try again").click()

    expect(panel.get_by_role("article")).to_have_count(2)
    expect(answers_of(panel)).to_contain_text("It waits for #")


def test_an_old_page_asks_the_example_again_whose_button_was_pressed(visit: Visit) -> None:
    visit.expect_problem("status of 403")
    page = visit.sign_in("orders/8", anew=True)
    panel = panel_on(page)
    visit.context.clear_cookies(name="csrftoken")

    panel.get_by_role("button", name="Why does it wait?").click()
    page.get_by_role("button", name="Try again").click()

    expect(panel.get_by_role("article")).to_have_count(1)
    expect(answers_of(panel)).to_contain_text("It waits for #")


def test_it_works_without_scripts(played: Installation, browser: "Browser") -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = Visit(played, context, []).sign_in("orders/8")
        page.get_by_role("link", name="Ask the assistant").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ask the assistant about #8")
        panel = panel_on(page)
        panel.get_by_role("textbox", name="Question").fill("Why does it wait?")
        panel.get_by_role("button", name="Ask", exact=True).click()
        expect(answers_of(panel)).to_contain_text("It waits for #")

        panel.get_by_role("textbox", name="Question").fill("Move it to cancelled.")
        panel.get_by_role("button", name="Ask", exact=True).click()
        expect(panel.get_by_role("article")).to_have_count(2)
        panel.get_by_role("button", name="Move #8").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Move #8")
        expect(page.get_by_text("There is no way back from cancelled.")).to_be_visible()
        page.get_by_role("link", name="Keep it pending").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("#8")
