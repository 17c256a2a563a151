"""Rows that are picked by typing, with widgets that survive what nobody could have picked."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db import models


def is_value_of(field: "models.Field[Any, Any]", text: str) -> bool:
    """Tell whether `text` could stand in `field`: of its type, and within what a database holds."""
    try:
        field.run_validators(field.to_python(text))
    except ValidationError:
        return False
    return True


def is_key_of(model: type[models.Model], text: str) -> bool:
    """Tell whether `text` could be the key of a row."""
    return is_value_of(model._meta.pk, text)


class _Keys:
    """Leave out of what is shown as selected whatever cannot be a key: Django asks the database for it."""

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> Any:
        model = self.field.remote_field.model  # type: ignore[attr-defined]  # of the widget
        keys = [key for key in value if not key or is_key_of(model, key)]
        return super().optgroups(name, keys, attr)  # type: ignore[misc]  # of the widget


class PickOne(_Keys, AutocompleteSelect):  # type: ignore[misc]  # the stubs type `attr` as nothing
    """A related row, found by typing."""


class PickMany(_Keys, AutocompleteSelectMultiple):  # type: ignore[misc]  # as above
    """Related rows, found by typing."""
