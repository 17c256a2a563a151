"""How tests call the envelope document's accounts, and the refusals that it documents."""

import re
from typing import Any

from rest_framework.test import APIClient

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def post(path: str, **body: Any) -> Any:
    """Post to an endpoint without a token."""
    return APIClient().post(f"/api/auth/{path}", body)


def refusal(response: Any) -> tuple[int, dict[str, Any]]:
    """Return status and body without the timestamp, of which we only check that it exists."""
    body = response.json()
    assert MOMENT.fullmatch(body.pop("timestamp"))
    return response.status_code, body


def refused(status: int, error: str, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"success": False, "error": error, "errorCode": code}


WRONG_EMAIL = refused(400, "Invalid email address", "VALIDATION_FAILED")
NO_USER = refused(404, "User not found", "USER_NOT_FOUND")
NOTHING = refused(400, "At least one field must be provided for update", "MISSING_REQUIRED_FIELD")
