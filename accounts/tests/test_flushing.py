"""What the daily flush deletes, and what it keeps."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts.models import IdempotencyRecord, Session, User
from accounts.services.flushing import flush_expired
from accounts.tasks import flush_expired_tokens
from accounts.tests.factories import make_user
from orderchainer.celery import app

pytestmark = pytest.mark.django_db


def add(user: User, *, age: timedelta, number: int = 1) -> None:
    """Add rows of each kind that expired, or were made, `age` ago."""
    moment = timezone.now() - age
    for _ in range(number):
        name = f"{age}-{OutstandingToken.objects.count()}"
        token = OutstandingToken.objects.create(
            user=user, jti=name, token="", expires_at=moment
        )
        BlacklistedToken.objects.create(token=token)
        Session.objects.create(user=user, password_fingerprint="", expires_at=moment)
        IdempotencyRecord.objects.create(
            user=user, key=name, fingerprint="", created_at=moment
        )


def counts() -> tuple[int, int, int, int]:
    """Count tokens, blacklisted tokens, sessions and idempotency records."""
    return (
        OutstandingToken.objects.count(),
        BlacklistedToken.objects.count(),
        Session.objects.count(),
        IdempotencyRecord.objects.count(),
    )


def test_deletes_what_has_expired_in_batches() -> None:
    user = make_user()
    add(user, age=timedelta(days=8), number=5)

    flushed = flush_expired(batch=2)

    assert flushed == {"tokens": 5, "sessions": 5, "idempotency_records": 5}
    assert counts() == (0, 0, 0, 0)
    assert User.objects.get() == user


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (timedelta(minutes=-1), (1, 1, 1, 1)),
        (timedelta(minutes=1), (0, 0, 1, 1)),
        (timedelta(hours=23, minutes=59), (0, 0, 1, 1)),
        (timedelta(hours=24, minutes=1), (0, 0, 1, 0)),
        (timedelta(days=6, hours=23), (0, 0, 1, 0)),
        (timedelta(days=7, hours=1), (0, 0, 0, 0)),
    ],
)
def test_keeps_what_still_means_something(
    age: timedelta, kept: tuple[int, int, int, int]
) -> None:
    add(make_user(), age=age)

    flush_expired_tokens()
    flush_expired_tokens()

    assert counts() == kept


def test_beat_asks_for_it_daily() -> None:
    entries = [
        entry
        for entry in app.conf.beat_schedule.values()
        if entry["task"] == flush_expired_tokens.name
    ]

    assert [entry["schedule"] for entry in entries] == [timedelta(days=1)]
