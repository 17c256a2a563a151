"""Shopify's search syntax for orders: `updated_at:>='2026-11-20T00:00:00Z' AND -status:cancelled`.

An invalid term does not fail. It is left out, and a warning stands in the answer's extensions.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.shopify.orders import Order

Test = Callable[[Order], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\))
      | (?P<minus>-)?(?P<field>[A-Za-z_.]+):(?P<operator>>=|<=|>|<)?\s*
        (?:'(?P<single>(?:\\.|[^'])*)'|"(?P<double>(?:\\.|[^"])*)"|(?P<bare>[^\s()]+))
      | (?P<word>[^\s()]+)
    )""",
    re.VERBOSE,
)
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Search:
    """A filter for orders, and what was wrong in its text."""

    matches: Test
    warnings: list[dict[str, Any]]


def read_search(text: str) -> Search:
    """Read a search. An empty one matches every order."""
    return _Reader(text).search()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [each.groupdict() for each in _TOKEN.finditer(text)]
        self._next = 0
        self._warnings: list[dict[str, Any]] = []

    def search(self) -> Search:
        test = self._any_of()
        return Search(test or _everything, self._warnings)

    def _any_of(self) -> Test | None:
        alternatives = [self._all_of()]
        while self._word() == "OR":
            self._next += 1
            alternatives.append(self._all_of())
        tests = [test for test in alternatives if test]
        if len(tests) < 2:
            return tests[0] if tests else None
        return lambda order: any(test(order) for test in tests)

    def _all_of(self) -> Test | None:
        tests: list[Test] = []
        is_negated = False
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token["close"] or self._word() == "OR":
                break
            self._next += 1
            if token["word"] == "AND":
                continue
            if token["word"] in ("NOT", "-"):
                is_negated = not is_negated
                continue
            test = self._nested() if token["open"] else self._term(token)
            if test:
                tests.append(_negated(test) if is_negated else test)
            is_negated = False
        if len(tests) < 2:
            return tests[0] if tests else None
        return lambda order: all(test(order) for test in tests)

    def _nested(self) -> Test | None:
        test = self._any_of()
        self._next += 1
        return test

    def _word(self) -> str | None:
        return self._tokens[self._next]["word"] if self._next < len(self._tokens) else None

    def _term(self, token: Mapping[str, str | None]) -> Test | None:
        if token["word"]:
            text = token["word"].strip("'\"").lower()
            return lambda order: _mentions(order, text)
        name, value = token["field"] or "", token["single"] or token["double"] or token["bare"]
        make = _FIELDS.get(name)
        if make is None:
            self._warn(name, "Invalid search field for this query.")
            return None
        try:
            test = make(token["operator"] or "", value or "")
        except ValueError:
            self._warn(name, f"Input `{value}` is not an accepted value.")
            return None
        return _negated(test) if token["minus"] else test

    def _warn(self, field: str, message: str) -> None:
        self._warnings.append({"field": field, "message": message})


def _everything(order: Order) -> bool:
    return True


def _negated(test: Test) -> Test:
    return lambda order: not test(order)


def _mentions(order: Order, text: str) -> bool:
    names = [order.name, order.email or "", order.customer.display_name if order.customer else ""]
    return any(text in name.lower() for name in names)


# --- The fields --------------------------------------------------------------------------------


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _by_time(attribute: str) -> Callable[[str, str], Test]:
    def make(sign: str, value: str) -> Test:
        compare, moment = _OPERATORS[sign], _moment(value)
        return lambda order: compare(getattr(order, attribute), moment)

    return make


def _by_id(sign: str, value: str) -> Test:
    compare, number = _OPERATORS[sign], int(value)
    return lambda order: compare(order.id, number)


def _by_status(sign: str, value: str) -> Test:
    if value not in ("open", "closed", "cancelled", "not_closed", "any"):
        raise ValueError(value)
    if value == "any":
        return _everything
    if value == "not_closed":
        return lambda order: order.status != "closed"
    return lambda order: order.status == value


def _by_choice(attribute: str, known: frozenset[str]) -> Callable[[str, str], Test]:
    def make(sign: str, value: str) -> Test:
        if value not in known:
            raise ValueError(value)
        return lambda order: (getattr(order, attribute) or "unfulfilled") == value

    return make


def _by_text(attribute: str) -> Callable[[str, str], Test]:
    def make(sign: str, value: str) -> Test:
        wanted = value.lower()
        return lambda order: (getattr(order, attribute) or "").lower() == wanted

    return make


def _by_name(sign: str, value: str) -> Test:
    return lambda order: value in (order.name, order.name.lstrip("#"))


def _by_tag(sign: str, value: str) -> Test:
    wanted = value.lower()
    return lambda order: any(tag.lower() == wanted for tag in order.tags)


def _by_test(sign: str, value: str) -> Test:
    if value not in ("true", "false"):
        raise ValueError(value)
    return lambda order: order.test == (value == "true")


_FIELDS: Mapping[str, Callable[[str, str], Test]] = {
    "created_at": _by_time("created_at"),
    "email": _by_text("email"),
    "financial_status": _by_choice(
        "financial_status",
        frozenset(
            {
                "pending",
                "authorized",
                "partially_paid",
                "paid",
                "partially_refunded",
                "refunded",
                "voided",
                "expired",
            }
        ),
    ),
    "fulfillment_status": _by_choice(
        "fulfillment_status", frozenset({"unfulfilled", "partial", "fulfilled"})
    ),
    "id": _by_id,
    "name": _by_name,
    "processed_at": _by_time("processed_at"),
    "status": _by_status,
    "tag": _by_tag,
    "test": _by_test,
    "updated_at": _by_time("updated_at"),
}
