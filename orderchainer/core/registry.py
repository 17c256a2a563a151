"""Registries that the apps fill, so that `core` need not know the apps.

Each app has a module `registrations.py` that its `AppConfig.ready()` imports, so everything is
registered before the first request.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class RegistrationError(Exception):
    """Two apps use the same name, or an app registers too late."""


class Registry(Mapping[Key, Value]):
    """A mapping that the apps fill while they start, in the order of INSTALLED_APPS.

    Reading all of it closes it. An early reader would miss later entries, so registering after that
    is an error.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._values: dict[Key, Value] = {}
        self._is_closed = False

    def add(self, key: Key, value: Value) -> Value:
        """Register `value` and return it.

        Raises RegistrationError if the key is taken or it is too late.
        """
        if self._is_closed:
            msg = f"The {self._what} {key!r} is registered after all of them were read."
            raise RegistrationError(msg)
        if key in self._values:
            msg = f"The {self._what} {key!r} is registered twice."
            raise RegistrationError(msg)
        self._values[key] = value
        return value

    def so_far(self) -> Mapping[Key, Value]:
        """Return what is registered so far, without closing the registry."""
        return dict(self._values)

    def __getitem__(self, key: Key) -> Value:
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[Key]:
        self._is_closed = True
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
