"""A model behind OpenAI's `chat/completions`, which many services and local servers speak."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import requests
from django.conf import settings

from integrations.assistant.contracts import (
    History,
    Limits,
    ModelUnavailable,
    ToolDescription,
    Turn,
)
from integrations.assistant.status_codes import error_of
from integrations.openai.reading import turn_of
from integrations.openai.writing import body_of
from integrations.transport import CallFailed, call, parts_of

USER_AGENT_VERSION = "1.0"
MAX_ANSWER_BYTES = 8 * 1024 * 1024
WHO = "The model's service"


class CompatibleModel:
    """One model of the service at `OPENAI_API_BASE`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        limits: Limits,
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Ask the model once. Raises a `ModelError`."""
        body = body_of(self.name, history, tools, limits, schema)
        status, headers, told = self._post(body, limits.timeout_seconds)
        if status != 200:
            raise error_of(WHO, status, told, headers.get("Retry-After", ""))
        _require_writable(told)
        return turn_of(told, self.name)

    def _post(
        self, body: Mapping[str, Any], timeout_seconds: float
    ) -> tuple[int, Mapping[str, str], Any]:
        """Post a request; return status, headers and JSON of the answer, None if it has none."""
        headers = {
            "User-Agent": f"OrderChainer/{USER_AGENT_VERSION} ({settings.PUBLIC_URL})",
            "Content-Type": "application/json",
        }
        if settings.OPENAI_API_KEY:
            headers["Authorization"] = f"Bearer {settings.OPENAI_API_KEY}"
        url = f"{settings.OPENAI_API_BASE}/chat/completions"
        content = bytearray()
        try:
            with call(
                "POST", url, timeout=timeout_seconds, headers=headers, data=orjson.dumps(body)
            ) as response:
                for part in parts_of(response):
                    content += part
                    if len(content) > MAX_ANSWER_BYTES:
                        raise ModelUnavailable(f"{WHO} gave an answer that is too long")
        except CallFailed as exc:
            raise ModelUnavailable(f"{WHO} {exc}") from exc
        return response.status_code, response.headers, _json_in(response, bytes(content))


def _require_writable(told: Any) -> None:
    """Refuse an answer whose message could not go back in the next round.

    orjson reads more levels than it writes. In a request a message stands higher than here.
    """
    try:
        orjson.dumps(told)
    except TypeError:
        raise ModelUnavailable(f"{WHO} gave an answer that is too deep") from None


def _json_in(response: requests.Response, content: bytes) -> Any:
    """Return the JSON of an answer. An error may be a page of a proxy, which says no more."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if response.status_code != 200:
            return None
        # The exception would quote what the model wrote.
        raise ModelUnavailable(f"{WHO} gave an answer that is not JSON") from None
