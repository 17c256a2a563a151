"""The pages for settings and for new projects, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_somebody_creates_a_project_and_deletes_it(visit: Visit, width: int) -> None:
    page = visit.sign_in("/projects/new", width=width)
    _check(page, width)
    page.get_by_role("textbox", name="Name").fill("Tea & Cake")
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/team")

    page.goto(page.url.replace("/team", "/settings"))
    page.get_by_role("textbox", name="Name").fill("Tea")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    _check(page, width)

    page.get_by_role("link", name="Delete the project").click()
    page.wait_for_url("**/delete")
    _check(page, width)
    page.get_by_role("textbox", name="Name of the project").fill("Tea")
    page.get_by_role("button", name="Delete the project").click()
    expect(page.get_by_text("Tea is deleted.")).to_be_visible()


def test_a_refused_project_says_why(visit: Visit) -> None:
    visit.expect_problem("status of 400")
    page = visit.sign_in("/projects/new")

    page.get_by_role("button", name="Create project").click()

    expect(page.get_by_role("alert")).to_contain_text("This field is required.")
    assert inaccessible(page) == []


def _check(page: Page, width: int) -> None:
    assert inaccessible(page) == [], page.url
    assert small_targets(page, at_least=44 if width == NARROW else 24) == [], page.url
    assert not scrolls_sideways(page), page.url
