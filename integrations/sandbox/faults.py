"""Going wrong on purpose: rules that hit the next requests."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal[
    "status",  # answer `status`, `headers` and `body`; the provider sees nothing
    "html",  # the same with a page of HTML as some server in front would have it
    "delay",  # wait `seconds`, then answer as usual
    "hang",  # wait `seconds`, then close; the provider sees nothing
    "close",  # reset the connection at once; the provider sees nothing
    "truncate",  # do it, and send half of the answer
    "store_then_hang",  # do it, wait `seconds`, then close and never say so
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
        """Read a rule. Raises TypeError or ValueError for what is none."""
        fault = cls(**data)
        if fault.kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
        return fault


class Faults:
    """The rules in force, oldest first; each is used up."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        # Set to wake everybody who hangs.
        self._over = threading.Event()

    def add(self, fault: Fault) -> None:
        """Put `fault` behind those that wait already."""
        with self._lock:
            self._rules.append(fault)

    def take(self, path: str) -> Fault | None:
        """Return the rule that hits a request for `path` and count it, or None."""
        with self._lock:
            for rule in self._rules:
                if rule.times > 0 and rule.match in path:
                    rule.times -= 1
                    return rule
        return None

    def wait(self, seconds: float) -> None:
        """Wait, unless the rules are cleared meanwhile."""
        self._over.wait(seconds)

    def clear(self) -> None:
        """Drop all rules and let go whoever hangs in one."""
        with self._lock:
            self._rules.clear()
            self._over.set()
            self._over = threading.Event()
