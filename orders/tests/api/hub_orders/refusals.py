"""How the hub refuses."""

from typing import Any


def refusal(response: Any) -> tuple[int, dict[str, Any]]:
    """Return status and body without the timestamp. Fails if there is no timestamp."""
    body = response.json()
    assert body.pop("timestamp").endswith("Z")
    return response.status_code, body
