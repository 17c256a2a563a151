"""What the daily flush deletes, and what it keeps."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session as CookieSession
from django.db import models
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts.models import (
    Activity,
    ApiToken,
    EmailCode,
    IdempotencyRecord,
    Invitation,
    OutgoingEmail,
    Session,
    User,
)
from accounts.services.flushing import flush_expired
from accounts.tasks import flush_expired_tokens
from accounts.tests.factories import make_user
from orderchainer.celery import app

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def now() -> Iterator[datetime]:
    """The moment of the flush."""
    with time_machine.travel(timezone.now(), tick=False):
        yield timezone.now()


# --- One row of each kind ---------------------------------------------------------------------


def token(user: User, name: str, at: datetime) -> models.Model:
    """Add a used refresh token that expires at `at`."""
    traded = OutstandingToken.objects.create(user=user, jti=name, token="", expires_at=at)
    BlacklistedToken.objects.create(token=traded)
    return traded


def session(user: User, name: str, at: datetime) -> models.Model:
    """Add a session that expires at `at`."""
    return Session.objects.create(user=user, password_fingerprint="", expires_at=at)


def idempotency_record(user: User, name: str, at: datetime) -> models.Model:
    """Add an answer that was given at `at`."""
    return IdempotencyRecord.objects.create(user=user, key=name, fingerprint="", created_at=at)


def email_code(user: User, name: str, at: datetime) -> models.Model:
    """Add a code with a link that expires at `at`."""
    return EmailCode.objects.create(
        user=make_user(),
        purpose=EmailCode.Purpose.VERIFY_EMAIL,
        email=user.email,
        link_digest=name,
        expires_at=at - timedelta(hours=1),
        link_expires_at=at,
    )


def sent_email(user: User, name: str, at: datetime) -> models.Model:
    """Add an e-mail that was sent at `at`, a day before it would have expired."""
    return OutgoingEmail.objects.create(
        kind=OutgoingEmail.Kind.PASSWORD_CHANGED,
        recipient=user.email,
        state=OutgoingEmail.State.SENT,
        created_at=at - SECOND,
        finished_at=at,
        expires_at=at + timedelta(days=1),
    )


def stuck_email(user: User, name: str, at: datetime) -> models.Model:
    """Add an e-mail that was never sent and expired at `at`."""
    return OutgoingEmail.objects.create(
        kind=OutgoingEmail.Kind.VERIFY_EMAIL,
        recipient=user.email,
        created_at=at - timedelta(minutes=15),
        expires_at=at,
    )


def invitation(user: User, name: str, at: datetime) -> models.Model:
    """Add an invitation that expires at `at`."""
    return Invitation.objects.create(
        project=user.personal_project,
        email=f"{name}@example.com",
        role="agent",
        expires_at=at,
    )


def expired_api_token(user: User, name: str, at: datetime) -> models.Model:
    """Add an API token that expires at `at`."""
    return ApiToken.objects.create(user=user, name="Script", prefix=name, digest="", expires_at=at)


def revoked_api_token(user: User, name: str, at: datetime) -> models.Model:
    """Add an API token without an expiry that was revoked at `at`."""
    return ApiToken.objects.create(user=user, name="Script", prefix=name, digest="", revoked_at=at)


def activity(user: User, name: str, at: datetime) -> models.Model:
    """Add an activity that happened at `at`."""
    return Activity.objects.create(type="login_succeeded", user_id=user.pk, created_at=at)


Add = Callable[[User, str, datetime], models.Model]
# The function that adds a row, the name under which the flush counts it, its model, and how long
# it is kept after the moment `at`.
KINDS: list[tuple[Add, str, type[models.Model], timedelta]] = [
    (token, "tokens", OutstandingToken, timedelta()),
    (session, "sessions", Session, timedelta(days=7)),
    (
        idempotency_record,
        "idempotency_records",
        IdempotencyRecord,
        timedelta(hours=24),
    ),
    (email_code, "email_codes", EmailCode, timedelta()),
    (sent_email, "emails", OutgoingEmail, timedelta(days=7)),
    (stuck_email, "emails", OutgoingEmail, timedelta(days=7)),
    (invitation, "invitations", Invitation, timedelta(days=30)),
    (expired_api_token, "api_tokens", ApiToken, timedelta(days=90)),
    (revoked_api_token, "api_tokens", ApiToken, timedelta(days=90)),
    (activity, "activity", Activity, timedelta(days=365)),
]
each_kind = pytest.mark.parametrize(
    ("add", "name", "model", "kept"), KINDS, ids=[kind[0].__name__ for kind in KINDS]
)


def rows_of(model: type[models.Model]) -> "models.QuerySet[Any]":
    """Return all rows of a kind."""
    return model._default_manager.all()


def without_history() -> User:
    """Make a user without any activity."""
    user = make_user()
    Activity.objects.all().delete()
    OutgoingEmail.objects.all().delete()
    return user


# --- The tests --------------------------------------------------------------------------------


@each_kind
def test_a_row_stays_until_its_time_is_over(
    add: Add, name: str, model: type[models.Model], kept: timedelta, now: datetime
) -> None:
    user = without_history()
    over = add(user, "over", now - kept - SECOND)
    stays = add(user, "stays", now - kept)
    # Making the rows may have made other rows, which are not due yet.
    others = rows_of(model).count() - 2

    flushed = flush_expired()

    assert flushed == {**dict.fromkeys(flushed, 0), name: 1}
    assert rows_of(model).count() == 1 + others
    assert not rows_of(model).filter(pk=over.pk).exists()
    assert rows_of(model).filter(pk=stays.pk).exists()


@each_kind
def test_flushes_in_batches(
    add: Add, name: str, model: type[models.Model], kept: timedelta, now: datetime
) -> None:
    user = without_history()
    for number in range(5):
        add(user, f"over{number}", now - kept - SECOND)

    assert flush_expired(batch=2)[name] == 5
    assert flush_expired(batch=2)[name] == 0


def test_the_setting_decides_how_long_the_log_is_kept(settings: Any, now: datetime) -> None:
    settings.ACTIVITY_RETENTION_DAYS = 2
    user = without_history()
    activity(user, "", now - timedelta(days=2) - SECOND)
    activity(user, "", now - timedelta(days=2))

    flush_expired_tokens()

    assert Activity.objects.get().created_at == now - timedelta(days=2)


def test_keeps_what_is_still_valid(now: datetime) -> None:
    user = without_history()
    long_ago = now - timedelta(days=3650)
    kept = ApiToken.objects.create(
        user=user, name="Script", prefix="open", digest="", created_at=long_ago
    )
    email = OutgoingEmail.objects.create(
        kind=OutgoingEmail.Kind.INVITATION,
        recipient="ada@example.com",
        created_at=now - timedelta(days=30),
        expires_at=now + SECOND,
    )

    flush_expired()

    assert (ApiToken.objects.get(), OutgoingEmail.objects.get()) == (kept, email)
    assert User.objects.get() == user


def test_deletes_expired_cookies_of_the_back_office(
    now: datetime,
) -> None:
    for _ in range(2):
        Client().force_login(make_user(is_staff=True))
    expired, open_ = CookieSession.objects.all()
    CookieSession.objects.filter(pk=expired.pk).update(expire_date=now - SECOND)

    flush_expired()

    assert CookieSession.objects.get() == open_


def test_beat_runs_it_daily() -> None:
    entries = [
        entry
        for entry in app.conf.beat_schedule.values()
        if entry["task"] == flush_expired_tokens.name
    ]

    assert [entry["schedule"] for entry in entries] == [timedelta(days=1)]
