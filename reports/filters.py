"""The filters of a report: what a request may name."""

from collections.abc import Mapping, Sequence
from typing import Any

from orderchainer.core.errors import Invalid
from orderchainer.core.money import MoneyRefused, require_currency
from reports.builders import BUILDERS, Builder

MAX_TEXT_LENGTH = 200
MAX_WORDS = 20
_TAKES_WORDS = ("provider", "status")
_FILTERS = (*_TAKES_WORDS, "currency", "customer")


def checked(report_type: str, filters: Mapping[str, Any]) -> Mapping[str, str | Sequence[str]]:
    """Return the filters as they are stored: without empty ones, and words as lists.

    Raises `Invalid` for `filters`.
    """
    builder = BUILDERS[report_type]
    kept = {name: value for name, value in filters.items() if value not in ("", None, [])}
    if unknown := [name for name in kept if name not in builder.filters]:
        known = ", ".join(name for name in _FILTERS if name in builder.filters)
        raise _refusal(f"A {report_type} report has no filter {unknown[0][:50]}, only {known}.")
    return {name: _value(builder, name, value) for name, value in kept.items()}


def _value(builder: Builder, name: str, value: object) -> str | Sequence[str]:
    if name in _TAKES_WORDS:
        return _words(builder.providers if name == "provider" else builder.statuses, name, value)
    if not isinstance(value, str):
        raise _refusal(f"{name} must be a text.")
    if name == "currency":
        try:
            return require_currency(value)
        except MoneyRefused as exc:
            raise _refusal(str(exc)) from exc
    if len(value) > MAX_TEXT_LENGTH:
        raise _refusal(f"{name} has at most {MAX_TEXT_LENGTH} characters.")
    _require_storable(value, name)
    return value.strip()


def _words(known: Sequence[str] | None, name: str, value: object) -> Sequence[str]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _refusal(f"{name} must be a text or a list of texts.")
    if len(words) > MAX_WORDS or any(len(word) > MAX_TEXT_LENGTH for word in words):
        raise _refusal(f"{name} has at most {MAX_WORDS} short words.")
    for word in words:
        _require_storable(word, name)
    if known is not None and (unknown := [word for word in words if word not in known]):
        raise _refusal(f'{name}: "{unknown[0][:50]}" is not one of {", ".join(known)}.')
    return list(dict.fromkeys(words))


def _require_storable(text: str, name: str) -> None:
    # PostgreSQL cannot store NUL, not even within JSON.
    if "\x00" in text:
        raise _refusal(f"{name} must not have null characters.")


def _refusal(message: str) -> Invalid:
    return Invalid({"filters": [message]})
