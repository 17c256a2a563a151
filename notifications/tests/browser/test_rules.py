"""The pages of the rules that tell customers, in a browser."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    THEMES,
    WIDE,
    Theme,
    Visit,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def open_rules(visit: Visit, *, theme: Theme = "light", width: int = WIDE) -> "Page":
    """Sign in, and open the rules of the demo's own project."""
    page = visit.sign_in("rules", theme=theme, width=width)
    expect(page.get_by_role("heading", name="Automatic messages", level=1)).to_be_visible()
    return page


def is_usable(page: "Page", width: int) -> None:
    """Fail if somebody could not use the page as it is now."""
    assert inaccessible(page) == [], page.url
    assert small_targets(page, at_least=44 if width == NARROW else 24) == [], page.url
    assert not scrolls_sideways(page), page.url


@pytest.mark.parametrize(("theme", "width"), [("light", NARROW), ("dark", WIDE)])
def test_everybody_can_write_rules(visit: Visit, theme: Theme, width: int) -> None:
    assert theme in THEMES
    visit.expect_problem("status of 400")
    page = open_rules(visit, theme=theme, width=width)
    # High enough that nothing lies half under the bar at the bottom, which axe takes for too small.
    page.set_viewport_size({"width": width, "height": 3000})
    is_usable(page, width)

    page.get_by_role("link", name="Create rule").first.click()
    expect(page.get_by_role("heading", name="New rule", level=1)).to_be_visible()
    page.get_by_role("button", name="Create rule").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a text, or name a template.")
    is_usable(page, width)

    # Each of the two visits writes a rule of its own.
    status = "failed" if theme == "dark" else "shipped"
    page.get_by_role("combobox", name="When").select_option(f"An order becomes {status}")
    page.get_by_role("combobox", name="Channel").select_option("E-mail")
    page.get_by_role("textbox", name="Text").fill("Dear {customer_name}, {order_title}: {status}.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status").filter(has_text="For #")).to_be_visible()
    expect(page.get_by_role("textbox", name="Text")).to_have_value(
        "Dear {customer_name}, {order_title}: {status}."
    )
    is_usable(page, width)

    page.get_by_role("button", name="Create rule").click()
    row = page.get_by_role("row").filter(has_text=f"An order becomes {status}")
    expect(row).to_contain_text("On")
    is_usable(page, width)
    row.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("Off")

    row.get_by_role("link").click()
    is_usable(page, width)
    page.get_by_role("button", name="Delete the rule").click()
    expect(page.get_by_text("The rule is deleted.")).to_be_visible()
    expect(row).to_have_count(0)


def test_a_rule_is_written_by_keys_alone(visit: Visit) -> None:
    page = open_rules(visit)
    # Keys work once the scripts are there.
    page.wait_for_load_state()
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="New rule", level=1)).to_be_visible()

    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.type("We have your order {order_number}.")
    page.get_by_role("button", name="Create rule").focus()
    page.keyboard.press("Enter")

    row = page.get_by_role("row").filter(has_text="An order is received")
    expect(row).to_contain_text("We have your order {order_number}.")
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="An order is received", level=1)).to_be_visible()
    page.get_by_role("button", name="Delete the rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No rules yet")).to_be_visible()
