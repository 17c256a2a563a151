"""Races of two requests. On PostgreSQL, also what would happen without our guards."""

from collections.abc import Callable

import pytest
from django.db import connection
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.errors import EmailTaken, TokenRefused
from accounts.models import Session, SessionQuerySet, User
from accounts.services import (
    TokenPair,
    deactivate_user,
    log_out,
    open_session,
    refresh_session,
    register_user,
)
from accounts.tests.factories import PASSWORD, make_user
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)


def unique_name(table: str, column: str) -> str:
    """Return the name that Django gave the unique constraint on one column."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return next(
        name
        for name, facts in found.items()
        if facts["unique"] and facts["columns"] == [column] and not facts["primary_key"]
    )


# --- One e-mail registered twice --------------------------------------------------------------


def register(email: str) -> Callable[[], User]:
    """Return a function that registers `email`."""
    return lambda: register_user(email=email, password=PASSWORD)


@pytest.mark.services
@on_postgresql
def test_one_email_registered_twice_at_once_makes_one_user() -> None:
    before_insert = Meeting('INSERT INTO "accounts_user"')

    outcomes = race(register("ada@example.com"), register("ADA@example.com"), meeting=before_insert)

    assert before_insert.was_complete
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "EmailTaken",
        "User",
    ]
    assert User.objects.count() == 1


def test_many_registrations_of_one_email_make_one_user() -> None:
    outcomes = race(*[register("ada@example.com")] * 6)

    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, EmailTaken) for outcome in outcomes) == 5


@pytest.mark.services
@on_postgresql
def test_without_the_constraint_one_email_makes_two_users() -> None:
    """The negative control: asking first whether the e-mail is taken is not enough."""
    with without_constraint("accounts_user", "user_email_unique_without_case"):
        outcomes = race(
            register("ada@example.com"),
            register("ADA@example.com"),
            meeting=Meeting.of_all('INSERT INTO "accounts_user"'),
        )

        assert [type(outcome) for outcome in outcomes] == [User, User]
        User.objects.all().delete()


# --- One refresh token traded twice -----------------------------------------------------------


def trade(refresh_token: str) -> Callable[[], TokenPair]:
    """Return a function that refreshes with this token."""
    return lambda: refresh_session(refresh_token=refresh_token)


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the lock on the session's row."""
    monkeypatch.setattr(SessionQuerySet, "locked", lambda rows: rows.all())


def before_use() -> Meeting:
    """Let two requests meet when both have found the token unused and neither has used it up."""
    return Meeting('INSERT INTO "token_blacklist_outstandingtoken"')


@pytest.mark.services
@on_postgresql
def test_one_refresh_token_used_twice_at_once_gives_one_pair() -> None:
    token = open_session(user=make_user()).refresh
    meeting = before_use()

    outcomes = race(trade(token), trade(token), meeting=meeting)

    assert not meeting.was_complete  # the lock kept one of them out
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "TokenPair",
        "TokenRefused",
    ]
    assert Session.objects.get().ended_at is None


def test_many_uses_of_one_refresh_token_give_one_pair() -> None:
    token = open_session(user=make_user()).refresh

    outcomes = race(*[trade(token)] * 6)

    assert sum(isinstance(outcome, TokenPair) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, TokenRefused) for outcome in outcomes) == 5


@pytest.mark.services
@on_postgresql
def test_without_the_lock_the_unique_keys_still_give_one_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = open_session(user=make_user()).refresh
    unlock(monkeypatch)
    meeting = before_use()

    outcomes = race(trade(token), trade(token), meeting=meeting)

    assert meeting.was_complete
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "TokenPair",
        "TokenRefused",
    ]


@pytest.mark.services
@on_postgresql
def test_without_lock_and_unique_keys_one_refresh_token_gives_two_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control of both guards."""
    token = open_session(user=make_user()).refresh
    unlock(monkeypatch)
    with without_constraint(
        "token_blacklist_outstandingtoken",
        unique_name("token_blacklist_outstandingtoken", "jti"),
    ):
        outcomes = race(trade(token), trade(token), meeting=before_use())

        assert [type(outcome) for outcome in outcomes] == [TokenPair, TokenPair]
        OutstandingToken.objects.all().delete()


# --- A session ended while it is refreshed ----------------------------------------------------


@pytest.mark.services
@on_postgresql
@pytest.mark.parametrize("door", ["log_out", "deactivate_user"])
def test_a_session_that_is_ended_during_its_refresh_stays_ended(door: str) -> None:
    user = make_user()
    pair = open_session(user=user)
    ends: dict[str, Callable[[], None]] = {
        "log_out": lambda: log_out(access_token=pair.access),
        "deactivate_user": lambda: deactivate_user(user=user),
    }

    race(trade(pair.refresh), ends[door], meeting=Meeting('UPDATE "accounts_session"'))

    assert Session.objects.get().ended_at is not None
