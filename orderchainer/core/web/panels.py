"""Panels: a higher app shows something on the page of a lower app, which does not know of it.

The page loads the panel's address by itself, with the page's own arguments. Without JavaScript the
panel is a link.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class Panel:
    """A panel for those who may do `operation`; None means everybody who sees the page.

    `module` is the path of a static file, a script that the page loads for it.
    """

    label: str
    operation: str | None
    place: int
    module: str = ""


@dataclass(frozen=True)
class PanelLink:
    """A panel as one page shows it."""

    name: str
    label: str
    url: str
    module: str = ""


# By the names of two URLs: the page's and the panel's. Both have the same arguments.
PANELS: Registry[tuple[str, str], Panel] = Registry("panel")


def panels_on(
    page: str, arguments: Mapping[str, Any], *, may: Callable[[str], bool]
) -> list[PanelLink]:
    """Return the panels of a page that somebody gets who `may` do these operations."""
    registered = [(own, panel) for (on, own), panel in PANELS.items() if on == page]
    return [
        PanelLink(own, panel.label, reverse(own, kwargs=dict(arguments)), panel.module)
        for own, panel in sorted(registered, key=lambda each: each[1].place)
        if panel.operation is None or may(panel.operation)
    ]
