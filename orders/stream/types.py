"""The types of events that there are: each app registers its own when it starts."""

from django.db import models

_labels: dict[str, str] = {}


def register_types(types: type[models.TextChoices]) -> None:
    """Register an app's types of events. Raises ValueError where two apps use the same word."""
    for value, label in types.choices:
        if _labels.get(value, str(label)) != str(label):
            msg = f"two apps have an event type {value!r}"
            raise ValueError(msg)
        _labels[value] = str(label)


def registered_types() -> list[tuple[str, str]]:
    """Return (type, label) of every registered type, in the order of their registration."""
    return list(_labels.items())
