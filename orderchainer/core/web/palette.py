"""What the command palette finds on the server: each app registers finders.

Pages and actions are on the page already, so its script finds them without asking.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orderchainer.core.registry import Registry

# How many things of one kind the palette shows.
MOST_OF_A_KIND = 5
MAX_TEXT_LENGTH = 100


@dataclass(frozen=True)
class Found:
    """Something that the palette leads to."""

    text: str
    url: str
    icon: str


@dataclass(frozen=True)
class Finder:
    """Finds things for those who may do `operation`, in one statement.

    `find` gets the person, the project and the text, which is not empty. Those with the lowest
    `place` come first.
    """

    operation: str
    place: int
    find: Callable[[Any, Any, str], Iterable[Found]]


# By what they find.
FINDERS: Registry[str, Finder] = Registry("finder")


def found_by(
    text: str, *, person: Any, project: Any, may: Callable[[str], bool]
) -> Sequence[Found]:
    """Return what somebody finds who `may` do these operations."""
    asked = " ".join(text.split())[:MAX_TEXT_LENGTH]
    if not asked:
        return []
    finders = sorted(FINDERS.values(), key=lambda each: each.place)
    return [
        found
        for finder in finders
        if may(finder.operation)
        for found in finder.find(person, project, asked)
    ]
