"""The sign-in of each surface, and requests to it from many addresses."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.test import Client

NOW = 1_700_000_000  # 2023-11-14T22:13:20Z
EMAIL = "ada@example.com"
HOME = "203.0.113.5"


@dataclass(frozen=True)
class Door:
    """A surface's sign-in: the path, the body, and the refusal after too many tries."""

    path: str
    name: str
    refusal: dict[str, Any]

    def refusal_in(self, seconds: int) -> dict[str, Any]:
        """Return the body of a 429 that says to come back in that many seconds."""
        words = f"Too many requests. Try again in {seconds} second{'s' * (seconds > 1)}."
        return {name: words if value is WORDS else value for name, value in self.refusal.items()}


WORDS = object()
CHAIN = Door(
    "/api/auth/token",
    "username",
    {"detail": WORDS, "code": "rate_limit_exceeded"},
)
ENVELOPE = Door(
    "/api/auth/login",
    "email",
    {
        "success": False,
        "error": WORDS,
        "errorCode": "RATE_LIMIT_EXCEEDED",
        "timestamp": "2023-11-14T22:13:20.000Z",
    },
)
HUB = Door(
    "/api/v1/auth/login",
    "email",
    {
        "detail": WORDS,
        "code": "RATE_LIMIT_EXCEEDED",
        "timestamp": "2023-11-14T22:13:20Z",
    },
)
SHOP = Door("/auth/api/token/", "email", {"error": WORDS})
DOORS = [CHAIN, ENVELOPE, HUB, SHOP]
on_each_surface = pytest.mark.parametrize("door", DOORS, ids=["chain", "envelope", "hub", "shop"])

_strangers = count(1)


def a_stranger() -> str:
    """Return an address that no request has come from."""
    number = next(_strangers)
    return f"198.18.{number // 250}.{number % 250}"


def post(path: str, body: object, *, address: str, **headers: str) -> Any:
    """Post from an address, as our proxy reports it."""
    return Client().post(
        path,
        body,
        content_type="application/json",
        headers={"X-Forwarded-For": address, **headers},
    )


def sign_in(door: Door, *, email: str = EMAIL, password: str = "wrong", address: str) -> Any:
    """Try to sign in."""
    return post(door.path, {door.name: email, "password": password}, address=address)


def statuses(responses: Any) -> list[int]:
    return [response.status_code for response in responses]
