"""Calls of the emulator as a client without any library makes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from integrations.sandbox.gemini import Gemini
from integrations.sandbox.server import Sandbox

MODEL = "gemini-3.8-flash"
FETCH = {
    "name": "fetch_order_details",
    "description": "Return an order.",
    "parametersJsonSchema": {
        "type": "object",
        "properties": {"order_id": {"type": "string"}},
        "required": ["order_id"],
    },
}
CHAIN = {**FETCH, "name": "order_chain", "description": "Tell why an order waits."}
ORDER = {"number": 12, "title": "Desk lamp", "status": "pending"}


def user(text: str) -> dict[str, Any]:
    """Return a content of a user."""
    return {"role": "user", "parts": [{"text": text}]}


def results(*found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a content that answers calls."""
    return {"role": "user", "parts": [{"functionResponse": each} for each in found]}


def result_of(call: Mapping[str, Any], **response: Any) -> dict[str, Any]:
    """Return the answer to a call, as a part of the API."""
    return {"id": call["id"], "name": call["name"], "response": response}


class Talk:
    """A client of the emulator."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (emulator,) = sandbox.emulators
        assert isinstance(emulator, Gemini)
        self.emulator = emulator

    def post(
        self,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Call a path below the emulator's base with its key."""
        url = f"http://{self.sandbox.host}/gemini/{path}"
        given = {"x-goog-api-key": self.emulator.key} if headers is None else headers
        return requests.post(url, json=body, headers=dict(given), timeout=5)

    def get(self, path: str) -> requests.Response:
        """Read a path below the emulator's base with its key."""
        url = f"http://{self.sandbox.host}/gemini/{path}"
        return requests.get(url, headers={"x-goog-api-key": self.emulator.key}, timeout=5)

    def ask(
        self,
        *contents: Mapping[str, Any],
        model: str = MODEL,
        functions: Sequence[Mapping[str, Any]] = (),
        **more: Any,
    ) -> requests.Response:
        """Ask the native face."""
        body: dict[str, Any] = {"contents": list(contents), **more}
        if functions:
            body["tools"] = [{"functionDeclarations": list(functions)}]
        return self.post(f"v1/models/{model}:generateContent", body)

    def control(self, path: str, body: Any) -> requests.Response:
        """Use the control plane."""
        url = f"http://{self.sandbox.host}/_control/gemini{path}"
        return requests.post(url, json=body, timeout=5)


def content_of(answer: requests.Response) -> dict[str, Any]:
    """Return the content of the only candidate."""
    (candidate,) = answer.json()["candidates"]
    content: dict[str, Any] = candidate["content"]
    return content


def calls_of(answer: requests.Response) -> list[dict[str, Any]]:
    """Return the calls of an answer."""
    parts = content_of(answer)["parts"]
    return [part["functionCall"] for part in parts if "functionCall" in part]


def text_of(answer: requests.Response) -> str:
    """Return the text of an answer."""
    return "".join(part.get("text", "") for part in content_of(answer)["parts"])
