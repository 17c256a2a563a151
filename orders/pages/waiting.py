"""Why an order waits, in sentences, and what people can do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Project
from orders.errors import numbered
from orders.lifecycle import GONE_WRONG, WAITING, FailurePolicy, Status
from orders.pages.picture import named
from orders.pages.shown import order_address
from orders.queries import MAX_NAMED, MAX_WAYS, MIN_HISTORY, Forecast, Picture

# Of the roots, the page shows the nearest at once, and the others when somebody asks for them.
MAX_ROOTS = 12
NEAREST_ROOTS = 4
# Nobody plans further ahead, and a calendar ends.
MAX_AHEAD_SECONDS = 10 * 365 * 24 * 60 * 60.0

# What holds an order where a wait begins.
REMARKS = {
    Status.DRAFT: "it is still a draft",
    Status.PENDING: "nobody has started it",
    Status.CANCELLED: "it will not be done",
}
# The move that gets an order on, and the words of its button around the number.
NEXT_MOVES = {
    Status.DRAFT: (Status.PENDING, "Make #{} pending"),
    Status.PENDING: (Status.ACTIVE, "Start #{}"),
    Status.ACTIVE: (Status.COMPLETED, "Complete #{}"),
    Status.SHIPPED: (Status.COMPLETED, "Complete #{}"),
    Status.FAILED: (Status.PENDING, "Try #{} again"),
}


@dataclass(frozen=True)
class Button:
    """A button that moves the order at `url` to `status`."""

    label: str
    url: str
    status: str
    version: int


@dataclass(frozen=True)
class Root:
    """An order where a wait begins: what holds it, and what the reader can do about it.

    `who` cares for it, and `links` lead to forms.
    """

    name: str
    url: str
    status: str
    since: datetime | None
    who: str
    remark: str
    button: Button | None
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Wait:
    """Why an order waits: for which orders, and at how many others that begins.

    `roots` are the nearest of these. `notes` say what follows once they are done.
    """

    direct: Sequence[tuple[str, str]]
    more_direct: int
    count: int
    is_more: bool
    roots: Sequence[Root]
    notes: Sequence[str]

    @property
    def nearest(self) -> Sequence[Root]:
        """The roots that the page shows at once."""
        return self.roots if len(self.roots) <= NEAREST_ROOTS + 1 else self.roots[:NEAREST_ROOTS]

    @property
    def others(self) -> Sequence[Root]:
        """The roots that it shows when somebody asks."""
        return self.roots[len(self.nearest) :]


def wait_of(project: Project, picture: Picture, *, may_handle: bool) -> Wait | None:
    """Return why the order in the middle of the picture waits; None if it has begun or ended."""
    order = picture.nodes[picture.focus]
    if order.status not in WAITING:
        return None
    held = {way[1] for way in picture.ways}
    # Those first on whose ways a wait begins: they are named in the picture's details.
    direct = sorted(order.blockers, key=lambda pk: (pk not in held, pk))
    direct = [pk for pk in direct if pk in picture.nodes]
    ways = picture.ways[:MAX_ROOTS]
    roots = [_root(project, picture, way, may_handle=may_handle) for way in ways]
    return Wait(
        direct=[named(project, picture, pk) for pk in direct[:MAX_NAMED]],
        more_direct=max(0, len(direct) - MAX_NAMED),
        count=len(picture.ways),
        is_more=len(picture.ways) == MAX_WAYS,
        roots=roots,
        notes=_notes(picture, len(direct)),
    )


def _root(project: Project, picture: Picture, way: Sequence[int], *, may_handle: bool) -> Root:
    held, number = way[-2], way[-1]
    node, detail = picture.nodes[number], picture.details.get(number)
    name, url = named(project, picture, number)
    remark = str(REMARKS.get(Status(node.status), ""))
    button, links = None, []
    before = picture.details.get(held)
    if node.status in GONE_WRONG and before and before.failure_policy == FailurePolicy.HOLD:
        words = f"#{held} keeps waiting until somebody acts"
        remark = f"{remark}; {words}" if remark else words
    if may_handle and url and detail and (move := NEXT_MOVES.get(Status(node.status))):
        button = Button(move[1].format(number), url, str(move[0]), detail.version)
    if may_handle and node.status == Status.FAILED and url:
        links.append((f"Cancel #{number} …", f"{url}/impact?to={Status.CANCELLED}"))
    if may_handle and node.status in GONE_WRONG and _is_here(project, picture, held):
        links.append((f"Let #{held} go on without it …", f"{order_address(project, held)}#why"))
    return Root(
        name=name,
        url=url,
        status=node.status,
        since=detail.since if detail else None,
        who=detail.assignee if detail else "",
        remark=remark,
        button=button,
        links=links,
    )


def _is_here(project: Project, picture: Picture, number: int) -> bool:
    detail = picture.details.get(number)
    return detail is not None and detail.project_id == project.pk


def _notes(picture: Picture, direct: int) -> list[str]:
    """Say what happens once the order waits for nothing."""
    order = picture.details.get(picture.focus)
    if order is None or not direct:
        return []
    if order.auto_activate and order.status == Status.PENDING:
        return [f"Then #{picture.focus} becomes active by itself."]
    if order.auto_activate:
        return [f"Once #{picture.focus} is pending as well, it becomes active by itself."]
    return [f"Then #{picture.focus} is ready, and somebody can start it."]


def words_of_forecast(forecast: Forecast, now: datetime) -> str:
    """Say when an order will likely be done, in the page's time zone."""
    if forecast.in_the_way:
        verb = "is" if len(forecast.in_the_way) == 1 else "are"
        stuck = numbered(forecast.in_the_way, MAX_NAMED)
        return f"No date yet: {stuck} {verb} in the way, and somebody has to act first."
    if forecast.likely is None or forecast.latest is None:
        return (
            "No date yet: there is not enough history. It takes at least "
            f"{MIN_HISTORY} orders that were active and got done."
        )
    likely, latest = (_day(now, seconds) for seconds in (forecast.likely, forecast.latest))
    by = likely if likely in ("today", "tomorrow") else f"by {likely}"
    until = "" if likely == latest else f", at the latest {latest}"
    return f"Likely done {by}{until} (from {forecast.history} orders)."


def _day(now: datetime, seconds: float) -> str:
    """Write the day that is so many seconds ahead: `today`, `3 Dec`, or with another year."""
    today = timezone.localtime(now).date()
    day = timezone.localtime(now + timedelta(seconds=min(seconds, MAX_AHEAD_SECONDS))).date()
    if (day - today).days < 2:
        return ("today", "tomorrow")[(day - today).days]
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")
