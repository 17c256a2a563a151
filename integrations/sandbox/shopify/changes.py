"""What people do with an order, and the webhook topics that follow from it.

Each change alters the order and returns its topics with their payloads, in the order in which
Shopify's own documentation lists them. A change that the order's state forbids raises ValueError.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.sandbox.shopify import payloads
from integrations.sandbox.shopify.orders import (
    NOTHING,
    Fulfillment,
    Line,
    Order,
    Refund,
    quantities_left,
)


@dataclass(frozen=True)
class Moment:
    """When and where a change happens: the time, the shop's offset, and the source of new ids."""

    at: datetime
    offset_hours: int
    ids: Iterator[int]


@dataclass(frozen=True)
class Told:
    """One webhook topic and its payload."""

    topic: str
    payload: Mapping[str, Any]


Change = Callable[..., Sequence[str | Told]]


def pay(order: Order, moment: Moment, *, amount: str = "") -> Sequence[str | Told]:
    """Take the money, or a part of it."""
    _refuse(order.cancelled_at is not None, "a cancelled order cannot be paid")
    _refuse(order.paid >= order.current_total and order.paid > 0, "the order is paid")
    outstanding = order.current_total - order.paid
    order.paid += min(Decimal(amount), outstanding) if amount else outstanding
    if order.paid < order.current_total:
        order.financial_status = "partially_paid"
        return ["orders/updated"]
    order.financial_status = "paid"
    return ["orders/paid", "orders/updated"]


def authorize(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Reserve the money on the customer's card."""
    _refuse(order.financial_status != "pending", "only a pending order can be authorized")
    order.financial_status = "authorized"
    return ["orders/updated"]


def void(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Let go of the reserved money."""
    _refuse(order.financial_status not in ("pending", "authorized"), "the order is paid")
    order.financial_status = "voided"
    return ["orders/updated"]


def expire(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Let the reservation of the money run out."""
    _refuse(order.financial_status not in ("pending", "authorized"), "the order is paid")
    order.financial_status = "expired"
    return ["orders/updated"]


def fulfil(
    order: Order,
    moment: Moment,
    *,
    quantities: Mapping[str, int] | None = None,
    tracking_number: str = "",
    tracking_company: str = "",
) -> Sequence[str | Told]:
    """Ship what is left, or `quantities` by line id."""
    _refuse(order.cancelled_at is not None, "a cancelled order cannot be shipped")
    left = quantities_left(order.lines)
    wanted = {int(key): int(value) for key, value in (quantities or {}).items()} or left
    _refuse(not wanted, "nothing is left to ship")
    for line_id, quantity in wanted.items():
        _refuse(not 0 < quantity <= left.get(line_id, 0), f"{quantity} of {line_id} are not left")
    for line_id, quantity in wanted.items():
        order.line(line_id).fulfilled_quantity += quantity
    order.fulfillment_state = ""
    fulfillment = Fulfillment(
        next(moment.ids),
        f"{order.name}.{len(order.fulfillments) + 1}",
        moment.at,
        moment.at,
        wanted,
        tracking_company=tracking_company or None,
        tracking_number=tracking_number or None,
    )
    order.fulfillments.append(fulfillment)
    is_whole = order.fulfillment_status == "fulfilled"
    return [
        _fulfillment_told("fulfillments/create", order, fulfillment, moment),
        "orders/fulfilled" if is_whole else "orders/partially_fulfilled",
        "orders/updated",
    ]


def fulfil_partly(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Ship one piece of the first line that has something left."""
    left = quantities_left(order.lines)
    _refuse(sum(left.values()) < 2, "one piece or none is left to ship")
    return fulfil(order, moment, quantities={str(next(iter(left))): 1})


def unfulfil(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Cancel the last fulfilment."""
    shipped = [each for each in order.fulfillments if each.status == "success"]
    _refuse(not shipped, "nothing was shipped")
    fulfillment = shipped[-1]
    fulfillment.status = "cancelled"
    fulfillment.updated_at = moment.at
    for line_id, quantity in fulfillment.quantities.items():
        order.line(line_id).fulfilled_quantity -= quantity
    return [
        _fulfillment_told("fulfillments/update", order, fulfillment, moment),
        "orders/updated",
    ]


def hold(order: Order, moment: Moment, *, state: str = "on_hold") -> Sequence[str | Told]:
    """Put the fulfilment on hold, or into another state that only GraphQL shows."""
    _refuse(order.fulfillment_status is not None, "something was shipped")
    order.fulfillment_state = state
    return ["orders/updated"]


def release(order: Order, moment: Moment) -> Sequence[str | Told]:
    """End the hold."""
    _refuse(not order.fulfillment_state, "the order is not on hold")
    order.fulfillment_state = ""
    return ["orders/updated"]


def cancel(order: Order, moment: Moment, *, reason: str = "customer") -> Sequence[str | Told]:
    """Cancel the order: give back what was paid, or let go of what was reserved."""
    _refuse(order.cancelled_at is not None, "the order is cancelled")
    _refuse(order.fulfillment_status is not None, "something was shipped")
    known = ("customer", "declined", "fraud", "inventory", "other", "staff")
    _refuse(reason not in known, f"the reason must be one of {', '.join(known)}")
    told = list(refund(order, moment)) if order.paid > order.refunded else []
    if not order.paid:
        order.financial_status = "voided"
    order.cancelled_at = order.closed_at = moment.at
    order.cancel_reason = reason
    return ["orders/cancelled", *told] if told else ["orders/cancelled", "orders/updated"]


def close(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Archive the order."""
    _refuse(order.closed_at is not None, "the order is closed")
    order.closed_at = moment.at
    return ["orders/updated"]


def reopen(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Take the order out of the archive."""
    _refuse(order.closed_at is None, "the order is open")
    _refuse(order.cancelled_at is not None, "a cancelled order stays closed")
    order.closed_at = None
    return ["orders/updated"]


def refund(
    order: Order,
    moment: Moment,
    *,
    quantities: Mapping[str, int] | None = None,
    amount: str = "",
    note: str = "",
) -> Sequence[str | Told]:
    """Give everything back, or `quantities` by line id, or an amount alone."""
    _refuse(order.paid <= order.refunded, "there is nothing to give back")
    before = order.current_total
    if quantities is None and not amount:
        wanted = {line.id: line.current_quantity for line in order.lines if line.current_quantity}
    else:
        wanted = {int(key): int(value) for key, value in (quantities or {}).items()}
    for line_id, quantity in wanted.items():
        _refuse(
            not 0 < quantity <= order.line(line_id).current_quantity,
            f"{quantity} of {line_id} are not left",
        )
    for line_id, quantity in wanted.items():
        order.line(line_id).current_quantity -= quantity
    given = Refund(next(moment.ids), moment.at, NOTHING, wanted, note or None)
    order.refunds.append(given)
    due = Decimal(amount) if amount else before - order.current_total
    given = replace(given, amount=min(due, order.paid - order.refunded))
    order.refunds[-1] = given
    is_whole = order.refunded >= order.paid
    order.financial_status = "refunded" if is_whole else "partially_refunded"
    return [Told("refunds/create", payloads.refund(order, given, moment.offset_hours)), *UPDATED]


def edit(
    order: Order,
    moment: Moment,
    *,
    quantities: Mapping[str, int] | None = None,
    add: Mapping[str, Any] | None = None,
) -> Sequence[str | Told]:
    """Set the quantities of lines, by line id, and add a line (`title`, `price`, `quantity`)."""
    _refuse(order.cancelled_at is not None, "a cancelled order cannot be edited")
    _refuse(not quantities and not add, "say what to change")
    additions: list[dict[str, int]] = []
    removals: list[dict[str, int]] = []
    for key, value in (quantities or {}).items():
        line, quantity = order.line(int(key)), int(value)
        _refuse(quantity < line.fulfilled_quantity, "that many were shipped")
        delta = quantity - line.current_quantity
        if delta > 0:
            line.quantity += delta
        line.current_quantity = quantity
        (additions if delta > 0 else removals).append({"id": line.id, "delta": abs(delta)})
    if add:
        line = new_line(moment.ids, add)
        order.lines.append(line)
        additions.append({"id": line.id, "delta": line.quantity})
    order.edited = True
    if 0 < order.paid < order.current_total:
        order.financial_status = "partially_paid"
    payload = payloads.order_edit(
        next(moment.ids), order, additions, removals, moment.at, moment.offset_hours
    )
    return [Told("orders/edited", payload), *UPDATED]


def tag(order: Order, moment: Moment, *, tags: Sequence[str] = ("vip",)) -> Sequence[str | Told]:
    """Add tags."""
    order.tags += [each for each in tags if each not in order.tags]
    return UPDATED


def write_note(order: Order, moment: Moment, *, note: str = "") -> Sequence[str | Told]:
    """Replace the note."""
    order.note = note or None
    return UPDATED


def redact(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Erase the customer from the order."""
    order.customer = order.email = order.phone = None
    order.shipping_address = order.billing_address = None
    return UPDATED


def touch(order: Order, moment: Moment) -> Sequence[str | Told]:
    """Change nothing that anybody can see."""
    return UPDATED


UPDATED: Sequence[str] = ("orders/updated",)
CHANGES: Mapping[str, Change] = {
    "pay": pay,
    "authorize": authorize,
    "void": void,
    "expire": expire,
    "fulfil": fulfil,
    "fulfil_partly": fulfil_partly,
    "unfulfil": unfulfil,
    "hold": hold,
    "release": release,
    "cancel": cancel,
    "close": close,
    "reopen": reopen,
    "refund": refund,
    "edit": edit,
    "tag": tag,
    "note": write_note,
    "redact": redact,
    "touch": touch,
}


def new_line(ids: Iterator[int], told: Mapping[str, Any]) -> Line:
    """Make a line from what the control plane says. Raises ValueError for unknown keys."""
    known = {"title", "price", "quantity", "sku", "variant_title", "vendor", "discount"}
    _refuse(bool(set(told) - known), f"a line has only {', '.join(sorted(known))}")
    quantity = int(told.get("quantity", 1))
    return Line(
        id=next(ids),
        product_id=next(ids),
        variant_id=next(ids),
        title=str(told.get("title", "Mug")),
        quantity=quantity,
        price=Decimal(str(told.get("price", "10.00"))),
        sku=told.get("sku"),
        variant_title=told.get("variant_title"),
        vendor=told.get("vendor"),
        discount=Decimal(str(told.get("discount", "0"))),
        current_quantity=quantity,
    )


def _fulfillment_told(topic: str, order: Order, fulfillment: Fulfillment, moment: Moment) -> Told:
    return Told(topic, payloads.fulfillment(order, fulfillment, moment.offset_hours))


def _refuse(is_wrong: bool, reason: str) -> None:
    if is_wrong:
        raise ValueError(reason)
