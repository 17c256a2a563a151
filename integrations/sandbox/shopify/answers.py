"""What each field of the schema answers, and the execution of a checked plan."""

import base64
import bisect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.shopify.bulk import BulkOperation, lines_of
from integrations.sandbox.shopify.money import in_graphql
from integrations.sandbox.shopify.orders import Address, Line, Order
from integrations.sandbox.shopify.plans import (
    MAX_PAGE,
    Plan,
    Refused,
    Step,
    Tally,
    arguments_of,
    plan_for,
)
from integrations.sandbox.shopify.schema import OBJECTS
from integrations.sandbox.shopify.search import read_search
from integrations.sandbox.shopify.shop import Shop, Subscription
from integrations.sandbox.shopify.webhooks import is_loopback

# How many bulk queries of an app may run in a shop at once.
MAX_BULK_OPERATIONS = 5

Arguments = Mapping[str, Any]


@dataclass
class Page:
    """One page of a connection."""

    nodes: Sequence[Any]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True)
class Edge:
    """A node with its cursor."""

    node: Any
    cursor: str


@dataclass
class Execution:
    """One request that is being answered. `host` is what the client called us."""

    shop: Shop
    variables: Mapping[str, Any]
    version: str
    base: str
    # A bulk operation pages through everything and costs nothing.
    is_bulk: bool = False
    errors: list[Refused] = field(default_factory=list)
    searches: list[dict[str, Any]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    path: list[str | int] = field(default_factory=list)

    def run(self, plan: Plan) -> dict[str, Any] | None:
        """Return the data; the errors are in `errors`."""
        root = "QueryRoot" if plan.kind == "query" else "Mutation"
        try:
            return self._object(root, self.shop, plan.steps)
        except _NullHere:
            return None

    # --- From plan to data ---------------------------------------------------------------------

    def _object(self, type_name: str, source: Any, steps: Sequence[Step]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        resolvers = RESOLVERS.get(type_name, {})
        for step in steps:
            if step.only_on and step.only_on != type_name:
                continue
            if step.field.name == "__typename":
                found[step.key] = type_name
                continue
            self.path.append(step.key)
            found[step.key] = self._field(step, source, resolvers.get(step.field.name))
            self.path.pop()
        return found

    def _field(self, step: Step, source: Any, resolver: "Resolver | None") -> Any:
        depth = len(self.path)
        try:
            if resolver is None:
                value = _generic(step.field.name, source)
            else:
                value = resolver(source, arguments_of(step, self.variables), self)
            return self._completed(step, value)
        except Refused as exc:
            del self.path[depth:]
            exc.path = exc.path or list(self.path)
            exc.at = exc.at or step.at
            self.errors.append(exc)
        except _NullHere:
            del self.path[depth:]
        if step.field.type.is_required:
            raise _NullHere
        return None

    def _completed(self, step: Step, value: Any) -> Any:
        name = step.field.type.name
        if name not in OBJECTS:
            return value
        if value is None:
            self.tally.count(step, 0)
            return None
        if step.field.type.is_list:
            self.tally.count(step, len(value))
            return [self._item(name, each, number, step) for number, each in enumerate(value)]
        self.tally.count(step, len(value.nodes) if isinstance(value, Page) else 1)
        return self._object(_concrete(name, value), value, step.steps)

    def _item(self, name: str, value: Any, number: int, step: Step) -> dict[str, Any]:
        self.path.append(number)
        found = self._object(name, value, step.steps)
        self.path.pop()
        return found


class _NullHere(Exception):
    """A required field is null, so its parent becomes null too."""


Resolver = Callable[[Any, Arguments, Execution], Any]


def _generic(name: str, source: Any) -> Any:
    """Resolve what every connection, page and edge has in common."""
    match name:
        case "nodes":
            return source.nodes
        case "edges":
            return [Edge(*each) for each in zip(source.nodes, source.cursors, strict=True)]
        case "pageInfo":
            return source
        case "node":
            return source.node
        case "cursor":
            return source.cursor
        case "hasNextPage":
            return source.has_next
        case "hasPreviousPage":
            return source.has_previous
        case "startCursor":
            return source.cursors[0] if source.cursors else None
        case "endCursor":
            return source.cursors[-1] if source.cursors else None
    raise Refused(f"The emulator does not know {name}", "INTERNAL_SERVER_ERROR")


def _concrete(name: str, value: Any) -> str:
    if name != "Node":
        return name
    return {Order: "Order", BulkOperation: "BulkOperation", Subscription: "WebhookSubscription"}[
        type(value)
    ]


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- Pages -------------------------------------------------------------------------------------


def _size(arguments: Arguments, execution: Execution) -> tuple[int | None, int | None]:
    first, last = arguments.get("first"), arguments.get("last")
    if execution.is_bulk:
        return 10**9, None
    if first is None and last is None:
        raise Refused("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise Refused("providing both first and last is not supported", "BAD_REQUEST")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= MAX_PAGE:
            raise Refused(f"{name} must be between 0 and {MAX_PAGE}", "BAD_REQUEST")
    return first, last


def _cursor(sort: str, value: Any, id: int) -> str:
    text = json.dumps({"last_id": id, "last_value": value, "sort": sort}, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _position(cursor: str, sort: str) -> tuple[Any, int]:
    try:
        told = json.loads(base64.b64decode(cursor, validate=True))
        position = told["last_value"], int(told["last_id"])
    except (ValueError, KeyError, TypeError) as exc:
        raise Refused("Invalid cursor for current pagination sort.", "BAD_REQUEST") from exc
    if told.get("sort") != sort:
        raise Refused("Invalid cursor for current pagination sort.", "BAD_REQUEST")
    return position


def page_of(
    entries: Sequence[tuple[Any, int]],
    arguments: Arguments,
    execution: Execution,
    *,
    sort: str,
    node: Callable[[int], Any],
) -> Page:
    """Return one page of sorted (value, id) entries. `node` returns None for what is filtered out.

    A cursor is a place in the order and no index: what was changed meanwhile may move past it.
    """
    first, last = _size(arguments, execution)
    low, high = 0, len(entries)
    after, before = arguments.get("after"), arguments.get("before")
    if arguments.get("reverse"):
        if after:
            high = bisect.bisect_left(entries, _position(after, sort))
        if before:
            low = bisect.bisect_right(entries, _position(before, sort))
    else:
        if after:
            low = bisect.bisect_right(entries, _position(after, sort))
        if before:
            high = bisect.bisect_left(entries, _position(before, sort))
    is_backwards = bool(arguments.get("reverse")) != (first is None)
    places = range(high - 1, low - 1, -1) if is_backwards else range(low, high)
    size = first if first is not None else last or 0
    found: list[tuple[tuple[Any, int], Any]] = []
    for place in places:
        one = node(entries[place][1])
        if one is not None:
            found.append((entries[place], one))
            if len(found) > size:
                break
    has_more, found = len(found) > size, found[:size]
    if first is None:
        found.reverse()
    return Page(
        [one for _, one in found],
        [_cursor(sort, *entry) for entry, _ in found],
        has_next=has_more if first is not None else bool(before),
        has_previous=bool(after) if first is not None else has_more,
    )


def _orders(shop: Shop, arguments: Arguments, execution: Execution) -> Page:
    _need(shop, "read_orders", "orders")
    matches = _filter(shop, arguments.get("query"), execution)
    sort = arguments.get("sortKey") or "PROCESSED_AT"

    def node(id: int) -> Order | None:
        order = shop.orders[id]
        return order if matches(order) else None

    return page_of(shop.sorted_by(sort), arguments, execution, sort=sort, node=node)


def _filter(shop: Shop, text: str | None, execution: Execution) -> Callable[[Order], bool]:
    if not text:
        return shop.shows
    search = read_search(text)
    if search.warnings:
        execution.searches.append(
            {"path": list(execution.path), "query": text, "warnings": search.warnings}
        )
    newest = shop.clock() - shop.index_lag_seconds

    def matches(order: Order) -> bool:
        is_indexed = not shop.index_lag_seconds or order.updated_at.timestamp() <= newest
        return is_indexed and search.matches(order) and shop.shows(order)

    return matches


def _count(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    _need(shop, "read_orders", "ordersCount")
    matches = _filter(shop, arguments.get("query"), execution)
    limit = arguments.get("limit", 10_000)
    count = sum(map(matches, shop.orders.values()))
    if limit is not None and count > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": count, "precision": "EXACT"}


def _order(shop: Shop, arguments: Arguments, execution: Execution) -> Order | None:
    _need(shop, "read_orders", "order")
    order = shop.orders.get(_number(arguments["id"], "Order"))
    return order if order and shop.shows(order) else None


def _line_items(order: Order, arguments: Arguments, execution: Execution) -> Page:
    lines = {line.id: line for line in order.lines}
    entries = [(line.id, line.id) for line in order.lines]
    return page_of(entries, arguments, execution, sort="LINE", node=lines.get)


def _number(gid: str, kind: str) -> int:
    prefix = f"gid://shopify/{kind}/"
    number = str(gid).removeprefix(prefix).partition("?")[0]
    if not str(gid).startswith(prefix) or not number.isdigit():
        raise Refused("invalid id", "RESOURCE_NOT_FOUND")
    return int(number)


def _node(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    kind = str(arguments["id"]).removeprefix("gid://shopify/").partition("/")[0]
    finders: Mapping[str, Resolver] = {
        "Order": _order,
        "BulkOperation": _bulk_operation,
        "WebhookSubscription": _subscription,
    }
    if kind not in finders:
        raise Refused("invalid id", "RESOURCE_NOT_FOUND")
    return finders[kind](shop, arguments, execution)


def _need(shop: Shop, scope: str, field_name: str) -> None:
    if scope not in shop.scopes:
        required = f"`{scope}` access scope."
        raise Refused(
            f"Access denied for {field_name} field. Required access: {required}",
            "ACCESS_DENIED",
            documentation="https://shopify.dev/api/usage/access-scopes",
            requiredAccess=required,
        )


def _protected(name: str, value: Any, execution: Execution) -> Any:
    """Return protected customer data if the app is approved for it."""
    if execution.shop.protected_data == "approved":
        return value
    if execution.shop.protected_data == "errors" and value is not None:
        raise Refused(
            f"This app is not approved to use the {name} field. See "
            "https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
            "ACCESS_DENIED",
        )
    return None


# --- Webhook subscriptions ---------------------------------------------------------------------


def _subscriptions(shop: Shop, arguments: Arguments, execution: Execution) -> Page:
    topics = arguments.get("topics")
    uri = arguments.get("uri") or arguments.get("callbackUrl")

    def node(id: int) -> Subscription | None:
        one = shop.subscriptions[id]
        wrong = (topics and one.enum not in topics) or (uri and one.uri != uri)
        return None if wrong else one

    entries = [(id, id) for id in sorted(shop.subscriptions)]
    return page_of(entries, arguments, execution, sort="ID", node=node)


def _subscription(shop: Shop, arguments: Arguments, execution: Execution) -> Subscription | None:
    return shop.subscriptions.get(_number(arguments["id"], "WebhookSubscription"))


def _create_subscription(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    told = arguments["webhookSubscription"]
    topic = _topic(arguments["topic"])
    uri = told.get("uri") or told.get("callbackUrl") or ""
    problem = _problem_of_uri(shop, uri)
    taken = (one for one in shop.subscriptions.values() if (one.topic, one.uri) == (topic, uri))
    if not problem and any(taken):
        problem = "Address for this topic has already been taken"
    if not problem and told.get("format") == "XML":
        problem = "Format is not emulated: ask for JSON"
    if not problem and topic.startswith(("orders/", "refunds/", "fulfillments/")):
        scope = "read_orders"
        if scope not in shop.scopes:
            problem = (
                "You do not have permission to create or update webhooks with "
                f"{topic} topic. This topic usually requires one of the following scopes: {scope}"
            )
    if problem:
        error = {"field": ["webhookSubscription", "callbackUrl"], "message": problem}
        return {"webhookSubscription": None, "userErrors": [error]}
    id = next(shop.ids)
    subscription = Subscription(
        id,
        topic,
        uri,
        shop.now,
        shop.now,
        execution.version,
        name=told.get("name"),
        filter=told.get("filter"),
        include_fields=told.get("includeFields") or [],
    )
    shop.subscriptions[id] = subscription
    return {"webhookSubscription": subscription, "userErrors": []}


def _update_subscription(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    subscription = _subscription(shop, arguments, execution)
    told = arguments["webhookSubscription"]
    uri = told.get("uri") or told.get("callbackUrl")
    problem = "Webhook subscription does not exist" if subscription is None else ""
    if not problem and uri is not None:
        problem = _problem_of_uri(shop, uri)
    if subscription is None or problem:
        return {
            "webhookSubscription": None,
            "userErrors": [{"field": ["webhookSubscription", "callbackUrl"], "message": problem}],
        }
    subscription.uri = uri or subscription.uri
    subscription.name = told.get("name", subscription.name)
    subscription.filter = told.get("filter", subscription.filter)
    subscription.include_fields = told.get("includeFields", subscription.include_fields) or []
    subscription.updated_at = shop.now
    return {"webhookSubscription": subscription, "userErrors": []}


def _delete_subscription(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    id = _number(arguments["id"], "WebhookSubscription")
    if shop.subscriptions.pop(id, None) is None:
        error = {"field": ["id"], "message": "Webhook subscription does not exist"}
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    return {"deletedWebhookSubscriptionId": arguments["id"], "userErrors": []}


def _topic(enum: str) -> str:
    """Turn `ORDERS_PARTIALLY_FULFILLED` into `orders/partially_fulfilled`."""
    if enum.startswith("BULK_OPERATIONS_"):
        return "bulk_operations/" + enum.removeprefix("BULK_OPERATIONS_").lower()
    subject, _, what = enum.partition("_")
    return f"{subject.lower()}/{what.lower()}"


def _problem_of_uri(shop: Shop, uri: str) -> str:
    parts = urlsplit(uri)
    if not parts.scheme or not parts.hostname:
        return "Address is invalid"
    if parts.scheme == "http" and not (shop.allows_http and is_loopback(parts.hostname)):
        return "Address protocol http:// is not supported"
    if parts.scheme not in ("http", "https"):
        return "Address is invalid"
    if parts.scheme == "https" and is_loopback(parts.hostname):
        return "Address cannot be localhost"
    return ""


# --- Bulk operations ---------------------------------------------------------------------------


def _run_bulk(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    def refused(message: str, code: str = "INVALID") -> Any:
        error = {"field": ["query"], "message": message, "code": code}
        return {"bulkOperation": None, "userErrors": [error]}

    running = [one for one in shop.bulk_operations.values() if one.status in BULK_IS_OPEN]
    if len(running) >= MAX_BULK_OPERATIONS:
        message = "A bulk query operation for this app and shop is already in progress"
        return refused(message, "OPERATION_IN_PROGRESS")
    plan = plan_for(arguments["query"], None)
    problem = _problem_of_bulk(plan)
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


def _problem_of_bulk(plan: Plan) -> str:
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


BULK_IS_OPEN = ("CREATED", "RUNNING", "CANCELING")


def advance_bulk(shop: Shop, operation: BulkOperation) -> None:
    """Take an operation one step on: created, running, completed with its file."""
    if operation.status == "CANCELING":
        operation.status, operation.completed_at = "CANCELED", shop.now
    elif operation.status == "CREATED":
        operation.status = "RUNNING"
    elif operation.status == "RUNNING":
        _complete_bulk(shop, operation)


def _complete_bulk(shop: Shop, operation: BulkOperation) -> None:
    plan = plan_for(operation.query, None)
    execution = Execution(shop, {}, shop.version, "", is_bulk=True)
    data = execution.run(plan)
    operation.completed_at = shop.now
    if execution.errors or data is None:
        operation.status = "FAILED"
        is_denied = any(error.code == "ACCESS_DENIED" for error in execution.errors)
        operation.error_code = "ACCESS_DENIED" if is_denied else "INTERNAL_SERVER_ERROR"
    else:
        root = next(iter(data.values()))
        nodes = [edge["node"] for edge in root.get("edges", [])] + list(root.get("nodes", []))
        lines = list(lines_of(nodes, grouped=operation.groups_objects, seed=operation.id))
        operation.file = b"".join(lines)
        operation.object_count, operation.root_object_count = len(lines), len(nodes)
        operation.status = "COMPLETED"
    shop.tell(
        "bulk_operations/finish",
        {
            "admin_graphql_api_id": operation.gid,
            "completed_at": _utc(operation.completed_at),
            "created_at": _utc(operation.created_at),
            "error_code": operation.error_code and operation.error_code.lower(),
            "status": operation.status.lower(),
            "type": "query",
        },
    )


def _bulk_operation(shop: Shop, arguments: Arguments, execution: Execution) -> BulkOperation | None:
    operation = shop.bulk_operations.get(_number(arguments["id"], "BulkOperation"))
    if operation:
        _look_at(shop, operation)
    return operation


def _look_at(shop: Shop, operation: BulkOperation) -> None:
    """Let time pass: each look finds the operation one step further, unless a person holds it."""
    if not shop.holds_bulk:
        advance_bulk(shop, operation)


def _current_bulk(shop: Shop, arguments: Arguments, execution: Execution) -> BulkOperation | None:
    if not shop.bulk_operations:
        return None
    operation = shop.bulk_operations[max(shop.bulk_operations)]
    _look_at(shop, operation)
    return operation


def _bulk_operations(shop: Shop, arguments: Arguments, execution: Execution) -> Page:
    entries = [(id, id) for id in sorted(shop.bulk_operations)]
    return page_of(entries, arguments, execution, sort="ID", node=shop.bulk_operations.get)


def _cancel_bulk(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    operation = shop.bulk_operations.get(_number(arguments["id"], "BulkOperation"))
    if operation is None or operation.status not in BULK_IS_OPEN:
        message = "A bulk operation cannot be canceled when it is not running"
        return {"bulkOperation": operation, "userErrors": [{"field": None, "message": message}]}
    operation.status = "CANCELING"
    return {"bulkOperation": operation, "userErrors": []}


def _bulk_url(operation: BulkOperation, arguments: Arguments, execution: Execution) -> str | None:
    if operation.status != "COMPLETED" or not operation.file:
        return None
    return f"{execution.base}/bulk/{operation.id}.jsonl?signature={operation.signature}"


# --- The fields of each type -------------------------------------------------------------------


def _is(attribute: str) -> Resolver:
    return lambda source, arguments, execution: getattr(source, attribute)


def _key(name: str) -> Resolver:
    return lambda source, arguments, execution: source[name]


def _of(get: Callable[[Any], Any]) -> Resolver:
    return lambda source, arguments, execution: get(source)


def _guarded(name: str, get: Callable[[Any], Any]) -> Resolver:
    return lambda source, arguments, execution: _protected(name, get(source), execution)


def _all_is(*attributes: str) -> dict[str, Resolver]:
    """Resolve fields that differ from our attributes only in their spelling."""
    return {_camel(attribute): _is(attribute) for attribute in attributes}


def _all_key(*names: str) -> dict[str, Resolver]:
    return {name: _key(name) for name in names}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _amount(get: Callable[[Order], Any]) -> Resolver:
    return lambda order, arguments, execution: order.bag(get(order))


@dataclass(frozen=True)
class _Placed:
    """A line together with its order, which knows the currencies."""

    line: Line
    order: Order


def _placed_lines(order: Order, arguments: Arguments, execution: Execution) -> Page:
    page = _line_items(order, arguments, execution)
    page.nodes = [_Placed(line, order) for line in page.nodes]
    return page


def _line_is(attribute: str) -> Resolver:
    return lambda placed, arguments, execution: getattr(placed.line, attribute)


def _line_amount(get: Callable[[Line], Any]) -> Resolver:
    return lambda placed, arguments, execution: placed.order.bag(get(placed.line))


def _unit(line: Line) -> Any:
    return line.total_of(line.quantity) / line.quantity if line.quantity else line.price


def _formatted(address: Address) -> list[str]:
    lines = [address.name, address.address1, address.address2]
    return [each for each in (*lines, f"{address.zip} {address.city}", address.country) if each]


_ORDER: Mapping[str, Resolver] = {
    "id": _is("gid"),
    **_all_is("closed_at", "confirmed", "edited", "name", "note", "number", "tags", "test"),
    "billingAddress": _guarded("billingAddress", lambda order: order.billing_address),
    "shippingAddress": _guarded("shippingAddress", lambda order: order.shipping_address),
    "customer": _guarded("customer", lambda order: order.customer),
    "email": _guarded("email", lambda order: order.email),
    "phone": _guarded("phone", lambda order: order.phone),
    "cancelReason": _of(lambda order: order.cancel_reason and order.cancel_reason.upper()),
    "cancelledAt": _of(lambda order: _utc(order.cancelled_at)),
    "closedAt": _of(lambda order: _utc(order.closed_at)),
    "createdAt": _of(lambda order: _utc(order.created_at)),
    "processedAt": _of(lambda order: _utc(order.processed_at)),
    "updatedAt": _of(lambda order: _utc(order.updated_at)),
    "closed": _of(lambda order: order.closed_at is not None),
    "canMarkAsPaid": _of(lambda order: order.paid < order.current_total),
    "fullyPaid": _of(lambda order: order.paid >= order.current_total),
    "unpaid": _of(lambda order: not order.paid),
    "currencyCode": _is("currency"),
    "presentmentCurrencyCode": _is("presentment_currency"),
    "displayFinancialStatus": _of(lambda order: order.financial_status.upper()),
    "displayFulfillmentStatus": _is("display_fulfillment_status"),
    "legacyResourceId": _of(lambda order: str(order.id)),
    "paymentGatewayNames": _of(lambda order: [order.gateway] if order.gateway else []),
    "sourceName": _is("source_name"),
    "statusPageUrl": _of(lambda order: f"https://shop.example/orders/{order.token}"),
    "fulfillments": _is("fulfillments"),
    "refunds": _of(lambda order: [(refund, order) for refund in order.refunds]),
    "lineItems": _placed_lines,
    "currentSubtotalLineItemsQuantity": _of(
        lambda order: sum(line.current_quantity for line in order.lines)
    ),
    "currentSubtotalPriceSet": _amount(lambda order: order.current_subtotal),
    "currentTotalDiscountsSet": _amount(lambda order: order.current_discounts),
    "currentTotalPriceSet": _amount(lambda order: order.current_total),
    "currentTotalTaxSet": _amount(lambda order: order.current_tax),
    "netPaymentSet": _amount(lambda order: order.paid - order.refunded),
    "subtotalPriceSet": _amount(lambda order: order.subtotal),
    "totalDiscountsSet": _amount(lambda order: order.discounts),
    "totalOutstandingSet": _amount(lambda order: max(order.current_total - order.paid, 0)),
    "totalPriceSet": _amount(lambda order: order.total),
    "totalReceivedSet": _amount(lambda order: order.paid),
    "totalRefundedSet": _amount(lambda order: order.refunded),
    "totalShippingPriceSet": _amount(lambda order: order.shipping),
    "totalTaxSet": _amount(lambda order: order.tax),
}

_LINE: Mapping[str, Resolver] = {
    "id": _of(lambda placed: f"gid://shopify/LineItem/{placed.line.id}"),
    **{
        _camel(name): _line_is(name)
        for name in (
            "current_quantity",
            "name",
            "quantity",
            "sku",
            "title",
            "variant_title",
            "vendor",
        )
    },
    "discountedTotalSet": _line_amount(lambda line: line.total_of(line.quantity)),
    "discountedUnitPriceSet": _line_amount(_unit),
    "fulfillableQuantity": _of(
        lambda placed: max(placed.line.current_quantity - placed.line.fulfilled_quantity, 0)
    ),
    "fulfillmentStatus": _of(lambda placed: placed.line.fulfillment_status or "unfulfilled"),
    "originalTotalSet": _line_amount(lambda line: line.price * line.quantity),
    "originalUnitPriceSet": _line_amount(lambda line: line.price),
    "product": _is("line"),
    "refundableQuantity": _line_is("current_quantity"),
    "requiresShipping": _of(lambda placed: True),
    "taxable": _of(lambda placed: True),
    "totalDiscountSet": _line_amount(lambda line: line.discount),
    "unfulfilledQuantity": _of(
        lambda placed: max(placed.line.current_quantity - placed.line.fulfilled_quantity, 0)
    ),
    "variant": _is("line"),
}

_SHOP: Mapping[str, Resolver] = {
    "id": _of(lambda shop: f"gid://shopify/Shop/{shop.id}"),
    "name": _is("name"),
    "contactEmail": _of(lambda shop: f"owner@{shop.domain}"),
    "email": _of(lambda shop: f"owner@{shop.domain}"),
    "createdAt": _of(lambda shop: "2024-02-29T12:00:00Z"),
    "currencyCode": _is("currency"),
    "ianaTimezone": _is("timezone"),
    "timezoneOffset": _of(lambda shop: f"{shop.offset_hours:+03d}00"),
    "myshopifyDomain": _is("domain"),
    "plan": _of(
        lambda shop: {
            "publicDisplayName": "Basic",
            "shopifyPlus": False,
            "partnerDevelopment": False,
        }
    ),
    "primaryDomain": _of(
        lambda shop: {
            "id": f"gid://shopify/Domain/{shop.id}",
            "host": shop.domain,
            "url": f"https://{shop.domain}",
        }
    ),
    "url": _of(lambda shop: f"https://{shop.domain}"),
}


def _installation(shop: Shop, arguments: Arguments, execution: Execution) -> Shop:
    return shop


RESOLVERS: Mapping[str, Mapping[str, Resolver]] = {
    "QueryRoot": {
        "app": _installation,
        "appInstallation": _installation,
        "bulkOperation": _bulk_operation,
        "bulkOperations": _bulk_operations,
        "currentAppInstallation": _installation,
        "currentBulkOperation": _current_bulk,
        "node": _node,
        "order": _order,
        "orders": _orders,
        "ordersCount": _count,
        "shop": _installation,
        "webhookSubscription": _subscription,
        "webhookSubscriptions": _subscriptions,
        "webhookSubscriptionsCount": _of(
            lambda shop: {"count": len(shop.subscriptions), "precision": "EXACT"}
        ),
    },
    "Mutation": {
        "bulkOperationCancel": _cancel_bulk,
        "bulkOperationRunQuery": _run_bulk,
        "webhookSubscriptionCreate": _create_subscription,
        "webhookSubscriptionDelete": _delete_subscription,
        "webhookSubscriptionUpdate": _update_subscription,
    },
    "Order": _ORDER,
    "LineItem": _LINE,
    "Product": {
        "id": _of(lambda line: f"gid://shopify/Product/{line.product_id}"),
        "legacyResourceId": _of(lambda line: str(line.product_id)),
        "title": _is("title"),
    },
    "ProductVariant": {
        "id": _of(lambda line: f"gid://shopify/ProductVariant/{line.variant_id}"),
        "legacyResourceId": _of(lambda line: str(line.variant_id)),
        "sku": _is("sku"),
        "title": _of(lambda line: line.variant_title or "Default Title"),
    },
    "Customer": {
        "id": _of(lambda person: f"gid://shopify/Customer/{person.id}"),
        **_all_is("display_name", "email", "first_name", "last_name", "phone"),
        "defaultEmailAddress": _of(lambda person: person if person.email else None),
        "defaultPhoneNumber": _of(lambda person: person if person.phone else None),
        "legacyResourceId": _of(lambda person: str(person.id)),
        "locale": _of(lambda person: "en"),
    },
    "CustomerEmailAddress": {"emailAddress": _is("email")},
    "CustomerPhoneNumber": {"phoneNumber": _is("phone")},
    "MailingAddress": {
        **_all_is(
            "address1",
            "address2",
            "city",
            "company",
            "country",
            "first_name",
            "last_name",
            "name",
            "phone",
            "province",
            "province_code",
            "zip",
        ),
        "countryCodeV2": _is("country_code"),
        "formatted": _of(_formatted),
        "formattedArea": _of(lambda address: f"{address.city}, {address.country}"),
    },
    "Fulfillment": {
        "id": _of(lambda each: f"gid://shopify/Fulfillment/{each.id}"),
        "createdAt": _of(lambda each: _utc(each.created_at)),
        "displayStatus": _of(
            lambda each: "CANCELED" if each.status == "cancelled" else "FULFILLED"
        ),
        "legacyResourceId": _of(lambda each: str(each.id)),
        "name": _is("name"),
        "status": _of(lambda each: each.status.upper()),
        "totalQuantity": _of(lambda each: sum(each.quantities.values())),
        "trackingInfo": _of(lambda each: [each] if each.tracking_number else []),
        "updatedAt": _of(lambda each: _utc(each.updated_at)),
    },
    "FulfillmentTrackingInfo": {
        "company": _is("tracking_company"),
        "number": _is("tracking_number"),
        "url": _of(lambda each: None),
    },
    "Refund": {
        "id": _of(lambda pair: f"gid://shopify/Refund/{pair[0].id}"),
        "createdAt": _of(lambda pair: _utc(pair[0].created_at)),
        "legacyResourceId": _of(lambda pair: str(pair[0].id)),
        "note": _of(lambda pair: pair[0].note),
        "totalRefundedSet": _of(lambda pair: pair[1].bag(pair[0].amount)),
    },
    "MoneyBag": {"presentmentMoney": _is("presentment"), "shopMoney": _is("shop")},
    "MoneyV2": {
        "amount": _of(lambda money: in_graphql(money.amount)),
        "currencyCode": _is("currency"),
    },
    "Shop": _SHOP,
    "ShopPlan": _all_key("partnerDevelopment", "publicDisplayName", "shopifyPlus"),
    "Domain": _all_key("id", "host", "url"),
    "App": {
        "id": _of(lambda shop: f"gid://shopify/App/{shop.number}"),
        "apiKey": _is("client_id"),
        "handle": _of(lambda shop: "orderchainer"),
        "title": _of(lambda shop: "OrderChainer"),
    },
    "AppInstallation": {
        "id": _of(lambda shop: f"gid://shopify/AppInstallation/{shop.number}"),
        "accessScopes": _of(lambda shop: [{"handle": scope} for scope in shop.scopes]),
        "app": _installation,
    },
    "AccessScope": {
        "handle": _key("handle"),
        "description": _of(lambda scope: scope["handle"].replace("_", " ").capitalize()),
    },
    "WebhookSubscription": {
        "id": _is("gid"),
        **_all_is("filter", "format", "include_fields", "name", "uri"),
        "apiVersion": _of(lambda one: {"handle": one.api_version}),
        "callbackUrl": _is("uri"),
        "createdAt": _of(lambda one: _utc(one.created_at)),
        "endpoint": _of(lambda one: one),
        "legacyResourceId": _of(lambda one: str(one.id)),
        "topic": _is("enum"),
        "updatedAt": _of(lambda one: _utc(one.updated_at)),
    },
    "WebhookHttpEndpoint": {"callbackUrl": _is("uri")},
    "ApiVersion": {
        "handle": _key("handle"),
        "displayName": _key("handle"),
        "supported": _of(lambda version: True),
    },
    "Count": _all_key("count", "precision"),
    "BulkOperation": {
        "id": _is("gid"),
        **_all_is("error_code", "query", "status"),
        "completedAt": _of(lambda one: _utc(one.completed_at)),
        "createdAt": _of(lambda one: _utc(one.created_at)),
        "fileSize": _of(lambda one: str(len(one.file)) if one.file else None),
        "objectCount": _of(lambda one: str(one.object_count)),
        "partialDataUrl": _of(lambda one: None),
        "rootObjectCount": _of(lambda one: str(one.root_object_count)),
        "type": _of(lambda one: "QUERY"),
        "url": _bulk_url,
    },
    "BulkOperationRunQueryPayload": _all_key("bulkOperation", "userErrors"),
    "BulkOperationUserError": _all_key("code", "field", "message"),
    "BulkOperationCancelPayload": _all_key("bulkOperation", "userErrors"),
    "UserError": _all_key("field", "message"),
    "WebhookSubscriptionCreatePayload": _all_key("userErrors", "webhookSubscription"),
    "WebhookSubscriptionUpdatePayload": _all_key("userErrors", "webhookSubscription"),
    "WebhookSubscriptionDeletePayload": _all_key("deletedWebhookSubscriptionId", "userErrors"),
}
