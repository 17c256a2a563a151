"""The navigation of the workspace: each app registers its items."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from orderchainer.core.registry import Registry

# Whoever has more new things than this reads "99+".
MAX_COUNTED = 99
# How many items the bar of a phone has besides `More`.
MAX_IN_BAR = 4


@dataclass(frozen=True)
class Count:
    """How much at an item is new for somebody.

    `of` gets the person and the project, and need not count further than `MAX_COUNTED` and one
    more. People read the number, and hear it with `words`: `3 unread`.
    """

    words: str
    of: Callable[[Any, Any], int]


@dataclass(frozen=True)
class Item:
    """A link in the navigation, for those who may do `operation`.

    `icon` is the name of a symbol. The item with the lowest `place` comes first. `key` is the
    letter that leads there after `g`. `also` are the names of URLs whose pages belong to the item
    too, though their paths do not lie under its own. Pages ask for `count` by a script once they
    are there, so they wait for no statement of it. `tells` is the name of the URL from which a
    script gets what is new, for browsers that tell their readers themselves. The bar of a phone has
    the first items that are `on_phones`; the others are behind `More`.
    """

    label: str
    icon: str
    operation: str
    place: int
    key: str = ""
    also: Sequence[str] = ()
    count: Count | None = None
    tells: str = ""
    on_phones: bool = True


@dataclass(frozen=True)
class Link:
    """An item as one page shows it. `words` are those of its count, if it has one."""

    name: str
    label: str
    icon: str
    url: str
    key: str
    is_current: bool
    words: str = ""
    tells: str = ""
    in_bar: bool = False


# By the name of its URL, whose only argument is `project_id`.
NAVIGATION: Registry[str, Item] = Registry("item of the navigation")
# What stands beside the account, as icons. The same rules hold for these.
CORNER: Registry[str, Item] = Registry("item of the corner")


def links_for(
    project_id: Any,
    *,
    may: Callable[[str], bool],
    path: str,
    items: Mapping[str, Item] | None = None,
) -> list[Link]:
    """Return the links of a project that somebody gets who `may` do these operations.

    They are those of the navigation, or of other `items`. The one that `path` is or lies under is
    the current one.
    """

    def address(name: str) -> str:
        return reverse(name, kwargs={"project_id": project_id})

    found: list[Link] = []
    in_bar = 0
    for name, item in _allowed(NAVIGATION if items is None else items, may):
        url, *others = map(address, [name, *item.also])
        has_place = item.on_phones and in_bar < MAX_IN_BAR
        in_bar += has_place
        found.append(
            Link(
                name=name,
                label=item.label,
                icon=item.icon,
                url=url,
                key=item.key,
                is_current=any(_is_under(path, each) for each in [url, *others]),
                words=item.count.words if item.count else "",
                tells=address(item.tells) if item.tells else "",
                in_bar=has_place,
            )
        )
    return found


def counts_for(person: Any, project: Any, *, may: Callable[[str], bool]) -> dict[str, int]:
    """Return by name how much is new at each item that counts, for a person who `may` see it."""
    return {
        name: item.count.of(person, project)
        for items in (NAVIGATION, CORNER)
        for name, item in _allowed(items, may)
        if item.count is not None
    }


def _allowed(items: Mapping[str, Item], may: Callable[[str], bool]) -> Iterator[tuple[str, Item]]:
    for name, item in sorted(items.items(), key=lambda each: each[1].place):
        if may(item.operation):
            yield name, item


def _is_under(path: str, url: str) -> bool:
    return path == url or path.startswith(f"{url.rstrip('/')}/")
