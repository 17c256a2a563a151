"""The navigation of the workspace: each app registers its items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class Item:
    """A link in the navigation, for those who may do `operation`.

    `icon` is the name of a symbol. The item with the lowest `place` comes first. `key` is the
    letter that leads there after `g`. `also` are the names of URLs whose pages belong to the item
    too, though their paths do not lie under its own.
    """

    label: str
    icon: str
    operation: str
    place: int
    key: str = ""
    also: Sequence[str] = ()


@dataclass(frozen=True)
class Link:
    """An item as one page shows it."""

    name: str
    label: str
    icon: str
    url: str
    key: str
    is_current: bool


# By the name of its URL, whose only argument is `project_id`.
NAVIGATION: Registry[str, Item] = Registry("item of the navigation")


def links_for(project_id: Any, *, may: Callable[[str], bool], path: str) -> list[Link]:
    """Return the links of a project that somebody gets who `may` do these operations.

    The one that `path` is or lies under is the current one.
    """

    def address(name: str) -> str:
        return reverse(name, kwargs={"project_id": project_id})

    found = []
    for name, item in sorted(NAVIGATION.items(), key=lambda each: each[1].place):
        if may(item.operation):
            url, *others = map(address, [name, *item.also])
            is_current = any(_is_under(path, each) for each in [url, *others])
            found.append(Link(name, item.label, item.icon, url, item.key, is_current))
    return found


def _is_under(path: str, url: str) -> bool:
    return path == url or path.startswith(f"{url.rstrip('/')}/")
