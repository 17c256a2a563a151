"""Races for API tokens. On PostgreSQL, also what would happen without our guards."""

from collections.abc import Callable
from threading import Event

import pytest

from accounts.errors import ApiTokenNotFound, TokenRefused, TooManyApiTokens
from accounts.models import Activity, ApiToken, User
from accounts.queries import api_token_of
from accounts.services import (
    activate_user,
    api_tokens,
    deactivate_user,
    note_use,
    revoke_api_token,
)
from accounts.services.api_tokens import MAX_API_TOKENS
from accounts.tests.factories import make_api_token, make_user
from accounts.tokens import NewApiToken, new_api_token
from orderchainer.testing.races import Meeting, on_postgresql, race

pytestmark = pytest.mark.django_db(transaction=True)

Made = tuple[ApiToken, str]


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the lock on the user's row, but keep the check that they are active."""

    def look(user: User) -> User:
        if not User.objects.filter(pk=user.pk, is_active=True).exists():
            raise TokenRefused
        return user

    monkeypatch.setattr(api_tokens, "lock_caller", look)


# --- Two made at once, and room for one -------------------------------------------------------


def make_user_with_room_for(number: int) -> User:
    """Return a user who may have `number` more tokens."""
    user = make_user()
    ApiToken.objects.bulk_create(
        ApiToken(user=user, name="A program", prefix=str(count), digest="0")
        for count in range(MAX_API_TOKENS - number)
    )
    return user


def create(user: User) -> Callable[[], Made]:
    """Return a function that makes a token."""
    return lambda: make_api_token(user)


@pytest.mark.services
@on_postgresql
def test_two_tokens_made_at_once_do_not_exceed_the_maximum() -> None:
    user = make_user_with_room_for(1)
    meeting = Meeting('INSERT INTO "accounts_apitoken"')

    outcomes = race(create(user), create(user), meeting=meeting)

    assert not meeting.was_complete  # the lock kept one of them out
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "TooManyApiTokens",
        "tuple",
    ]
    assert ApiToken.objects.in_force().count() == MAX_API_TOKENS


def test_many_tokens_made_at_once_do_not_exceed_the_maximum() -> None:
    user = make_user_with_room_for(2)

    outcomes = race(*[create(user)] * 6)

    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, TooManyApiTokens) for outcome in outcomes) == 4
    assert ApiToken.objects.in_force().count() == MAX_API_TOKENS


@pytest.mark.services
@on_postgresql
def test_without_the_lock_two_tokens_made_at_once_exceed_the_maximum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control."""
    user = make_user_with_room_for(1)
    unlock(monkeypatch)
    meeting = Meeting.of_all('INSERT INTO "accounts_apitoken"')

    outcomes = race(create(user), create(user), meeting=meeting)

    assert [type(outcome) for outcome in outcomes] == [tuple, tuple]
    assert ApiToken.objects.in_force().count() == MAX_API_TOKENS + 1


# --- One made while its user is deactivated ---------------------------------------------------


def deactivate_during_creation(user: User, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Deactivate `user` just before a token is written; return both outcomes."""
    all_but_written, deactivated = Event(), Event()

    def wait_then_make() -> NewApiToken:
        all_but_written.set()
        deactivated.wait(0.5)  # times out if the lock holds
        return new_api_token()

    def deactivate() -> None:
        assert all_but_written.wait(10)
        deactivate_user(user=User.objects.get(pk=user.pk))
        deactivated.set()

    monkeypatch.setattr(api_tokens, "new_api_token", wait_then_make)
    outcomes: list[object] = list(race(create(user), deactivate))
    return outcomes


def test_a_token_made_during_a_deactivation_does_not_survive_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = make_user()

    deactivate_during_creation(user, monkeypatch)

    assert not ApiToken.objects.in_force().exists()


@pytest.mark.services
@on_postgresql
def test_without_the_lock_the_token_survives_the_deactivation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control. The token does not work while the user is deactivated."""
    user = make_user()
    unlock(monkeypatch)

    outcomes = deactivate_during_creation(user, monkeypatch)

    assert ApiToken.objects.in_force().exists()
    [made] = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
    with pytest.raises(TokenRefused):
        api_token_of(made[1])
    activate_user(user=User.objects.get(pk=user.pk))
    assert not ApiToken.objects.in_force().exists()


# --- One revoked twice, and while it is used --------------------------------------------------


def test_a_token_revoked_by_many_at_once_is_revoked_once() -> None:
    user = make_user()
    token, _ = make_api_token(user)

    outcomes = race(
        *[lambda: revoke_api_token(user=user, token_id=token.pk)] * 4,
        meeting=Meeting('UPDATE "accounts_apitoken"', parties=4),
    )

    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ApiTokenNotFound) for outcome in outcomes) == 3
    assert Activity.objects.filter(type="api_token_revoked").count() == 1


def test_a_token_that_is_revoked_while_it_is_used_stays_revoked() -> None:
    user = make_user()
    token, text = make_api_token(user)

    outcomes = race(
        lambda: note_use(api_token_of(text)),
        lambda: revoke_api_token(user=user, token_id=token.pk),
        meeting=Meeting('UPDATE "accounts_apitoken"'),
    )

    assert outcomes == [None, None]
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert token.last_used_at is not None
    with pytest.raises(TokenRefused):
        api_token_of(text)


def test_concurrent_first_uses_are_written_once() -> None:
    _, text = make_api_token(make_user())
    loaded = [api_token_of(text) for _ in range(4)]

    def use(token: ApiToken) -> Callable[[], None]:
        def work() -> None:
            note_use(token)
            token.refresh_from_db()

        return work

    race(*map(use, loaded), meeting=Meeting('UPDATE "accounts_apitoken"', parties=4))

    assert len({token.last_used_at for token in loaded}) == 1
