"""The bodies of orders, chains and events on the chain surface.

`order_body` writes an order wherever one appears. It takes the plain row that `queries.rows_of`
reads: model instances and a serializer would take more than twice as long.
"""

from decimal import Decimal

from orderchainer.core.db.prepared import Row
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds_without_zone
from orderchainer.core.money import written
from orders.queries import Blocker, BlockerOwner, Blockers, Chain, Waiver
from orders.stream.models import Event

DELETED: Body = {"message": "Order deleted successfully"}


def order_body(row: Row) -> Body:
    """Write one order."""
    return {
        "id": row["id"],
        "title": row["title"],
        "description": row["description"],
        "status": row["status"],
        "created_at": seconds_without_zone(row["created_at"]),
        "updated_at": seconds_without_zone(row["updated_at"]),
        "owner_id": row["owner_id"],
        "uuid": row["uuid"],
        "dependencies": list(row["waits"]),
        "auto_activate": row["auto_activate"],
        "failure_policy": row["failure_policy"],
        "ready": row["ready"],
        "items": [_line(line, row["currency"]) for line in row["lines"]],
        "total_price": written(row["total_price"], row["currency"]),
        "currency": row["currency"],
        "link": row["link"],
        "customer": {
            "name": row["customer_name"],
            "email": row["customer_email"],
            "phone": row["customer_phone"],
        },
        "shipping_address": row["shipping_address"],
        "phone_number": row["phone_number"],
        "notes": row["notes"],
        "provider": row["provider"],
        "external_id": row["external_id"],
    }


def _line(line: Row, currency: str) -> Body:
    unit_price = Decimal(line["unit_price"])
    body = {
        "name": line["name"],
        "sku": line["sku"],
        "unit_price": written(unit_price, currency),
        "quantity": line["quantity"],
        "total_price": written(unit_price * line["quantity"], currency),
    }
    if line["product_id"] is not None:
        body["product_id"] = line["product_id"]
    return body


def chain_body(order_id: int, chain: Chain) -> Body:
    """Write a chain as nodes and edges, nodes in topological order."""
    return {
        "order_id": order_id,
        "nodes": [
            {
                "id": node.id,
                "title": node.title,
                "status": node.status,
                "owner_id": node.owner_id,
                "ready": node.ready,
                "blockers": node.blockers,
            }
            for node in chain.nodes
        ],
        "edges": [
            {
                "order": node.id,
                "depends_on": edge.depends_on,
                "waived": edge.is_waived,
            }
            for node in chain.nodes
            for edge in node.edges
        ],
        "topological_order": [node.id for node in chain.nodes],
        "critical_path": chain.critical_path,
        "truncated": chain.is_truncated,
        "edges_truncated": chain.has_truncated_edges,
    }


def blockers_body(found: Blockers) -> Body:
    """Write why an order is waiting."""
    blockers = found.blockers
    return {
        "order_id": found.order.pk,
        "status": found.order.status,
        "waiting": bool(blockers),
        "blockers": [_blocker(blocker) for blocker in blockers if blocker.is_direct],
        "root_blockers": [_blocker(blocker) for blocker in blockers if blocker.is_root],
        "waived": [_waiver(waiver) for waiver in found.waivers],
        "truncated": found.is_truncated,
    }


def _blocker(blocker: Blocker) -> Body:
    return {
        "id": blocker.id,
        "title": blocker.title,
        "status": blocker.status,
        "since": seconds_without_zone(blocker.since),
        "owner": blocker.owner and _owner(blocker.owner),
    }


def _owner(owner: BlockerOwner) -> Body:
    return {"id": owner.id, "name": owner.name, "email": owner.email}


def _waiver(waiver: Waiver) -> Body:
    return {
        "id": waiver.id,
        "title": waiver.title,
        "status": waiver.status,
        "waived_at": seconds_without_zone(waiver.waived_at),
        "waived_by": waiver.waived_by_id,
        "reason": waiver.reason,
    }


def event_body(event: Event) -> Body:
    """Write one event of an order's history."""
    return {
        "event_id": event.event_id,
        "position": event.position,
        "type": event.type,
        "order_id": event.order_id,
        "actor_id": event.actor_id,
        "created_at": seconds_without_zone(event.created_at),
        "data": event.data,
    }
