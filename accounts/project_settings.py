"""What a project's settings may hold under the names that apps have registered.

The settings of a project are an object that its clients fill as they like. An app that reads one of
them registers its name here with a check, so that a wrong value is refused when it is saved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from orderchainer.core.registry import Registry

# By name: what is wrong with a value, as a sentence for people; an empty text if nothing is.
CHECKS: Registry[str, Callable[[object], str]] = Registry("setting of projects")


def settings_problem(settings: Mapping[str, object]) -> str:
    """Return what is wrong with the values that apps read, or an empty string."""
    for name, value in settings.items():
        if name in CHECKS and (problem := CHECKS[name](value)):
            return f"{name}: {problem}"
    return ""


class Kind(Enum):
    """What people choose in a setting."""

    SWITCH = "switch"
    AMOUNT = "amount"


@dataclass(frozen=True)
class ShownSetting:
    """A setting that the page of the project's settings shows, under its registered name.

    A switch is true or false. An amount is a number, or null if people leave it empty.
    """

    label: str
    help_text: str
    kind: Kind = Kind.SWITCH


SHOWN: Registry[str, ShownSetting] = Registry("setting on the page of a project")
