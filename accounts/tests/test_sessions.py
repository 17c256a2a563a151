"""Sessions: what opens one, what keeps it open, and everything that ends it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.management.commands import changepassword
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts.errors import InvalidCredentials, TokenRefused
from accounts.events import credentials_ended
from accounts.models import Session, User
from accounts.queries import session_of, still_open
from accounts.services import (
    TokenPair,
    activate_user,
    change_password,
    deactivate_user,
    end_session,
    end_sessions,
    log_out,
    open_session,
    refresh_session,
    sign_in,
)
from accounts.services.sessions import REUSE_LEEWAY
from accounts.tests.factories import PASSWORD, make_user
from orderchainer.core.errors import Invalid

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, 12, tzinfo=timezone.get_fixed_timezone(0))
Announced = list[tuple[int, list[UUID]]]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time; `clock.shift` moves it on."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def announced(django_capture_on_commit_callbacks: Any) -> Iterator[Announced]:
    """Collect what `credentials_ended` says: user and sessions."""
    heard: Announced = []

    def hear(sender: object, *, user_id: int, credential_ids: list[UUID], **_: object) -> None:
        heard.append((user_id, credential_ids))

    credentials_ended.connect(hear)
    yield heard
    credentials_ended.disconnect(hear)


def is_refused(work: Callable[[], object]) -> bool:
    """Tell whether `work` raises `TokenRefused`."""
    try:
        work()
    except TokenRefused:
        return True
    return False


def is_dead(pair: TokenPair) -> bool:
    """Tell whether both tokens of the pair are refused. They die together or not at all."""
    access_refused = is_refused(lambda: session_of(pair.access))
    refresh_refused = is_refused(lambda: refresh_session(refresh_token=pair.refresh))
    assert access_refused == refresh_refused
    return access_refused


# --- Open -------------------------------------------------------------------------------------


def test_signing_in_opens_a_session() -> None:
    user = make_user(email="ada@example.com")

    pair = sign_in(email="ADA@example.com", password=PASSWORD)

    session = session_of(pair.access)
    assert session.user == user
    assert still_open([session.pk, uuid4()]) == {session.pk}


def test_a_token_is_checked_in_one_statement(django_assert_num_queries: Any) -> None:
    access = open_session(user=make_user()).access

    with django_assert_num_queries(1):
        session_of(access).user.email  # noqa: B018  (loaded along)


def test_any_number_of_sessions_is_checked_in_two_statements(
    django_assert_num_queries: Any,
) -> None:
    users = [make_user() for _ in range(5)]
    sessions = [session_of(open_session(user=user).access).pk for user in users]
    deactivate_user(user=users[0])

    with django_assert_num_queries(1):
        assert still_open(sessions[1:]) == set(sessions[1:])
    with django_assert_num_queries(2):
        assert still_open(sessions) == set(sessions[1:])


def test_an_access_token_expires(clock: time_machine.Traveller) -> None:
    pair = open_session(user=make_user())

    clock.shift(timedelta(minutes=15) - timedelta(seconds=1))
    session_of(pair.access)
    clock.shift(timedelta(seconds=1))

    assert is_refused(lambda: session_of(pair.access))


def test_each_refresh_extends_the_session(clock: time_machine.Traveller) -> None:
    pair = open_session(user=make_user())

    for _ in range(3):
        clock.shift(timedelta(days=6))
        pair = refresh_session(refresh_token=pair.refresh)
    session = session_of(pair.access)
    clock.shift(timedelta(days=7))

    assert session.created_at == START
    assert session.expires_at == START + timedelta(days=18 + 7)
    assert is_dead(pair)


# --- Trade a refresh token --------------------------------------------------------------------


def test_a_traded_token_is_blacklisted_and_kept_nowhere() -> None:
    pair = open_session(user=make_user())
    assert OutstandingToken.objects.count() == 0

    refresh_session(refresh_token=pair.refresh)

    outstanding = OutstandingToken.objects.get()
    assert BlacklistedToken.objects.get().token == outstanding
    assert (outstanding.token, len(outstanding.jti)) == ("", 32)


def test_a_used_token_is_only_refused_within_the_leeway(
    clock: time_machine.Traveller,
) -> None:
    first = open_session(user=make_user())
    second = refresh_session(refresh_token=first.refresh)

    clock.shift(REUSE_LEEWAY)

    assert is_refused(lambda: refresh_session(refresh_token=first.refresh))
    assert not is_dead(second)


def test_a_used_token_ends_the_session_after_the_leeway(
    clock: time_machine.Traveller,
    announced: Announced,
    django_capture_on_commit_callbacks: Any,
) -> None:
    user = make_user()
    first = open_session(user=user)
    other = open_session(user=user)
    second = refresh_session(refresh_token=first.refresh)
    session = session_of(second.access)

    clock.shift(REUSE_LEEWAY + timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert is_refused(lambda: refresh_session(refresh_token=first.refresh))

    session.refresh_from_db()
    assert session.end_reason == "token_reused"
    assert announced == [(user.pk, [session.pk])]
    assert is_dead(second)
    assert not is_dead(other)


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_stolen_session_is_committed(
    clock: time_machine.Traveller,
) -> None:
    first = open_session(user=make_user())
    refresh_session(refresh_token=first.refresh)
    clock.shift(REUSE_LEEWAY + timedelta(seconds=1))

    assert is_refused(lambda: refresh_session(refresh_token=first.refresh))

    connection.close()
    assert Session.objects.get().end_reason == "token_reused"


# --- End --------------------------------------------------------------------------------------


def save_inactive(user: User) -> None:
    """Deactivate a user without our services."""
    user.is_active = False
    user.save()


class UnattendedCommand(changepassword.Command):
    """Django's command, with the password typed in."""

    def _get_pass(self, prompt: str = "") -> str:
        return "battery staple"


def change_by_command(user: User) -> None:
    """Change the password by Django's own command."""
    call_command(UnattendedCommand(stdout=StringIO()), user.email)


ENDS: dict[str, Callable[[User], object]] = {
    "change_password": lambda user: change_password(user=user, password="battery staple"),
    "the same password again": lambda user: change_password(user=user, password=PASSWORD),
    "manage.py changepassword": change_by_command,
    "deactivate_user": lambda user: deactivate_user(user=user),
    "inactive by another door": save_inactive,
    "end_sessions": lambda user: end_sessions(user=user, reason=Session.EndReason.REVOKED),
    "deleted": lambda user: user.delete(),
}


@pytest.mark.parametrize("way", ENDS)
def test_ends_every_session_of_the_user_at_once(way: str) -> None:
    user, stranger = make_user(), make_user()
    pairs = [open_session(user=user) for _ in range(2)]
    pairs.append(refresh_session(refresh_token=open_session(user=user).refresh))
    ids = [session_of(pair.access).pk for pair in pairs]
    strangers = open_session(user=stranger)

    ENDS[way](user)

    assert still_open(ids) == set()
    assert all(is_dead(pair) for pair in pairs)
    assert not is_dead(strangers)


def test_ended_sessions_are_announced_once(
    announced: Announced, django_capture_on_commit_callbacks: Any
) -> None:
    user = make_user()
    ids = {session_of(open_session(user=user).access).pk for _ in range(3)}

    with django_capture_on_commit_callbacks(execute=True):
        change_password(user=user, password="battery staple")
        assert announced == []
    with django_capture_on_commit_callbacks(execute=True):
        deactivate_user(user=user)

    assert [(user_id, set(session_ids)) for user_id, session_ids in announced] == [(user.pk, ids)]


def test_ends_only_the_given_session() -> None:
    user = make_user()
    here, there = open_session(user=user), open_session(user=user)
    session = session_of(here.access)

    assert end_session(session=session, reason=Session.EndReason.REVOKED)
    assert not end_session(session=session, reason=Session.EndReason.LOGGED_OUT)

    session.refresh_from_db()
    assert session.end_reason == "revoked"
    assert (is_dead(here), is_dead(there)) == (True, False)


def test_activation_does_not_reopen_sessions() -> None:
    user = make_user()
    pair = open_session(user=user)
    save_inactive(user)

    activate_user(user=user)

    assert is_dead(pair)
    assert sign_in(email=user.email, password=PASSWORD)


def test_a_session_opened_with_a_replaced_password_does_not_work() -> None:
    stale = make_user()
    change_password(user=User.objects.get(pk=stale.pk), password="battery staple")

    assert is_dead(open_session(user=stale))


def test_a_refused_password_changes_nothing() -> None:
    user = make_user()
    pair = open_session(user=user)

    with pytest.raises(Invalid) as refusal:
        change_password(user=user, password="short")

    assert list(refusal.value.errors) == ["password"]
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert not is_dead(pair)


@pytest.mark.parametrize("named_by", ["refresh", "access", "both", "a bad one beside"])
def test_logging_out_ends_the_session(named_by: str) -> None:
    pair = open_session(user=make_user())

    log_out(
        refresh_token={"access": "", "a bad one beside": "garbage"}.get(named_by, pair.refresh),
        access_token="" if named_by == "refresh" else pair.access,
    )

    assert Session.objects.get().end_reason == "logged_out"
    assert is_dead(pair)
    blacklisted = named_by in {"refresh", "both"}
    assert BlacklistedToken.objects.exists() is blacklisted


def test_a_used_token_still_logs_out() -> None:
    first = open_session(user=make_user())
    second = refresh_session(refresh_token=first.refresh)

    log_out(refresh_token=first.refresh)

    assert is_dead(second)


def test_a_logout_with_tokens_of_two_sessions_ends_both() -> None:
    user = make_user()
    here, there = open_session(user=user), open_session(user=user)

    log_out(refresh_token=here.refresh, access_token=there.access)

    assert is_dead(here)
    assert is_dead(there)


def test_logging_out_twice_is_refused() -> None:
    pair = open_session(user=make_user())
    log_out(refresh_token=pair.refresh)

    assert is_refused(lambda: log_out(refresh_token=pair.refresh))
    assert is_refused(log_out)


# --- Unknown e-mails --------------------------------------------------------------------------


class CountingHasher(MD5PasswordHasher):
    """A cheap hasher that counts its calls."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        """Count and hash."""
        CountingHasher.count += 1
        return super().encode(password, salt)


def test_an_unknown_email_costs_a_hash_like_a_wrong_password(
    settings: Any,
) -> None:
    settings.PASSWORD_HASHERS = ["accounts.tests.test_sessions.CountingHasher"]
    user = make_user()
    inactive = make_user()
    deactivate_user(user=inactive)
    costs = []
    for email, password in [
        (user.email, "wrong horse"),
        ("nobody@example.com", PASSWORD),
        (inactive.email, PASSWORD),
    ]:
        CountingHasher.count = 0
        with (
            CaptureQueriesContext(connection) as queries,
            pytest.raises(InvalidCredentials),
        ):
            sign_in(email=email, password=password)
        costs.append((CountingHasher.count, len(queries)))

    # One reads the user, one reads them again to record the failure, and one writes the record.
    assert costs == [(1, 3)] * 3
