"""Which security events are logged, and that none of them holds a secret."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.events import ActivityType
from accounts.models import User
from accounts.security import email_digest
from accounts.services import (
    activate_user,
    change_password,
    deactivate_user,
    open_session,
    refresh_session,
    update_user,
)
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def named(lines: list[Any]) -> list[dict[str, Any]]:
    """Return the security events among log lines."""
    events = {*ActivityType.values, "token_refused"}
    return [line for line in lines if line["event"] in events]


def post(path: str, **body: str) -> Any:
    """Post to an auth endpoint."""
    return APIClient().post(f"/api/auth/{path}", body, format="json")


def test_a_registration_and_a_sign_in_are_logged() -> None:
    with capture_logs() as lines:
        post("register", email="ada@example.com", password=PASSWORD)
        post("token", username="ada@example.com", password=PASSWORD)

    user = User.objects.get()
    session = user.sessions.get()
    assert named(lines) == [
        {"event": "user_registered", "log_level": "info", "user_id": user.pk},
        {
            "event": "login_succeeded",
            "log_level": "info",
            "user_id": user.pk,
            "session_id": str(session.pk),
        },
    ]


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_failed_sign_in_is_logged_without_the_email(email: str) -> None:
    make_user(email="ada@example.com")

    with capture_logs() as lines:
        post("token", username=email.upper(), password="wrong horse")

    assert named(lines) == [
        {
            "event": "login_failed",
            "log_level": "warning",
            "email_digest": email_digest(email),
        }
    ]
    assert email not in str(lines).lower()
    assert "wrong horse" not in str(lines)


def test_a_sign_in_to_the_admin_is_logged() -> None:
    user = make_user(email="ada@example.com", is_staff=True)
    form = {"username": "ada@example.com", "password": PASSWORD}

    with capture_logs() as lines:
        Client().post(reverse("admin:login"), {**form, "password": "wrong"})
        Client().post(reverse("admin:login"), form)

    assert [(line["event"], line.get("user_id")) for line in named(lines)] == [
        ("login_failed", None),
        ("login_succeeded", user.pk),
    ]


@pytest.mark.urls("accounts.tests.api.test_authentication")
def test_a_refused_access_token_is_logged_without_the_token() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer no-such-token")

    with capture_logs() as lines:
        client.get("/api/who-am-i")

    assert named(lines) == [
        {
            "event": "token_refused",
            "log_level": "warning",
            "kind": "access",
            "path": "/api/who-am-i",
        }
    ]
    assert "no-such-token" not in str(lines)


@pytest.mark.parametrize(("path", "kind"), [("refresh", "refresh"), ("logout", "log_out")])
def test_a_refused_refresh_token_is_logged_without_the_token(path: str, kind: str) -> None:
    with capture_logs() as lines:
        post(path, refresh_token="no-such-token")

    assert named(lines) == [{"event": "token_refused", "log_level": "warning", "kind": kind}]
    assert "no-such-token" not in str(lines)


def test_a_reused_refresh_token_is_logged() -> None:
    user = make_user()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        pair = open_session(user=user)
        refresh_session(refresh_token=pair.refresh)
        clock.shift(timedelta(minutes=1))
        with capture_logs() as lines:
            post("refresh", refresh_token=pair.refresh)

    session = str(user.sessions.get().pk)
    about = {"user_id": user.pk, "session_id": session}
    assert named(lines) == [
        {"event": "refresh_token_reused", "log_level": "warning", **about},
        {
            "event": "session_ended",
            "log_level": "info",
            **about,
            "reason": "token_reused",
        },
        {
            "event": "token_refused",
            "log_level": "warning",
            "kind": "refresh",
            "session_id": session,
        },
    ]


def test_changes_to_a_user_are_logged() -> None:
    user = make_user()

    with capture_logs() as lines:
        change_password(user=user, password="battery staple")
        update_user(user=user, changes={"is_staff": True, "first_name": "Ada"})
        deactivate_user(user=user)
        deactivate_user(user=user)
        activate_user(user=user)

    assert [(line["event"], line["user_id"]) for line in named(lines)] == [
        ("password_changed", user.pk),
        ("privileges_changed", user.pk),
        ("user_deactivated", user.pk),
        ("user_activated", user.pk),
    ]
    assert "battery staple" not in str(lines)


def test_the_documentation_names_every_event() -> None:
    text = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    _, _, table = text.partition("**Security events**")
    table, _, _ = table.partition("The log contains no secrets")
    named_there = set(re.findall(r"`([a-z_]+)`", table))

    assert set(ActivityType.values) <= named_there
    assert {
        "token_refused",
        "email_verification_failed",
        "limit_reached",
    } <= named_there
