"""Faults on purpose: rules that make the next requests go wrong."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal[
    "status",  # answer `status`, `headers` and `body`; the provider sees nothing
    "html",  # the same with a page of HTML, as a proxy in front of the service would send
    "delay",  # wait `seconds`, then answer as usual
    "hang",  # wait `seconds`, then close; the provider sees nothing
    "close",  # reset the connection at once; the provider sees nothing
    "truncate",  # do what was asked, and send half of the answer
    "store_then_hang",  # do what was asked, wait `seconds`, then close without an answer
]


@dataclass
class Fault:
    """What happens to the next `times` requests whose path contains `match`."""

    kind: Kind
    times: int = 1
    match: str = ""
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 30

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fault":
        """Read a rule. Raises TypeError or ValueError if it is malformed."""
        fault = cls(**data)
        if fault.kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
        return fault


class Faults:
    """The rules in force, oldest first. A rule ends after its `times` requests."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        # Set to wake every request that hangs.
        self._over = threading.Event()

    def add(self, fault: Fault) -> None:
        """Add `fault` after the existing rules."""
        with self._lock:
            self._rules.append(fault)

    def take(self, path: str) -> Fault | None:
        """Return the rule that matches a request for `path` and count the request, or None."""
        with self._lock:
            for rule in self._rules:
                if rule.times > 0 and rule.match in path:
                    rule.times -= 1
                    return rule
        return None

    def wait(self, seconds: float) -> None:
        """Wait, but stop early if the rules are cleared."""
        self._over.wait(seconds)

    def clear(self) -> None:
        """Drop all rules and release the requests that hang."""
        with self._lock:
            self._rules.clear()
            self._over.set()
            self._over = threading.Event()
