"""Why an order waits, on its page, and what people can do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Project
from orderchainer.core.db.prepared import Row
from orders.lifecycle import GONE_WRONG, WAITING, FailurePolicy, Status
from orders.pages.shown import order_address
from orders.pages.waiting import NEXT_MOVES, REMARKS
from orders.queries import Blocker

# More blockers than that help nobody; the page says how many more there are.
MAX_BLOCKERS = 20

_POLICIES = {
    FailurePolicy.FAIL: "If one of them fails or is cancelled, it fails as well.",
    FailurePolicy.IGNORE: "If one of them fails or is cancelled, it stops waiting for that one.",
}
# The chain names the order that keeps waiting for a failed one instead.
_REMARKS = {**REMARKS, Status.FAILED: "somebody has to try it again or let go of it"}


@dataclass(frozen=True)
class NextMove:
    """The move that gets an order on, and the words of its button."""

    label: str
    status: str


@dataclass(frozen=True)
class ShownBlocker:
    """An order that holds another one up. Without a `url` its name says all that we may tell.

    `next` and `cancel_url` are what can be done about it. The waiting order can let go of it if
    it waits for it directly.
    """

    number: int
    name: str
    url: str
    status: str
    since: datetime
    who: str
    remark: str
    is_direct: bool
    version: int
    next: NextMove | None
    cancel_url: str


@dataclass(frozen=True)
class Why:
    """Why an order waits: the orders that it waits for, and those where the wait begins.

    `notes` say what follows from them.
    """

    direct: list[ShownBlocker]
    roots: list[ShownBlocker]
    more: int
    waived: list[str]
    notes: list[str]


def why_it_waits(
    project: Project, found: Sequence[Blocker], row: Row, *, is_truncated: bool, may_handle: bool
) -> Why | None:
    """Return why the order waits; None if it has begun or ended."""
    if row["status"] not in WAITING:
        return None
    direct = [each for each in found if each.is_direct]
    # If nothing lies behind those that it waits for, they have been named already.
    is_deeper = any(each.is_root and not each.is_direct for each in found)
    roots = [each for each in found if each.is_root and not each.is_direct] if is_deeper else []
    notes = []
    if direct and row["auto_activate"]:
        notes.append("It becomes active by itself once it is pending and waits for nothing.")
    if direct and row["failure_policy"] in _POLICIES:
        notes.append(_POLICIES[row["failure_policy"]])
    if is_truncated:
        notes.append("More orders hold it up than this page shows. The chain shows all of them.")

    def shown(blockers: Sequence[Blocker]) -> list[ShownBlocker]:
        return [_shown(project, each, may_handle=may_handle) for each in blockers[:MAX_BLOCKERS]]

    return Why(
        direct=shown(direct),
        roots=shown(roots),
        more=max(0, len(direct) - MAX_BLOCKERS) + max(0, len(roots) - MAX_BLOCKERS),
        waived=[
            f"It no longer waits for #{each.id} {each.title or ''}".strip() + f": {each.reason}"
            for each in row["waivers"][:MAX_BLOCKERS]
        ],
        notes=notes,
    )


def next_move_of(number: int, status: str, *, is_held_up: bool) -> NextMove | None:
    """Return the move that gets an order on, unless another order holds it up."""
    move = NEXT_MOVES.get(Status(status))
    if move is None or is_held_up:
        return None
    wanted, words = move
    return NextMove(words.format(number), str(wanted))


def _shown(project: Project, blocker: Blocker, *, may_handle: bool) -> ShownBlocker:
    in_project = blocker.project_uuid == project.uuid
    url = order_address(project, blocker.id) if in_project else ""
    may_act = may_handle and in_project
    failed = blocker.status in GONE_WRONG
    return ShownBlocker(
        number=blocker.id,
        name=f"#{blocker.id} {blocker.title}"
        if blocker.title is not None
        else f"#{blocker.id}, an order that you may not see",
        url=url,
        status=blocker.status,
        since=blocker.since,
        who=blocker.assignee,
        remark=_REMARKS.get(Status(blocker.status), "") if blocker.is_root else "it is waiting too",
        is_direct=blocker.is_direct,
        version=blocker.version,
        next=next_move_of(blocker.id, blocker.status, is_held_up=not blocker.is_root)
        if may_act
        else None,
        cancel_url=f"{url}/impact?to={Status.CANCELLED}"
        if may_act and failed and blocker.status != Status.CANCELLED
        else "",
    )
