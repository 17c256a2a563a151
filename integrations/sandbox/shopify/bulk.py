"""Bulk operations: one query over everything, and its answer as a file of JSON lines.

An operation is CREATED, then RUNNING, then COMPLETED. It moves one step on whenever the app looks
at it, unless the control plane holds it.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.sandbox.shopify.executing import Arguments, Execution
from integrations.sandbox.shopify.paging import Page, number_in, page_of
from integrations.sandbox.shopify.plans import Plan, Step, plan_for
from integrations.sandbox.shopify.records import BulkOperation
from integrations.sandbox.shopify.shop import Shop

# How many bulk queries of an app may run in a shop at once.
MAX_BULK_OPERATIONS = 5
OPEN = ("CREATED", "RUNNING", "CANCELING")


def run_query(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Start a bulk operation."""

    def refused(message: str, code: str = "INVALID") -> Any:
        error = {"field": ["query"], "message": message, "code": code}
        return {"bulkOperation": None, "userErrors": [error]}

    running = [one for one in shop.bulk_operations.values() if one.status in OPEN]
    if len(running) >= MAX_BULK_OPERATIONS:
        message = "A bulk query operation for this app and shop is already in progress"
        return refused(message, "OPERATION_IN_PROGRESS")
    problem = _problem_of(plan_for(arguments["query"], None))
    if problem:
        return refused(problem)
    operation = BulkOperation(
        next(shop.ids),
        arguments["query"],
        shop.now,
        shop.words(24),
        groups_objects=bool(arguments.get("groupObjects")),
    )
    shop.bulk_operations[operation.id] = operation
    return {"bulkOperation": operation, "userErrors": []}


def bulk_operation(shop: Shop, arguments: Arguments, execution: Execution) -> BulkOperation | None:
    """Find one bulk operation, and let it move on."""
    operation = shop.bulk_operations.get(number_in(arguments["id"], "BulkOperation"))
    return _looked_at(operation, execution) if operation else None


def current(shop: Shop, arguments: Arguments, execution: Execution) -> BulkOperation | None:
    """Find the newest bulk operation, and let it move on."""
    if not shop.bulk_operations:
        return None
    return _looked_at(shop.bulk_operations[max(shop.bulk_operations)], execution)


def bulk_operations(shop: Shop, arguments: Arguments, execution: Execution) -> Page:
    """Find a page of bulk operations."""
    entries = [(id, id) for id in sorted(shop.bulk_operations)]
    return page_of(entries, arguments, execution, sort="ID", node=shop.bulk_operations.get)


def cancel(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Ask a bulk operation to stop."""
    operation = shop.bulk_operations.get(number_in(arguments["id"], "BulkOperation"))
    if operation is None or operation.status not in OPEN:
        message = "A bulk operation cannot be canceled when it is not running"
        return {"bulkOperation": operation, "userErrors": [{"field": None, "message": message}]}
    operation.status = "CANCELING"
    return {"bulkOperation": operation, "userErrors": []}


def url(operation: BulkOperation, arguments: Arguments, execution: Execution) -> str | None:
    """Return the signed address of the file; None if nothing was found."""
    if operation.status != "COMPLETED" or not operation.file:
        return None
    return f"{execution.base}/bulk/{operation.id}.jsonl?signature={operation.signature}"


def _problem_of(plan: Plan) -> str:
    if plan.errors:
        return f"Invalid bulk query: {plan.errors[0]}"
    if plan.kind != "query":
        return "Invalid bulk query: it must be a query"
    if len(plan.steps) != 1 or not plan.steps[0].field.is_connection:
        return "Bulk queries must contain exactly one top-level connection field."
    connections, depth = _shape(plan.steps)
    if connections > 5:
        return "Bulk queries cannot contain more than 5 connections."
    if depth > 2:
        return "Bulk queries cannot contain connections with a nesting depth greater than 2."
    return ""


def _shape(steps: Sequence[Step]) -> tuple[int, int]:
    """Return how many connections there are, and how deep they are nested."""
    count, depth = 0, 0
    for step in steps:
        inner_count, inner_depth = _shape(step.steps)
        count += inner_count + step.field.is_connection
        depth = max(depth, inner_depth + step.field.is_connection)
    return count, depth


def _looked_at(operation: BulkOperation, execution: Execution) -> BulkOperation:
    if not execution.shop.holds_bulk:
        advance(operation, execution)
    return operation


def advance(operation: BulkOperation, execution: Execution) -> None:
    """Take an operation one step on."""
    if operation.status == "CANCELING":
        operation.status, operation.completed_at = "CANCELED", execution.shop.now
    elif operation.status == "CREATED":
        operation.status = "RUNNING"
    elif operation.status == "RUNNING":
        _complete(operation, execution.in_bulk())


def _complete(operation: BulkOperation, execution: Execution) -> None:
    data = execution.run(plan_for(operation.query, None))
    if execution.errors or data is None:
        is_denied = any(error.code == "ACCESS_DENIED" for error in execution.errors)
        fail(execution.shop, operation, "ACCESS_DENIED" if is_denied else "INTERNAL_SERVER_ERROR")
        return
    nodes = list(_nodes(next(iter(data.values()))))
    lines = list(_lines(nodes, is_grouped=operation.groups_objects, seed=operation.id))
    operation.file = b"".join(lines)
    operation.object_count, operation.root_object_count = len(lines), len(nodes)
    _finish(execution.shop, operation, "COMPLETED")


def fail(shop: Shop, operation: BulkOperation, error_code: str) -> None:
    """End an operation without a file."""
    operation.error_code = error_code
    _finish(shop, operation, "FAILED")


def _finish(shop: Shop, operation: BulkOperation, status: str) -> None:
    operation.status, operation.completed_at = status, shop.now
    error_code = operation.error_code
    shop.tell(
        "bulk_operations/finish",
        {
            "admin_graphql_api_id": operation.gid,
            "completed_at": operation.completed_at.isoformat(),
            "created_at": operation.created_at.isoformat(),
            "error_code": error_code.lower() if error_code else None,
            "status": status.lower(),
            "type": "query",
        },
    )


# --- The file ----------------------------------------------------------------------------------


def _lines(nodes: Sequence[Mapping[str, Any]], *, is_grouped: bool, seed: int) -> Iterator[bytes]:
    """Write nodes as JSON lines. Nested nodes are lines of their own with `__parentId`.

    Grouped lines follow their parents. Otherwise any line may come before any other.
    """
    found = [line for node in nodes for line in _flat(node)]
    if not is_grouped:
        random.Random(seed).shuffle(found)
    for line in found:
        yield json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _flat(node: Mapping[str, Any], parent_id: str = "") -> Iterator[dict[str, Any]]:
    own: dict[str, Any] = {}
    children: list[Mapping[str, Any]] = []
    for key, value in node.items():
        if isinstance(value, dict) and ("edges" in value or "nodes" in value):
            children += _nodes(value)
        else:
            own[key] = value
    yield {**own, "__parentId": parent_id} if parent_id else own
    for child in children:
        yield from _flat(child, str(node.get("id", "")))


def _nodes(connection: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from connection.get("nodes", [])
    for edge in connection.get("edges", []):
        yield edge["node"]
