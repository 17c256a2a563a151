"""The Authorization header: which tokens we accept, and that any other gets a plain 401."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import jwt
import pytest
from django.conf import settings
from django.urls import path
from django.utils import timezone
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from accounts.errors import TokenRefused
from accounts.models import Session
from accounts.services import log_out, open_session, refresh_session
from accounts.tests.factories import client_of, make_user
from accounts.tokens import SessionAccessToken


@api_view(["GET"])
def who_am_i(request: Request) -> Response:
    """Answer with the caller and their session."""
    return Response({"user": request.user.pk, "session": str(request.auth.pk)})


urlpatterns = [path("api/who-am-i", who_am_i)]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def ask(header: str) -> Any:
    """Call with this Authorization header."""
    return APIClient().get("/api/who-am-i", HTTP_AUTHORIZATION=header)


class Sign(Protocol):
    """Write a token for the first session with changed claims; None removes a claim."""

    def __call__(self, algorithm: str = "HS256", key: str = "", **changes: object) -> str: ...


def sign_access(algorithm: str = "HS256", key: str = "", **changes: object) -> str:
    """Sign an access token."""
    session = Session.objects.get()
    moment = timezone.now()
    claims = {
        "token_type": "access",
        "exp": moment + timedelta(minutes=5),
        "iat": moment,
        "jti": "0" * 32,
        "user_id": str(session.user_id),
        "sid": str(session.pk),
        **changes,
    }
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        key or (settings.SECRET_KEY if algorithm != "none" else ""),
        algorithm=algorithm,
    )


def sign_refresh(algorithm: str = "HS256", key: str = "", **changes: object) -> str:
    """Sign a refresh token."""
    return sign_access(algorithm, key, **{"token_type": "refresh", **changes})


OTHER_TYPE: dict[Sign, str] = {sign_access: "refresh", sign_refresh: "access"}


def part(value: object) -> str:
    """Encode one part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def with_header(signed: Sign, header: object) -> str:
    """Return a token with another header than the one that was signed."""
    return ".".join([part(header), *signed().split(".")[1:]])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "  Bearer ", "Bearer  "])
def test_accepts_the_token_of_an_open_session(scheme: str) -> None:
    user = make_user()
    access = open_session(user=user).access

    response = ask(f"{scheme} {access}")

    assert response.status_code == 200
    assert response.json() == {
        "user": user.pk,
        "session": str(Session.objects.get().pk),
    }


def test_a_token_that_the_helper_signs_is_accepted() -> None:
    open_session(user=make_user())

    assert ask(f"Bearer {sign_access()}").status_code == 200
    refresh_session(refresh_token=sign_refresh())


# Each function gets the function that signs tokens of the right type.
BAD: dict[str, Callable[[Sign], str]] = {
    "no header": lambda _: "",
    "no token": lambda _: "Bearer",
    "an empty token": lambda _: "Bearer ",
    "another scheme": lambda _: "Basic dXNlcjpwYXNz",
    "no scheme": lambda signed: signed(),
    "two tokens": lambda signed: f"Bearer {signed()} {signed()}",
    "garbage": lambda _: "Bearer garbage",
    "dots": lambda _: "Bearer ..",
    "a huge token": lambda _: "Bearer " + "A" * 100_000,
    "a huge payload": lambda signed: f"Bearer {signed(padding='x' * 10_000)}",
    "no ASCII": lambda _: "Bearer tökén",
    "bytes beyond Latin-1": lambda _: "Bearer \u20ac\U0001f511",
    "a NUL": lambda signed: f"Bearer {signed()}\x00",
    "a lone surrogate": lambda _: "Bearer \ud800",
    "a cut signature": lambda signed: f"Bearer {signed()[:-2]}",
    "no signature": lambda signed: f"Bearer {signed().rpartition('.')[0]}.",
    "alg none": lambda signed: f"Bearer {signed('none')}",
    "alg None in our token": lambda signed: (
        f"Bearer {with_header(signed, {'alg': 'none', 'typ': 'JWT'})}"
    ),
    "another algorithm": lambda signed: f"Bearer {signed('HS512')}",
    "another key": lambda signed: f"Bearer {signed(key='k' * 64)}",
    "a header that is a list": lambda signed: f"Bearer {with_header(signed, [])}",
    "a header that is a number": lambda signed: f"Bearer {with_header(signed, 5)}",
    "a header of brackets": lambda signed: f"Bearer {with_header(signed, b'[' * 1200)}",
    "a header that is no JSON": lambda signed: f"Bearer {with_header(signed, b'{')}",
    "a header with bad bytes": lambda signed: f"Bearer {with_header(signed, bytes([255, 254]))}",
    "a critical extension": lambda signed: (
        f"Bearer {with_header(signed, {'alg': 'HS256', 'crit': ['x']})}"
    ),
    "a key id of another type": lambda signed: (
        f"Bearer {with_header(signed, {'alg': 'HS256', 'kid': 5})}"
    ),
    "the other type": lambda signed: f"Bearer {signed(token_type=OTHER_TYPE[signed])}",
    "another type": lambda signed: f"Bearer {signed(token_type='admin')}",
    "no type": lambda signed: f"Bearer {signed(token_type=None)}",
    "expired": lambda signed: f"Bearer {signed(exp=timezone.now() - timedelta(seconds=1))}",
    "no expiry": lambda signed: f"Bearer {signed(exp=None)}",
    "an expiry that is text": lambda signed: f"Bearer {signed(exp='tomorrow')}",
    "an expiry beyond all years": lambda signed: f"Bearer {signed(exp=10**30)}",
    "not yet valid": lambda signed: f"Bearer {signed(nbf=timezone.now() + timedelta(hours=1))}",
    "no id": lambda signed: f"Bearer {signed(jti=None)}",
    "no session": lambda signed: f"Bearer {signed(sid=None)}",
    "a session that is no id": lambda signed: f"Bearer {signed(sid='1')}",
    "a session that is a number": lambda signed: f"Bearer {signed(sid=1)}",
    "a session that is a list": lambda signed: f"Bearer {signed(sid=[])}",
    "an unknown session": lambda signed: f"Bearer {signed(sid='0' * 32)}",
    "a token without a session": lambda signed: f"Bearer {SessionAccessToken()}",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_a_401_and_nothing_else(bad: str) -> None:
    open_session(user=make_user())

    response = ask(BAD[bad](sign_access))

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "Could not validate credentials"},
    )
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("bad", [name for name in BAD if name != "no scheme"])
def test_a_bad_refresh_token_is_a_401_too(bad: str) -> None:
    """The same table for refresh tokens, without the header around them."""
    open_session(user=make_user())
    token = BAD[bad](sign_refresh).removeprefix("Bearer").strip()

    with pytest.raises(TokenRefused):
        refresh_session(refresh_token=token)
    with pytest.raises(TokenRefused):
        log_out(refresh_token=token)
    assert Session.objects.get().ended_at is None


def test_each_token_identifies_its_own_user() -> None:
    ada, bob = make_user(), make_user()

    assert client_of(ada).get("/api/who-am-i").json()["user"] == ada.pk
    assert client_of(bob).get("/api/who-am-i/").json()["user"] == bob.pk
