"""Rules for the fields of a project."""

from collections.abc import Mapping
from typing import Any

from accounts.project_settings import settings_problem
from accounts.services.json_objects import object_problem
from orderchainer.core.errors import Invalid
from orderchainer.core.money import MoneyRefused, require_currency
from orderchainer.core.zones import zone_names


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise `Invalid` for values that a project cannot have.

    These are a blank name, an unknown time zone or currency, and settings that are too large or
    that an app cannot read.
    """
    errors: dict[str, list[str]] = {}
    if "name" in fields and not fields["name"].strip():
        errors["name"] = ["This field may not be blank."]
    if "timezone" in fields and fields["timezone"] not in zone_names():
        errors["timezone"] = ["This is not a time zone. Try Europe/Berlin, for example."]
    if "currency" in fields:
        try:
            require_currency(fields["currency"])
        except MoneyRefused as exc:
            errors["currency"] = [str(exc)]
    if "settings" in fields:
        given = fields["settings"]
        if problem := object_problem(given) or settings_problem(given):
            errors["settings"] = [problem]
    if errors:
        raise Invalid(errors)
