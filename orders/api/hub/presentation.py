"""The bodies of orders, chains, events and figures on the hub surface.

Ids are UUIDs, and `number` is the id of the chain surface. Amounts are JSON numbers. Empty fields
that the hub document knows are null.
"""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from accounts.models import Project
from orderchainer.core.days import days_of
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.renderers import number
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds
from orders.figures import Sales, Summary
from orders.lifecycle import open_moves
from orders.queries import Blocker, BlockerOwner, Blockers, Chain, Waiver, assignee_in
from orders.stream.models import Event


def order_body(project: Project, row: Row) -> Body:
    """Write one order from the plain row that `queries.rows_in_project` reads."""
    currency = row["currency"]
    fulfilled_at = row["fulfilled_at"]
    return {
        "id": row["uuid"],
        "project_id": project.uuid,
        "external_id": row["external_id"] or None,
        "provider": row["provider"],
        "status": row["status"],
        "customer": {
            "name": row["customer_name"] or None,
            "email": row["customer_email"] or None,
            "phone": row["customer_phone"] or None,
        },
        "items": [_item(line, currency) for line in row["lines"]],
        "total": number(row["total_price"], currency),
        "currency": currency,
        "order_date": seconds(row["ordered_at"]),
        "number": row["id"],
        "title": row["title"],
        "fulfilled_date": fulfilled_at and seconds(fulfilled_at),
        "updated_at": seconds(row["updated_at"]),
        "dependencies": [_uuid(each["uuid"]) for each in row["uuids"]],
        "ready": row["ready"],
        "is_test": row["is_test"],
        "open_moves": open_moves(row["status"], blocked=not row["ready"]),
        "link": row["link"],
        "notes": row["notes"],
        "shipping_address": row["shipping_address"],
        "auto_activate": row["auto_activate"],
        "failure_policy": row["failure_policy"],
        "source_details": row["source_details"],
        "assignee": row["assignee__uuid"]
        and {"id": row["assignee__uuid"], "name": assignee_in(row)},
    }


def _item(line: Row, currency: str) -> Body:
    return {
        "name": line["name"],
        "quantity": line["quantity"],
        "price": number(Decimal(line["unit_price"]), currency),
        "sku": line["sku"],
        "product_id": line["product"] and _uuid(line["product"]),
    }


def _uuid(text: str) -> str:
    """Write a UUID that was read as part of a JSON value. SQLite leaves out its dashes."""
    return text if "-" in text else str(UUID(text))


def chain_body(order_id: UUID, chain: Chain) -> Body:
    """Write a chain as nodes and edges, nodes in topological order.

    All blockers are among the nodes, unless the chain is cut. Then we leave out those without a
    node.
    """
    uuids = {node.id: node.uuid for node in chain.nodes}
    return {
        "order_id": order_id,
        "nodes": [
            {
                "id": node.uuid,
                "number": node.id,
                "title": node.title,
                "status": node.status,
                "ready": node.ready,
                "blockers": [uuids[pk] for pk in node.blockers if pk in uuids],
            }
            for node in chain.nodes
        ],
        "edges": [
            {
                "order": node.uuid,
                "depends_on": uuids[edge.depends_on],
                "waived": edge.is_waived,
            }
            for node in chain.nodes
            for edge in node.edges
        ],
        "topological_order": [node.uuid for node in chain.nodes],
        "critical_path": [uuids[pk] for pk in chain.critical_path],
        "truncated": chain.is_truncated,
        "edges_truncated": chain.has_truncated_edges,
    }


def blockers_body(found: Blockers) -> Body:
    """Write why an order is waiting."""
    blockers = found.blockers
    return {
        "order_id": found.order.uuid,
        "status": found.order.status,
        "waiting": bool(blockers),
        "blockers": [_blocker(blocker) for blocker in blockers if blocker.is_direct],
        "root_blockers": [_blocker(blocker) for blocker in blockers if blocker.is_root],
        "waived": [_waiver(waiver) for waiver in found.waivers],
        "truncated": found.is_truncated,
    }


def _blocker(blocker: Blocker) -> Body:
    return {
        "id": blocker.uuid,
        "number": blocker.id,
        "title": blocker.title,
        "status": blocker.status,
        "since": seconds(blocker.since),
        "owner": blocker.owner and _owner(blocker.owner),
    }


def _owner(owner: BlockerOwner) -> Body:
    return {"id": owner.uuid, "name": owner.name, "email": owner.email}


def _waiver(waiver: Waiver) -> Body:
    return {
        "id": waiver.uuid,
        "number": waiver.id,
        "title": waiver.title,
        "status": waiver.status,
        "waived_at": seconds(waiver.waived_at),
        "waived_by": waiver.waived_by_uuid,
        "reason": waiver.reason,
    }


def event_body(event: Event) -> Body:
    """Write one event of an order's history."""
    return {
        "event_id": event.event_id,
        "position": event.position,
        "type": event.type,
        "order_id": event.subject_uuid,
        "actor_id": event.actor_uuid,  # type: ignore[attr-defined]  # annotated by `history_for`
        "created_at": seconds(event.created_at),
        "data": event.data,
    }


def summary_body(summary: Summary) -> Body:
    """Write the figures of a period."""
    currency = summary.currency
    return {
        "period_days": len(days_of(summary.period)),
        "total_orders": summary.total_orders,
        "total_revenue": number(summary.total_revenue, currency),
        "orders_by_status": summary.orders_by_status,
        "average_order_value": number(summary.average_order_value, currency),
        "currency": currency,
        "by_currency": _by_currency(summary.by_currency),
        "start_date": summary.period.first.isoformat(),
        "end_date": summary.period.last.isoformat(),
        "timezone": summary.period.zone.key,
    }


def _by_currency(sales: Mapping[str, Sales]) -> Body:
    return {
        currency: {
            "total_orders": each.total_orders,
            "total_revenue": number(each.total_revenue, currency),
            "average_order_value": number(each.average_order_value, currency),
        }
        for currency, each in sales.items()
    }
