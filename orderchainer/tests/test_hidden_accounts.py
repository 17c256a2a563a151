"""`HIDE_ACCOUNT_EXISTENCE`: asking for an e-mail does not reveal whether the account exists.

Neither the answer nor its timing reveals it. The clock of a test machine proves nothing, so we
compare the statements that reach the database: the same ones, in the same order.
"""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Activity, EmailCode, OutgoingEmail
from accounts.services import deactivate_user, delete_user
from accounts.tests.factories import make_user
from orderchainer.testing.statements import Statements

pytestmark = pytest.mark.django_db

DOORS = [
    "/api/auth/forgot-password",
    "/api/auth/send-reset-code",
    "/api/auth/resend-verification-code",
    "/api/auth/resend-confirmation-email",
]


def known() -> str:
    return make_user().email


def verified() -> str:
    return make_user(email_verified_at=timezone.now()).email


def in_capitals() -> str:
    return make_user().email.upper()


def inactive() -> str:
    user = make_user()
    deactivate_user(user=user)
    return user.email


def deleted() -> str:
    user = make_user()
    email = user.email
    delete_user(user=user)
    return email


def asked_before() -> str:
    email = known()
    for path in DOORS:
        ask(path, email)
    return email


CALLERS = [known, verified, in_capitals, inactive, deleted, asked_before]


def ask(path: str, email: str) -> Any:
    """Ask for an e-mail."""
    return APIClient().post(path, {"email": email})


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.__name__)
@time_machine.travel("2025-11-07T13:18:21.568Z", tick=False)
def test_known_and_unknown_addresses_get_the_same_answer(
    path: str, caller: Callable[[], str], settings: Settings
) -> None:
    settings.HIDE_ACCOUNT_EXISTENCE = True
    email = caller()
    ask(path, "somebody@example.com")  # the first request runs extra statements
    statements = Statements()

    with connection.execute_wrapper(statements):
        unknown_answer = ask(path, "nobody@example.com")
    for_unknown = statements.take()
    with connection.execute_wrapper(statements):
        known_answer = ask(path, email)
    for_known = statements.take()

    assert unknown_answer.status_code == known_answer.status_code == 200
    assert unknown_answer.content == known_answer.content
    assert unknown_answer.json()["data"] == {"expiresAt": "2025-11-07T13:33:21.568Z"}
    assert headers_of(unknown_answer) == headers_of(known_answer)
    assert for_unknown == for_known
    assert for_known


def headers_of(response: Any) -> dict[str, str]:
    """Return the headers without the id of the request."""
    return {name: value for name, value in response.items() if name != "X-Request-ID"}


@pytest.mark.parametrize("path", DOORS)
def test_logs_and_activity_do_not_reveal_it_either(path: str, settings: Settings) -> None:
    """Staff can read the log, and a project's owner a part of it."""
    settings.HIDE_ACCOUNT_EXISTENCE = True
    email = known()
    Activity.objects.all().delete()
    OutgoingEmail.objects.all().delete()

    ask(path, email)
    ask(path, "nobody@example.com")

    first, second = OutgoingEmail.objects.order_by("pk")
    assert (first.recipient, second.recipient) == (email, "nobody@example.com")
    assert (first.kind, first.state, first.data) == (
        second.kind,
        second.state,
        second.data,
    )
    assert {activity.user_id for activity in Activity.objects.all()} <= {None}
    assert not EmailCode.objects.exists()


@pytest.mark.parametrize("path", DOORS)
def test_without_the_setting_the_documented_refusal_comes(path: str) -> None:
    response = ask(path, "nobody@example.com")

    assert response.status_code == 404
    body = response.json()
    body.pop("timestamp")
    assert body == {
        "success": False,
        "error": "User not found",
        "errorCode": "USER_NOT_FOUND",
    }
    assert not OutgoingEmail.objects.exists()
