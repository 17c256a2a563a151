"""API tokens: how they are made, what they are good for, and everything that ends one."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import ApiTokenNotFound, TokenRefused, TooManyApiTokens
from accounts.events import credentials_ended
from accounts.models import Activity, ApiToken, User
from accounts.queries import api_token_of, credential_of, still_open
from accounts.scopes import all_scopes
from accounts.services import (
    activate_user,
    change_password,
    create_api_token,
    deactivate_user,
    note_use,
    revoke_api_token,
    revoke_api_tokens,
)
from accounts.services.api_tokens import MAX_API_TOKENS, MAX_LIFETIME
from accounts.tests.factories import make_api_token, make_user
from orderchainer.core.errors import Invalid

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, 12, tzinfo=timezone.get_fixed_timezone(0))
SCOPE_PROBLEM = [f"Must be one or more of {', '.join(all_scopes())}."]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time; `clock.shift` moves it on."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def recorded(user: User) -> list[tuple[str, int | None, dict[str, Any]]]:
    """Return the activity about the user's API tokens, oldest first."""
    rows = Activity.objects.filter(user_id=user.pk, type__startswith="api_token")
    return [(row.type, row.actor_id, row.data) for row in rows.order_by("pk")]


# --- Making one -------------------------------------------------------------------------------


def test_stores_only_the_digest_of_a_token() -> None:
    user = make_user()

    token, text = create_api_token(
        user=user, name="  Nightly export ", scopes=["orders:write", "account:read"]
    )

    token.refresh_from_db()
    assert text.startswith(f"oc_{token.prefix}_")
    assert (len(text), len(token.prefix)) == (54, 10)
    assert token.digest == sha256(text.encode()).hexdigest()
    assert (token.name, token.user) == ("Nightly export", user)
    assert token.scopes == ["account:read", "orders:write"]
    assert (token.expires_at, token.last_used_at, token.revoked_at) == (None,) * 3
    secret = text.rpartition("_")[2]
    assert not any(secret in str(value) for value in vars(token).values())
    assert recorded(user) == [
        (
            "api_token_created",
            user.pk,
            {"token_id": str(token.pk), "scopes": ["account:read", "orders:write"]},
        )
    ]


def test_no_two_tokens_are_alike() -> None:
    user = make_user()

    texts = {make_api_token(user)[1] for _ in range(20)}

    assert len({text.split("_")[1] for text in texts}) == 20
    assert len({text.split("_")[2] for text in texts}) == 20


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": ["Must have 1 to 100 characters."]}),
        ({"name": " \t"}, {"name": ["Must have 1 to 100 characters."]}),
        ({"name": "x" * 101}, {"name": ["Must have 1 to 100 characters."]}),
        ({"scopes": []}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": ["orders"]}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": ["orders:read", "orders:delete"]}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": ["ORDERS:READ"]}, {"scopes": SCOPE_PROBLEM}),
        ({"expires_at": START}, {"expires_at": ["Must be in the future."]}),
        (
            {"expires_at": START - timedelta(days=1)},
            {"expires_at": ["Must be in the future."]},
        ),
        (
            {"expires_at": START + MAX_LIFETIME + timedelta(seconds=1)},
            {
                "expires_at": [
                    "Must be within ten years. Leave it out for a token that does not expire."
                ]
            },
        ),
        (
            {"name": "", "scopes": ["all"]},
            {"name": ["Must have 1 to 100 characters."], "scopes": SCOPE_PROBLEM},
        ),
    ],
)
def test_refuses_invalid_fields_of_a_token(
    clock: time_machine.Traveller, changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    user = make_user()

    with pytest.raises(Invalid) as refusal:
        create_api_token(user=user, **{"name": "A program", "scopes": ["orders:read"], **changes})

    assert refusal.value.errors == errors
    assert not ApiToken.objects.exists()
    assert recorded(user) == []


def test_each_scope_can_be_given() -> None:
    token, _ = make_api_token(make_user(), *all_scopes(), *all_scopes())

    assert token.scopes == list(all_scopes())


def test_the_number_of_valid_tokens_is_limited(
    clock: time_machine.Traveller,
) -> None:
    user = make_user()
    ApiToken.objects.bulk_create(
        ApiToken(user=user, name="A program", prefix=str(number), digest="0")
        for number in range(MAX_API_TOKENS - 2)
    )
    revoked, _ = make_api_token(user)
    make_api_token(user, expires_at=START + timedelta(hours=1))

    with pytest.raises(TooManyApiTokens) as refusal:
        make_api_token(user)
    make_api_token(make_user())

    assert refusal.value.message == (
        "You have 100 API tokens, which is the maximum. Revoke one first."
    )
    revoke_api_token(user=user, token_id=revoked.pk)
    make_api_token(user)
    with pytest.raises(TooManyApiTokens):
        make_api_token(user)
    clock.shift(timedelta(hours=1))
    make_api_token(user)
    with pytest.raises(TooManyApiTokens):
        make_api_token(user)


def test_a_user_who_was_deactivated_meanwhile_gets_no_token() -> None:
    user = make_user()
    deactivate_user(user=User.objects.get(pk=user.pk))

    with pytest.raises(TokenRefused):
        make_api_token(user)

    assert not ApiToken.objects.exists()


# --- Signing in with one ----------------------------------------------------------------------


def test_finding_the_user_of_a_token_takes_one_statement() -> None:
    user = make_user()
    token, text = make_api_token(user, "orders:read")

    with CaptureQueriesContext(connection) as queries:
        found = credential_of(text)
        assert (found, found.user) == (token, user)

    assert len(queries) == 1
    assert isinstance(found, ApiToken)
    assert vars(found.user).keys() >= {"email", "is_active", "is_staff"}
    assert (found.scopes, found.created_at) == (["orders:read"], token.created_at)
    assert found.is_open


NOT_OURS: dict[str, Callable[[str], str]] = {
    "another secret": lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
    "the prefix alone": lambda text: text.rpartition("_")[0],
    "no secret": lambda text: text.rpartition("_")[0] + "_",
    "the secret alone": lambda text: "oc_" + text.rpartition("_")[2],
    "another prefix": lambda text: "oc_" + "0" * 10 + "_" + text.rpartition("_")[2],
    "another case": str.swapcase,
    "something more": lambda text: text + "a",
    "a line's end": lambda text: text + "\n",
    "a blank": lambda text: text + " ",
    "twice": lambda text: text + text,
    "a NUL": lambda text: text[:5] + "\x00" + text[6:],
    "a lone surrogate": lambda text: text[:5] + "\ud800" + text[6:],
    "digits of another script": lambda text: text[:5] + "\u0661" + text[6:],
    "nothing": lambda text: "oc_",
    "a wildcard": lambda text: "oc_%%%%%%%%%%_" + "%" * 40,
    "a huge one": lambda text: "oc_" + "a" * 100_000,
}


@pytest.mark.parametrize("spoil", NOT_OURS)
def test_refuses_any_other_text(spoil: str) -> None:
    _, text = make_api_token(make_user())

    with pytest.raises(TokenRefused):
        credential_of(NOT_OURS[spoil](text))


def test_the_digest_does_not_work_as_a_token() -> None:
    """A copy of the database gives nobody a token."""
    token, _ = make_api_token(make_user())

    with pytest.raises(TokenRefused):
        api_token_of(f"oc_{token.prefix}_{token.digest[:40]}")


# --- What ends it -----------------------------------------------------------------------------


def is_dead(token: ApiToken, text: str) -> bool:
    """Tell whether every way to check the token refuses it."""
    token = ApiToken.objects.get(pk=token.pk)
    try:
        api_token_of(text)
        refused = False
    except TokenRefused:
        refused = True
    assert refused == (not token.is_open) == (still_open([token.pk]) == set())
    return refused


def test_revokes_one_token_for_good_and_leaves_the_others() -> None:
    user = make_user()
    token, text = make_api_token(user)
    other, other_text = make_api_token(user)

    revoke_api_token(user=user, token_id=token.pk)

    assert is_dead(token, text)
    assert not is_dead(other, other_text)
    with pytest.raises(ApiTokenNotFound):
        revoke_api_token(user=user, token_id=token.pk)
    assert recorded(user)[2:] == [("api_token_revoked", user.pk, {"token_id": str(token.pk)})]


def test_announces_a_revoked_token(
    django_capture_on_commit_callbacks: Any,
) -> None:
    user = make_user()
    token, _ = make_api_token(user)
    heard: list[Any] = []

    def hear(sender: object, **signal: Any) -> None:
        heard.append((signal["user_id"], signal["credential_ids"]))

    credentials_ended.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            revoke_api_token(user=user, token_id=token.pk)
            assert heard == []
    finally:
        credentials_ended.disconnect(hear)

    assert heard == [(user.pk, [token.pk])]


@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_users_cannot_revoke_the_tokens_of_others(whose: str) -> None:
    token, text = make_api_token(make_user())
    stranger = make_user()

    with pytest.raises(ApiTokenNotFound):
        revoke_api_token(user=stranger, token_id=token.pk if whose == "another's" else uuid4())

    assert not is_dead(token, text)
    assert recorded(stranger) == []


def test_the_activity_names_the_staff_who_revoked_a_token() -> None:
    user, staff = make_user(), make_user(is_staff=True)
    token, text = make_api_token(user)

    revoke_api_token(user=user, token_id=token.pk, by=staff)

    assert is_dead(token, text)
    assert recorded(user)[1:] == [("api_token_revoked", staff.pk, {"token_id": str(token.pk)})]


def test_a_token_expires(clock: time_machine.Traveller) -> None:
    token, text = make_api_token(make_user(), expires_at=START + timedelta(hours=1))

    clock.shift(timedelta(hours=1) - timedelta(seconds=1))
    assert not is_dead(token, text)
    clock.shift(timedelta(seconds=1))
    assert is_dead(token, text)


def test_a_token_survives_a_changed_password() -> None:
    user = make_user()
    token, text = make_api_token(user)

    change_password(user=user, password="another horse")

    assert not is_dead(token, text)


def test_deactivating_a_user_ends_their_tokens_for_good() -> None:
    user, staff = make_user(), make_user(is_staff=True)
    token, text = make_api_token(user)

    deactivate_user(user=user, by=staff)

    assert is_dead(token, text)
    activate_user(user=user)
    assert is_dead(token, text)
    assert recorded(user)[1:] == [("api_token_revoked", staff.pk, {"token_id": str(token.pk)})]


def test_a_user_deactivated_without_the_service_comes_back_without_tokens() -> None:
    user = make_user()
    token, text = make_api_token(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert is_dead(token, text)

    activate_user(user=user)

    assert is_dead(token, text)


def test_all_tokens_of_one_user_are_revoked_in_a_constant_number_of_statements() -> None:
    counts = []
    for number in (1, 5):
        user = make_user()
        for _ in range(number):
            make_api_token(user)
        with CaptureQueriesContext(connection) as queries:
            assert revoke_api_tokens(user=user) == number
        counts.append(len(queries))
        assert not ApiToken.objects.in_force().filter(user=user).exists()
        assert revoke_api_tokens(user=user) == 0

    assert counts[0] == counts[1]


def test_finds_out_which_of_many_tokens_are_valid(
    clock: time_machine.Traveller,
) -> None:
    user, locked_out = make_user(), make_user()
    open_one, _ = make_api_token(user)
    expired, _ = make_api_token(user, expires_at=START + timedelta(hours=1))
    revoked, _ = make_api_token(user)
    revoke_api_token(user=user, token_id=revoked.pk)
    orphaned, _ = make_api_token(locked_out)
    User.objects.filter(pk=locked_out.pk).update(is_active=False)
    clock.shift(timedelta(hours=1))

    with CaptureQueriesContext(connection) as queries:
        found = still_open([open_one.pk, expired.pk, revoked.pk, orphaned.pk, uuid4()])

    assert found == {open_one.pk}
    assert len(queries) == 2


# --- When it was used -------------------------------------------------------------------------


def test_notes_the_first_use_and_then_one_a_minute(
    clock: time_machine.Traveller,
) -> None:
    _, text = make_api_token(make_user())
    writes = []

    for _ in range(181):
        with CaptureQueriesContext(connection) as queries:
            note_use(api_token_of(text))
        writes.append(len(queries) - 1)
        clock.shift(timedelta(seconds=1))

    assert [second for second, count in enumerate(writes) if count] == [0, 60, 120, 180]
    assert ApiToken.objects.get().last_used_at == START + timedelta(seconds=180)


def test_concurrent_uses_are_noted_once(clock: time_machine.Traveller) -> None:
    _, text = make_api_token(make_user())
    at_once = [api_token_of(text) for _ in range(3)]

    for seconds, token in enumerate(at_once):
        with time_machine.travel(START + timedelta(seconds=seconds), tick=False):
            note_use(token)

    assert ApiToken.objects.get().last_used_at == START


def test_a_token_works_while_the_database_refuses_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, text = make_api_token(make_user())
    token = api_token_of(text)

    def refuse(*_: object, **__: object) -> int:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(QuerySet, "update", refuse)

    note_use(token)
