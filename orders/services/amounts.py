"""Which currencies and amounts an order can have."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from orderchainer.core.errors import Invalid
from orderchainer.core.money import (
    MoneyRefused,
    TooManyDecimals,
    decimals_of,
    require_currency,
    settled,
)
from orders.errors import AmountsTooFine, ItemsFrozen
from orders.models import Order
from orders.services.fields import OrderFields
from orders.services.items import ItemDraft, has_sold_items


def settle_new(
    fields: OrderFields, items: Sequence[ItemDraft]
) -> tuple[OrderFields, Sequence[ItemDraft]]:
    """Return what a new order should have, each amount with the decimals of its currency.

    `fields` name the currency. Raises `Invalid`.
    """
    currency = fields["currency"]
    _require_currency(currency)
    return _settled(fields, items, currency)


def settle_changes(
    order: Order, fields: OrderFields, items: Sequence[ItemDraft] | None
) -> tuple[OrderFields, Sequence[ItemDraft] | None]:
    """Return what should change, each amount with the decimals of its currency.

    Amounts that the order has already can be sent back, even if ISO 4217 has changed since. Raises
    `Invalid`, also if amounts that stay do not fit a new currency, and `ItemsFrozen`.
    """
    currency = fields.get("currency", order.currency)
    keeps_currency = currency == order.currency
    if not keeps_currency:
        if has_sold_items(order):
            raise ItemsFrozen(order.pk)
        _require_currency(currency)
        _require_the_rest_fits(order, fields, items, currency)
    drafts: Sequence[ItemDraft] = items or ()
    try:
        fields, drafts = _settled(fields, drafts, currency)
    except Invalid:
        if not keeps_currency:
            raise
        stored = order.items.values_list("unit_price", flat=True)
        there = {order.total_price, *stored}
        fields, drafts = _settled(fields, drafts, currency, there)
    return fields, None if items is None else drafts


def _require_currency(currency: str) -> None:
    try:
        require_currency(currency)
    except MoneyRefused as exc:
        raise Invalid({"currency": [str(exc)]}) from exc


def _require_the_rest_fits(
    order: Order,
    fields: OrderFields,
    items: Sequence[ItemDraft] | None,
    currency: str,
) -> None:
    """Refuse a new currency with too few decimals for the amounts that would stay."""
    rest: list[Decimal] = []
    stored = list(order.items.values_list("unit_price", flat=True))
    if items is None:
        rest += stored
    # New items set a new total, and removing all items sets it to zero.
    if "total_price" not in fields and (items is None or not (items or stored)):
        rest.append(order.total_price)
    try:
        for amount in rest:
            settled(amount, currency)
    except MoneyRefused as exc:
        words = f"The order's amounts do not fit: {exc} Send them with the currency."
        raise Invalid({"currency": [words]}) from exc


def _settled(
    fields: OrderFields,
    items: Sequence[ItemDraft],
    currency: str,
    there: Iterable[Decimal] = (),
) -> tuple[OrderFields, Sequence[ItemDraft]]:
    """Settle each amount, except those that are `there` already."""
    errors: dict[str, list[str]] = {}
    is_too_fine = False

    def settle(field: str, amount: Decimal, place: str = "") -> Decimal:
        nonlocal is_too_fine
        if amount in there:
            return amount
        try:
            return settled(amount, currency)
        except MoneyRefused as exc:
            is_too_fine |= isinstance(exc, TooManyDecimals)
            errors.setdefault(field, []).append(f"{place}{exc}")
            return amount

    if "total_price" in fields:
        total = settle("total_price", fields["total_price"])
        fields = {**fields, "total_price": total}
    drafts = [
        replace(item, unit_price=settle("items", item.unit_price, f"Item {number}: "))
        for number, item in enumerate(items, start=1)
    ]
    if is_too_fine:
        raise AmountsTooFine(errors, decimals_of(currency))
    if errors:
        raise Invalid(errors)
    return fields, drafts
