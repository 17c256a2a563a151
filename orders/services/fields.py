"""The fields of an order that callers set, and how a change of one is recorded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from django.utils import timezone

from accounts.models import User
from orderchainer.core.errors import Invalid
from orderchainer.core.moments import YEARS
from orderchainer.core.money import written
from orders.models import Order

MAX_TEXT_LENGTH = 255

# The old and the new value of each changed field, in a form that JSON can hold.
Changes = dict[str, dict[str, Any]]


OF_CUSTOMER = ("customer_name", "customer_email", "customer_phone", "shipping_address")
# What only the source of a mirrored order decides, besides its items. People may set its status and
# `fulfilled_at` too; these hold until the source tells something newer.
OF_SOURCE = ("total_price", "currency", "link", "ordered_at", *OF_CUSTOMER)


class OrderFields(TypedDict, total=False):
    """The fields of an order that callers may set. A missing field stays as it is."""

    title: str
    description: str
    status: str
    auto_activate: bool
    failure_policy: str
    # None if nobody cares for it. See `orders.services.assigning`.
    assignee: User | None
    # In `currency`.
    total_price: Decimal
    # A new order without a currency gets the project's.
    currency: str
    link: str
    customer_name: str
    customer_email: str
    customer_phone: str
    shipping_address: str
    phone_number: str
    notes: str
    ordered_at: datetime
    # None if it is not known. An order that becomes fulfilled without it gets the present moment.
    fulfilled_at: datetime | None


def contact_of(user: User, fields: OrderFields) -> OrderFields:
    """Return where the merchant reaches a customer, from their account."""
    return {
        "customer_name": user.name[:MAX_TEXT_LENGTH],
        "customer_email": user.email,
        "customer_phone": fields.get("phone_number") or user.phone,
    }


def require_dates(fields: OrderFields) -> None:
    """Refuse dates in the future, and those of long ago that some time zone cannot write.

    Clocks differ, and so do time zones that somebody mixed up: a day of grace is enough for both.
    Raises `Invalid` that names the field.
    """
    latest = timezone.now() + timedelta(days=1)
    given = {"ordered_at": fields.get("ordered_at"), "fulfilled_at": fields.get("fulfilled_at")}
    errors = {}
    for name, moment in given.items():
        if moment and moment > latest:
            errors[name] = ["Must not be more than a day in the future."]
        elif moment and moment.year < YEARS.start:
            errors[name] = [f"Must not be before the year {YEARS.start}."]
    if errors:
        raise Invalid(errors)


def fields_differ(order: Order, fields: OrderFields) -> bool:
    """Tell whether a field, except the status, has another value than the order's."""
    return any(value != getattr(order, name) for name, value in fields.items() if name != "status")


def set_fields(order: Order, fields: OrderFields) -> Changes:
    """Set the fields that differ, except status and assignee, and return what changed."""
    others = fields.keys() - {"status", "assignee"}
    return set_values(order, {name: fields[name] for name in fields if name in others})  # type: ignore[literal-required]


def set_values(order: Order, values: Mapping[str, object]) -> Changes:
    """Set the values that differ, by the names of their columns, and return what changed."""
    changes: Changes = {}
    old_currency, old_total = order.currency, order.total_price
    for name, value in values.items():
        old = getattr(order, name)
        if value != old:
            setattr(order, name, value)
            changes[name] = change(old, value)
    if "total_price" in changes:
        changes["total_price"] = change(
            written(old_total, old_currency), written(order.total_price, order.currency)
        )
    return changes


def change(old: Any, new: Any) -> dict[str, Any]:
    """Return both values in a form that JSON can hold."""
    return {"from": _plain(old), "to": _plain(new)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value
