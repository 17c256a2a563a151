"""The pages of one's own account, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

pytestmark = pytest.mark.browser

PATHS = [
    "/account",
    "/account/email",
    "/account/security",
    "/account/activity",
    "/account/tokens",
    "/account/preferences",
]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_pages_of_the_account(visit: Visit, width: int) -> None:
    page = visit.sign_in(PATHS[0], width=width)

    for path in PATHS:
        page.goto(f"{visit.installation.url}{path}")

        assert inaccessible(page) == [], path
        assert small_targets(page, at_least=44 if width == NARROW else 24) == [], path
        assert not scrolls_sideways(page), path


def test_a_refused_form_says_so_and_can_be_used(visit: Visit) -> None:
    visit.expect_problem("status of 400")
    page = visit.sign_in("/account/security")

    page.get_by_role("button", name="Change password").click()

    expect(page.get_by_role("alert")).to_contain_text("This field is required.")
    assert inaccessible(page) == []


def test_a_token_is_shown_once(visit: Visit) -> None:
    page = visit.sign_in("/account/tokens")
    page.get_by_role("textbox", name="Name").fill("Printer")
    page.get_by_role("checkbox", name="orders:read").check()
    page.get_by_role("button", name="Create token").click()

    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"oc_\w+_\w+"))
    assert inaccessible(page) == []
    page.goto(f"{visit.installation.url}/account/tokens")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Revoke Printer").click()
    expect(page.get_by_role("button", name="Revoke Printer")).to_have_count(0)


def test_the_preferences_show_what_one_hears_of_by_themselves(visit: Visit) -> None:
    page = visit.sign_in("/account/preferences")
    news = page.get_by_role("region", name="What you are told")

    news.get_by_role("link").first.click()

    page.wait_for_url("**/news")
    expect(page.get_by_role("group", name="Customers who write")).to_be_visible()
    assert inaccessible(page) == []


def test_back_shows_nothing_after_signing_out(visit: Visit) -> None:
    page = visit.sign_in("/account/security", anew=True)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading", name="Security")).to_have_count(0)
