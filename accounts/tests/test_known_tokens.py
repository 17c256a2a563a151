"""Access tokens that have been verified before."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts import queries, tokens
from accounts.errors import TokenRefused
from accounts.models import Session
from accounts.services import end_session, open_session
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_known", {})


def test_a_token_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = open_session(user=make_user())
    first = queries.session_of(pair.access)
    monkeypatch.setattr(tokens, "read_token", None)

    assert queries.session_of(pair.access) == first


def test_a_known_token_expires() -> None:
    pair = open_session(user=make_user())
    queries.session_of(pair.access)
    lifetime = timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES)
    later = timezone.now() + lifetime + timedelta(seconds=1)

    with time_machine.travel(later, tick=False), pytest.raises(TokenRefused):
        queries.session_of(pair.access)


def test_a_known_token_of_an_ended_session_is_refused() -> None:
    user = make_user()
    pair = open_session(user=user)
    session = queries.session_of(pair.access)

    end_session(session=session, reason=Session.EndReason.LOGGED_OUT)

    with pytest.raises(TokenRefused):
        queries.session_of(pair.access)


def test_a_token_with_another_signature_is_not_known() -> None:
    pair = open_session(user=make_user())
    queries.session_of(pair.access)
    forged = pair.access[:-6] + ("AAAAAA" if not pair.access.endswith("AAAAAA") else "BBBBBB")

    with pytest.raises(TokenRefused):
        queries.session_of(forged)


def test_a_refresh_token_opens_nothing() -> None:
    pair = open_session(user=make_user())

    for _ in range(2):
        with pytest.raises(TokenRefused):
            queries.session_of(pair.refresh)


def test_only_so_many_tokens_are_known_and_none_of_them_in_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tokens, "MAX_KNOWN", 2)
    user = make_user()
    pairs = [open_session(user=user) for _ in range(5)]

    for pair in pairs:
        queries.session_of(pair.access)

    assert len(tokens._known) <= 2
    assert not any(pair.access.encode() in digest for pair in pairs for digest in tokens._known)
