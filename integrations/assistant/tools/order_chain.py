"""Why an order waits, and what waits for it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from accounts.models import Project
from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tools.naming import ORDER_ID, order_in
from integrations.assistant.tools.parameters import Parameters
from integrations.assistant.tools.showing import cut, local, name_of, without_gaps
from orderchainer.core.db.prepared import Row
from orders.access import VIEW_ORDERS
from orders.models import Order
from orders.queries import Blocker, Waiver, blockers_for

MAX_SHOWN = 8
# A blocker may be shown twice, so its notes are short.
MAX_NOTES_LENGTH = 80


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return what holds an order up, where that begins, and what waits for it.

    Orders of other projects may be in the chain, also of projects of the same user. We say that
    they are there and nothing more. Takes five statements.
    """
    order, others = order_in(asker, parameters)
    found = blockers_for(asker.user, order["id"])
    direct = [blocker for blocker in found.blockers if blocker.is_direct]
    roots = [blocker for blocker in found.blockers if blocker.is_root]
    shown = {each.id for each in (*direct[:MAX_SHOWN], *roots[:MAX_SHOWN])}
    here = _rows_here(asker.project, shown | {each.id for each in found.waivers[:MAX_SHOWN]})
    dependents = Order.objects.filter(
        project=asker.project,
        dependency_edges__depends_on=order["id"],
        dependency_edges__waived_at=None,
    ).values("id", "title", "status", "external_id")
    told = {
        "order": {
            "name": name_of(order),
            "number": order["id"],
            "id": str(order["uuid"]),
            "title": cut(order["title"]),
            "status": order["status"],
        },
        "also_called_so": others,
        "is_waiting": bool(found.blockers),
        "waiting_for": _shown(direct, here, asker.project),
        "waiting_for_in_all": len(direct),
        "held_up_by": _shown(roots, here, asker.project),
        "held_up_by_in_all": len(roots),
        "no_longer_waits_for": [_waiver(each, here) for each in found.waivers[:MAX_SHOWN]],
        "needed_by": [_shown_row(each) for each in dependents.order_by("pk")[:MAX_SHOWN]],
    }
    return without_gaps(told)


def _rows_here(project: Project, ids: Collection[int]) -> dict[int, Row]:
    """Return what we show of these orders, without those of other projects."""
    rows = Order.objects.filter(project=project, pk__in=ids).values(
        "id", "title", "notes", "external_id"
    )
    return {row["id"]: {**row} for row in rows}


def _shown(
    blockers: Sequence[Blocker], here: Mapping[int, Row], project: Project
) -> list[dict[str, Any]]:
    return [_blocker(each, here.get(each.id), project) for each in blockers[:MAX_SHOWN]]


def _blocker(blocker: Blocker, row: Row | None, project: Project) -> dict[str, Any]:
    if row is None:
        return {"is_outside_this_project": True}
    told = {
        "name": name_of(row),
        "number": blocker.id,
        "title": cut(row["title"]),
        "status": blocker.status,
        "since": local(blocker.since, project),
        "notes": cut(row["notes"], MAX_NOTES_LENGTH),
    }
    return without_gaps(told)


def _waiver(waiver: Waiver, here: Mapping[int, Row]) -> dict[str, Any]:
    if waiver.id not in here:
        return {"is_outside_this_project": True}
    told = {
        "name": name_of(here[waiver.id]),
        "number": waiver.id,
        "title": cut(here[waiver.id]["title"]),
        "status": waiver.status,
        "reason": cut(waiver.reason, MAX_NOTES_LENGTH),
    }
    return without_gaps(told)


def _shown_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name_of(row),
        "number": row["id"],
        "title": cut(row["title"]),
        "status": row["status"],
    }


TOOL = Tool(
    name="order_chain",
    description="Says why an order is waiting: `waiting_for` are the orders that it directly waits "
    "for, `held_up_by` those where the wait begins (such as one that was cancelled or has not been "
    "started), each with its notes. `needed_by` are the orders that wait for this one. An order of "
    "another project is only mentioned.",
    parameters={
        "type": "object",
        "properties": {"order_id": ORDER_ID},
        "required": ["order_id"],
    },
    operation=VIEW_ORDERS,
    area="orders",
    run=run,
)
