"""Widgets to pick related rows by typing. They survive posted values that cannot be keys."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db import models


def is_value_of(field: "models.Field[Any, Any]", text: str) -> bool:
    """Tell whether `text` is a possible value of `field`: the right type, and within the database's
    range.
    """
    try:
        field.run_validators(field.to_python(text))
    except ValidationError:
        return False
    return True


def is_key_of(model: type[models.Model], text: str) -> bool:
    """Tell whether `text` could be a primary key."""
    return is_value_of(model._meta.pk, text)


class Picks(AutocompleteJsonView):
    """Answers what people type into a field that picks rows."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return a row with the words that its page has for picking, if it has any."""
        result: dict[str, str] = super().serialize_result(obj, to_field_name)
        words_to_pick = getattr(self.model_admin, "words_to_pick", None)
        return result if words_to_pick is None else {**result, "text": words_to_pick(obj)}


class _Keys:
    """Drop selected values that cannot be keys, since Django would look them up in the database."""

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> Any:
        model = self.field.remote_field.model  # type: ignore[attr-defined]  # of the widget
        keys = [key for key in value if not key or is_key_of(model, key)]
        return super().optgroups(name, keys, attr)  # type: ignore[misc]  # of the widget


class PickOne(_Keys, AutocompleteSelect):  # type: ignore[misc]  # the stubs type `attr` as nothing
    """Pick one related row by typing."""


class PickMany(_Keys, AutocompleteSelectMultiple):  # type: ignore[misc]  # as above
    """Pick several related rows by typing."""
