"""What a move brings, in words: the same in the dialog that asks and where people look ahead."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Project
from orderchainer.core.web.looks import Look
from orders.lifecycle import GONE_WRONG
from orders.pages.picture import LOOKS_OF_FATES
from orders.pages.shown import order_address
from orders.services.foreseeing import Affected, GivenBack, Group, Impact

# What becomes of one order, and of several.
_SENTENCES = {
    "fail_along": ("1 order fails too", "{} orders fail too"),
    "held_up": ("1 order still waits", "{} orders still wait"),
    "become_ready": ("1 order becomes ready", "{} orders become ready"),
    "become_active": ("1 order becomes active by itself", "{} orders become active by themselves"),
    "come_back": ("1 order comes back", "{} orders come back"),
}
_IF_IT_GOES_WRONG = {"held_up": ("1 order is blocked", "{} orders are blocked")}


@dataclass(frozen=True)
class ShownGroup:
    """Orders with the same fate: a heading, the first of them, and how many more there are."""

    words: str
    look: Look
    named: Sequence[tuple[str, str]]
    more: int


@dataclass(frozen=True)
class Consequences:
    """What a move brings. For the orders that go on nothing changes, so they are only counted."""

    groups: Sequence[ShownGroup]
    goes_on: int
    gives_back: Sequence[GivenBack]


def consequences_of(project: Project, impact: Impact) -> Consequences:
    """Return what the pages of a project show of an impact."""
    sentences = {**_SENTENCES, **(_IF_IT_GOES_WRONG if impact.status in GONE_WRONG else {})}
    groups = {name: getattr(impact, name) for name in sentences}
    return Consequences(
        groups=[
            _shown_group(project, name, sentences[name], group)
            for name, group in groups.items()
            if group.count
        ],
        goes_on=impact.go_on.count,
        gives_back=impact.gives_back,
    )


def _shown_group(
    project: Project, name: str, sentences: tuple[str, str], group: Group
) -> ShownGroup:
    one, several = sentences
    return ShownGroup(
        words=one if group.count == 1 else several.format(group.count),
        look=LOOKS_OF_FATES[name],
        named=[_named(project, affected) for affected in group.first],
        more=group.count - len(group.first),
    )


def _named(project: Project, affected: Affected) -> tuple[str, str]:
    if affected.title is None:
        return f"#{affected.id}, an order that you may not see", ""
    is_here = affected.project_id == project.pk
    url = order_address(project, affected.id) if is_here else ""
    return f"#{affected.id} {affected.title}", url
