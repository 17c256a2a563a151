"""How somebody looks at a chain. The address says it all, so links, tabs and Back work."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from orderchainer.core.ids import MAX_ID
from orders.folding import DEFAULT_DEPTH, Kind
from orders.lifecycle import OPEN_MOVES, Status
from orders.queries import Picture

# The most orders that an address asks to draw one by one: no picture keeps more.
MAX_OPENED = 100
MAX_DEPTH = 20

VIEWS = {"map": "Map", "overview": "Overview", "list": "List"}
SHOWN = ("waiting", "critical", "impact")
# The moves whose consequences we show, and their words after the number of an order.
WHAT_IFS = {
    Status.FAILED: "fails",
    Status.CANCELLED: "is cancelled",
    Status.COMPLETED: "is completed",
}
_FAR = {Kind.BEFORE, Kind.AFTER, Kind.BESIDE}


@dataclass(frozen=True)
class Looking:
    """A view of a chain: what it emphasises, how far it goes, and which orders it never folds."""

    view: str
    show: str
    to: str
    depth: int
    opened: tuple[int, ...]

    @classmethod
    def read(cls, query: QueryDict, *, default_view: str) -> Self:
        """Read it from the query string. What makes no sense is left out."""
        view, show, to = (query.get(name, "") for name in ("view", "show", "to"))
        depth = query.get("depth", "")
        numbers = [int(each) for each in query.get("open", "").split(",") if _is_number(each)]
        return cls(
            view=view if view in VIEWS else default_view,
            show=show if show in SHOWN else "waiting",
            to=to if show == "impact" and to in WHAT_IFS else "",
            depth=min(int(depth), MAX_DEPTH) if _is_number(depth) else DEFAULT_DEPTH,
            # What was opened last counts if there are too many.
            opened=tuple(dict.fromkeys(each for each in numbers if each <= MAX_ID))[-MAX_OPENED:],
        )

    def but(self, **changes: Any) -> Self:
        """Return it with other values."""
        return replace(self, **changes)

    @property
    def query(self) -> str:
        """The query string, with its question mark."""
        given = {
            "view": self.view,
            "show": self.show if self.show != "waiting" else "",
            "to": self.to,
            "depth": str(self.depth) if self.depth != DEFAULT_DEPTH else "",
            "open": ",".join(map(str, self.opened)),
        }
        return f"?{urlencode({name: text for name, text in given.items() if text}, safe=',')}"


@dataclass(frozen=True)
class Choice:
    """A link that changes how one looks."""

    label: str
    url: str
    is_current: bool


def views_of(looking: Looking) -> list[Choice]:
    """Return the tabs."""
    return [
        Choice(label, looking.but(view=view).query, view == looking.view)
        for view, label in VIEWS.items()
    ]


def emphases_of(looking: Looking, picture: Picture, status: str) -> list[Choice]:
    """Return the links that choose what to emphasise. `status` is the one of the order."""
    choices = []
    if picture.ways:
        choices.append(("What it waits for", looking.but(show="waiting", to="")))
    if len(picture.chain.critical_path) > 1:
        choices.append(("Critical path", looking.but(show="critical", to="")))
    if len(picture.nodes) > 1:
        choices += [
            (f"If it {WHAT_IFS[to]}", looking.but(show="impact", to=str(to)))
            for to in what_ifs(status)
        ]
    if len(choices) < 2:
        return []
    return [
        Choice(label, each.query, (each.show, each.to) == (looking.show, looking.to))
        for label, each in choices
    ]


def what_ifs(status: str) -> Collection[Status]:
    """Return the moves of an order with this status whose consequences we show."""
    return [move for move in WHAT_IFS if move in OPEN_MOVES[status]]


def depths_of(looking: Looking, picture: Picture) -> list[Choice]:
    """Return the links that show less or more around the order, if the picture leaves out any."""
    kinds = {node.kind for node in picture.folded.nodes.values()}
    if not kinds & _FAR and looking.depth == DEFAULT_DEPTH:
        return []
    return [
        Choice(str(depth), looking.but(depth=depth).query, depth == looking.depth)
        for depth in sorted({1, 2, 3, 5, 8, looking.depth})
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20
