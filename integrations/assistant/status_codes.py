"""What an HTTP error of a model's service means. Google and OpenAI agree on this.

Their texts may quote what we sent, so we keep no text but the name of the error.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.assistant.contracts import (
    KeyRefused,
    ModelBusy,
    ModelError,
    ModelUnavailable,
    RequestRefused,
    UnknownModel,
)

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]{1,60}", re.ASCII)
# A proxy or the service itself is overloaded, or gave up waiting. The same request may do later.
_LATER = frozenset({408, 409, 425, 429})


def error_of(who: str, code: int, body: object, retry_after: str = "") -> ModelError:
    """Return what a refusal means for the caller.

    `body` is its JSON, whatever that is, and `retry_after` the header of that name.
    """
    error = _error_in(body)
    name = error.get("status") or error.get("code")
    is_name = isinstance(name, str) and _NAME.fullmatch(name)
    words = f"{who} answered {code}" + (f" {name}" if is_name else "")
    if code in _LATER or code >= 500:
        return ModelBusy(words, after_seconds=_delay_in(error, retry_after))
    reasons = {str(each.get("reason")) for each in _details_of(error)}
    if code in {401, 403} or "API_KEY_INVALID" in reasons:
        return KeyRefused(words)
    if code == 404:
        return UnknownModel(words)
    # Anything below 400, such as a redirect, does not come from the service itself.
    return RequestRefused(words) if code >= 400 else ModelUnavailable(words)


def _error_in(body: object) -> Mapping[str, Any]:
    """Return the error of a body. Google's API for OpenAI's clients sends a list of one."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _delay_in(error: Mapping[str, Any], retry_after: str) -> float | None:
    """Return how many seconds to wait, as the details of an error or its header say."""
    delays = [str(each.get("retryDelay", "")) for each in _details_of(error)]
    for text in (*delays, retry_after):
        if found := _DURATION.fullmatch(text):
            return float(found[1])
    return None


def _details_of(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = error.get("details")
    if isinstance(details, list):
        yield from (each for each in details if isinstance(each, dict))
