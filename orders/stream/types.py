"""The registered types of events: each app registers its own when it starts."""

from django.db import models

_labels: dict[str, str] = {}


def register_types(types: type[models.TextChoices]) -> None:
    """Register an app's types of events. Raises ValueError if two apps use the same name."""
    for value, label in types.choices:
        if _labels.get(value, str(label)) != str(label):
            msg = f"two apps have an event type {value!r}"
            raise ValueError(msg)
        _labels[value] = str(label)


def registered_types() -> list[tuple[str, str]]:
    """Return (type, label) of every registered type, in the order of their registration."""
    return list(_labels.items())
