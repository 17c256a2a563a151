"""The startup checks of the settings for e-mails."""

import pytest
from django.conf import LazySettings

from accounts.access import MANAGE_MEMBERS
from accounts.checks import (
    CONSOLE,
    check_sender,
    check_staff_permissions,
    check_timeout,
    check_where_emails_go,
)


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


@pytest.mark.parametrize(("seconds", "ids"), [(10.0, []), (0.0, ["accounts.E002"])])
def test_refuses_a_timeout_of_zero(settings: LazySettings, seconds: float, ids: list[str]) -> None:
    settings.EMAIL_TIMEOUT = seconds

    assert [message.id for message in check_timeout()] == ids


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
