"""Calls to `/api/auth/` that many tests begin with."""

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import PASSWORD


def register(client: APIClient, **body: Any) -> Any:
    """Post a registration."""
    return client.post("/api/auth/register", body, format="json")


def tokens_of(client: APIClient, user: User) -> dict[str, Any]:
    """Sign in over HTTP."""
    response = client.post(
        "/api/auth/token", {"username": user.email, "password": PASSWORD}, format="json"
    )
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body
