"""What goes in and out of an emulator, and what an emulator is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """One request as it came in. Header names are in lower case; `at` is a Unix time."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        """Return the body's JSON. Raises ValueError."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """One answer to send."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(status: int, data: object, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer `data` as JSON."""
    return Answer(
        status,
        json.dumps(data).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )


def html_answer(status: int, page: str) -> Answer:
    """Answer a page of HTML, as the proxy in front of a provider does."""
    return Answer(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})


class Emulator(Protocol):
    """One emulated provider. Several threads send it requests at once."""

    name: str
    # How people write its name.
    label: str

    def serves(self, path: str) -> bool:
        """Tell whether requests for `path` are for this emulator."""
        ...

    def answer(self, request: Request) -> Answer:
        """Do what the real service would."""
        ...

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer `/_control/{name}{path}`, or return None if there is nothing at that path."""
        ...

    def settings(self, host: str) -> Mapping[str, str]:
        """Return the settings that point OrderChainer at the emulator at `host`."""
        ...

    def introduction(self, host: str) -> Sequence[str]:
        """Return lines that tell people how to use the emulator at `host`."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...
