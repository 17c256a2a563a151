"""What the fields of a project may hold."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import orjson

from orderchainer.api.errors import Invalid

# As compact JSON in UTF-8.
MAX_SETTINGS_BYTES = 16 * 1024
MAX_SETTINGS_DEPTH = 8
# What every reader of JSON gets back as it was sent (RFC 8259, 6), and PostgreSQL, which writes numbers
# out in full, does not grow: a thousand letters of exponents become a megabyte of zeros.
MAX_NUMBER = 2**53
MIN_FRACTION = 1e-15


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise `Invalid` for a name that says nothing, an unknown time zone and settings out of bounds."""
    errors: dict[str, list[str]] = {}
    if "name" in fields and not str(fields["name"]).strip():
        errors["name"] = ["This field may not be blank."]
    if "timezone" in fields and fields["timezone"] not in _timezones():
        errors["timezone"] = ["This is no time zone; for example Europe/Berlin."]
    if "settings" in fields and (problem := _problem_of(fields["settings"])):
        errors["settings"] = [problem]
    if errors:
        raise Invalid(errors)


@cache
def _timezones() -> frozenset[str]:
    """Return the names of the tz database; looking them up reads some hundred files."""
    # Names that stand for whatever a machine is set to, and for nothing.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def _problem_of(settings: object) -> str:
    """Return what is wrong with settings; an empty string where they are fine."""
    if not isinstance(settings, dict):
        return "Must be an object."
    level: list[object] = [settings]
    depth = 0
    while level:
        depth += 1
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict | list) and depth > MAX_SETTINGS_DEPTH:
                return f"Must not be nested deeper than {MAX_SETTINGS_DEPTH} levels."
            if isinstance(value, dict):
                inner += [*value, *value.values()]
            elif isinstance(value, list):
                inner += value
            elif problem := _problem_of_scalar(value):
                return problem
        level = inner
    if len(orjson.dumps(settings)) > MAX_SETTINGS_BYTES:
        return f"Must not take up more than {MAX_SETTINGS_BYTES} bytes."
    return ""


def _problem_of_scalar(value: object) -> str:
    if isinstance(value, str) and "\x00" in value:
        return "Null characters are not allowed."
    if isinstance(value, int | float) and not isinstance(value, bool):
        size = abs(value)
        if not (size == 0 or MIN_FRACTION <= size <= MAX_NUMBER):
            return f"Numbers must lie between {MIN_FRACTION} and {MAX_NUMBER}, or be 0."
    return ""
