"""The startup checks of the settings for e-mails."""

import pytest
from django.conf import LazySettings

from accounts.access import MANAGE_MEMBERS
from accounts.checks import (
    CONSOLE,
    check_navigation,
    check_sender,
    check_staff_permissions,
    check_where_emails_go,
)
from orderchainer.core.web.navigation import Item
from orderchainer.core.web.panels import Panel


@pytest.mark.parametrize(
    ("debug", "backend", "ids"),
    [
        (True, CONSOLE, []),
        (False, "django.core.mail.backends.smtp.EmailBackend", []),
        (False, CONSOLE, ["accounts.W001"]),
    ],
)
def test_warns_if_production_prints_its_emails(
    settings: LazySettings, debug: bool, backend: str, ids: list[str]
) -> None:
    settings.DEBUG, settings.EMAIL_BACKEND = debug, backend

    assert [message.id for message in check_where_emails_go()] == ids


@pytest.mark.parametrize(
    "sender", ["orders@localhost", "Our shop <orders@example.com>", '"A, B" <a@b.c>']
)
def test_accepts_a_sender(settings: LazySettings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender

    assert check_sender() == []


@pytest.mark.parametrize(
    "sender",
    ["", "Our shop", "Our shop <>", "@example.com", "a@", "a@b.c\r\nBcc: d@e.f"],
)
def test_refuses_a_malformed_sender(settings: LazySettings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender

    [message] = check_sender()

    assert message.id == "accounts.E001"


def test_every_permission_for_staff_exists() -> None:
    assert check_staff_permissions() == []


@pytest.mark.parametrize("permission", ["accounts.chnage_project", "nobody.change_it"])
def test_refuses_a_permission_that_does_not_exist(
    permission: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(MANAGE_MEMBERS), "staff_permissions", (permission,))

    [message] = check_staff_permissions()

    assert message.id == "accounts.E003"
    assert f"manage_members names the permission '{permission}'" in message.msg


def test_the_navigation_and_the_panels_lead_somewhere() -> None:
    assert check_navigation() == []


@pytest.mark.parametrize(
    ("name", "operation", "complaint"),
    [
        ("workspace-project", "view_project", None),
        ("nowhere", "view_project", "the URL 'nowhere'"),
        ("account", "view_project", "the URL 'account'"),
        ("workspace-project", "fly", "the operation 'fly'"),
    ],
)
def test_refuses_an_item_of_the_navigation_that_leads_nowhere(
    name: str, operation: str, complaint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = {name: Item("Example", "package", operation, place=1)}
    monkeypatch.setattr("accounts.checks.NAVIGATION", items)

    found = [message.msg for message in check_navigation()]

    assert [complaint in each for each in found if complaint] == [True] * bool(complaint)
    assert bool(found) == bool(complaint)


def test_refuses_an_item_to_which_pages_belong_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = Item("Example", "package", "view_project", place=1, also=("nowhere",))
    monkeypatch.setattr("accounts.checks.NAVIGATION", {"workspace-project": item})

    (message,) = check_navigation()

    assert "the URL 'nowhere'" in message.msg


@pytest.mark.parametrize(
    ("page", "own", "operation", "is_fine"),
    [
        ("account-preferences", "account", None, True),
        ("nowhere", "account", None, False),
        ("account", "nowhere", None, False),
        ("account", "account-tokens", "fly", False),
    ],
)
def test_refuses_a_panel_that_leads_nowhere(
    page: str, own: str, operation: str | None, is_fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    panels = {(page, own): Panel("Example", operation, place=1)}
    monkeypatch.setattr("accounts.checks.PANELS", panels)

    assert (check_navigation() == []) == is_fine
