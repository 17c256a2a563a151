"""People who act before the scripts of a page have come."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from orderchainer.testing.browsers import Visit, hold_scripts

pytestmark = pytest.mark.browser


def open_without_its_scripts(
    visit: Visit, scripts: str = "*.js"
) -> tuple[Page, Callable[[], None]]:
    """Open the gallery, and return it and what lets its scripts come."""
    page = visit.context.new_page()
    let_them_come = hold_scripts(page, scripts)
    page.goto(f"{visit.installation.url}/gallery", wait_until="commit")
    return page, let_them_come


def test_what_needs_a_script_is_offered_when_it_works(visit: Visit) -> None:
    page, let_scripts_come = open_without_its_scripts(visit)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Search or jump to")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)

    let_scripts_come()
    page.get_by_role("button", name="Search or jump to").click()

    expect(page.get_by_role("dialog", name="Command palette")).to_be_visible()


def test_a_project_that_was_chosen_early_opens(visit: Visit) -> None:
    page, let_scripts_come = open_without_its_scripts(visit)
    page.get_by_role("combobox", name="Project").select_option(index=1)

    let_scripts_come()

    page.wait_for_url("**/gallery?other")


def test_letters_that_were_typed_early_stay_in_the_palette(visit: Visit) -> None:
    page, let_script_come = open_without_its_scripts(visit, "palette.js")
    page.get_by_role("button", name="Search or jump to").click()
    box = page.get_by_role("combobox", name="Search or jump to")
    box.fill("repo")

    let_script_come()

    results = page.get_by_role("listbox", name="Results").get_by_role("option")
    expect(results).to_have_text(["Reportsg r"])
    expect(box).to_have_value("repo")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(box).to_have_value("")
