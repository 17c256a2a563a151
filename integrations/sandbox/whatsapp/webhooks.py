"""Notifications on their way out: built, signed with the app's secret, and posted."""

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from integrations.sandbox.whatsapp.phones import Number, Sent

ANSWER_SECONDS = 10.0
CHALLENGE = "1158201444"


def signature(secret: str, body: bytes) -> str:
    """Return the value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def value_about(number: Number, **parts: Any) -> dict[str, Any]:
    """Return the value of a change about a number."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.display, "phone_number_id": number.id},
        **parts,
    }


def body_of(waba_id: str, values: Sequence[Mapping[str, Any]], field: str = "messages") -> bytes:
    """Return a notification with one entry. What is not ASCII is escaped, as Meta does."""
    changes = [{"field": field, "value": value} for value in values]
    entries = [{"id": waba_id, "changes": changes}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def status_of(sent: Sent, status: str, at: float, *, error_code: int = 0) -> dict[str, Any]:
    """Return a status as notifications tell it."""
    told: dict[str, Any] = {
        "id": sent.id,
        "status": status,
        "timestamp": str(int(at)),
        "recipient_user_id": sent.customer.user_id,
    }
    if sent.customer.wa_id:
        told["recipient_id"] = sent.customer.wa_id
    if sent.opaque:
        told["biz_opaque_callback_data"] = sent.opaque
    if status == "failed":
        told["errors"] = [
            {"code": error_code, "title": "Error", "error_data": {"details": "It did not arrive."}}
        ]
    else:
        told["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "service"}
    return told


def post(number: Number, body: bytes, *, signed: str = "good") -> int | None:
    """Post a notification. Return the status of the answer, or None if no answer came."""
    headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
    if signed != "none":
        secret = number.app_secret if signed == "good" else "the-secret-of-somebody-else"
        headers["X-Hub-Signature-256"] = signature(secret, body)
    return _call(number.callback, "POST", body, headers)[0]


def verifies(url: str, verify_token: str) -> bool:
    """Ask an address whether it knows the token, as Meta does before it posts anything there."""
    query = urlencode(
        {
            "hub.mode": "subscribe",
            "hub.verify_token": verify_token,
            "hub.challenge": CHALLENGE,
        }
    )
    status, answer = _call(f"{url}?{query}", "GET", None, {})
    return status == 200 and answer == CHALLENGE


def _call(
    url: str, method: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int | None, str]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None, ""
    finally:
        connection.close()
