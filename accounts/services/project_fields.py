"""What the fields of a project may hold."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from accounts.services.json_objects import object_problem
from orderchainer.core.errors import Invalid


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise `Invalid` for a name that says nothing, an unknown time zone and settings out of bounds."""
    errors: dict[str, list[str]] = {}
    if "name" in fields and not fields["name"].strip():
        errors["name"] = ["This field may not be blank."]
    if "timezone" in fields and fields["timezone"] not in _timezones():
        errors["timezone"] = ["This is no time zone; for example Europe/Berlin."]
    if "settings" in fields and (problem := object_problem(fields["settings"])):
        errors["settings"] = [problem]
    if errors:
        raise Invalid(errors)


@cache
def _timezones() -> frozenset[str]:
    """Return the names of the tz database; looking them up reads some hundred files."""
    # Names that stand for whatever a machine is set to, and for nothing.
    return frozenset(available_timezones()) - {"localtime", "Factory"}
