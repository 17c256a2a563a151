"""An order as a source outside tells it, and how it is made fit to be stored.

Texts for people are shortened rather than refused: an order that is missing here is worse than a
title that is cut off. Amounts are never changed; an order whose amounts we cannot store exactly is
refused.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from django.db.models import Field, Model

from orderchainer.core.moments import YEARS
from orderchainer.core.money import (
    COLUMN_DECIMALS,
    MAX_AMOUNT,
    MoneyRefused,
    as_written,
    require_currency,
)
from orders.errors import OutsideOrderRefused
from orders.lifecycle import Status
from orders.models import Order, OrderItem
from orders.models.orders import MAX_EXTERNAL_ID_LENGTH
from orders.services.items import MAX_QUANTITY, ItemDraft

# How much we keep of the source's own words.
MAX_DETAILS = 50
MAX_DETAIL_NAME_LENGTH = 64
MAX_DETAIL_LENGTH = 500

# No database stores a NUL or a lone surrogate, and control characters say nothing to people.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class OutsideOrder:
    """An order as its source tells it. All moments are aware, all amounts are in `currency`.

    Texts may be empty, or longer than we can store. Items with a quantity of 0 are left out.
    """

    # The source's own id, such as Shopify's `legacyResourceId`.
    external_id: str
    # The number that people know, such as `#1001`.
    title: str
    status: Status
    # The source's moment of this state.
    updated_at: datetime
    ordered_at: datetime
    currency: str
    # The items need not add up to it: it can have taxes and shipping.
    total: Decimal
    items: Sequence[ItemDraft]
    customer_name: str = ""
    customer_email: str = ""
    customer_phone: str = ""
    shipping_address: str = ""
    notes: str = ""
    # Where people can open the order at its source.
    link: str = ""
    is_test: bool = False
    fulfilled_at: datetime | None = None
    # More of the source's own words, such as `{"financial_status": "paid"}`.
    details: Mapping[str, str] = field(default_factory=dict)
    # Whether we have just asked the source for this state. Messages can be late. If two of them
    # tell different states of the same moment, we cannot know which came first. A state that we
    # asked for wins.
    is_current: bool = False


def storable(told: OutsideOrder) -> OutsideOrder:
    """Return `told` as we can store it.

    Raises `OutsideOrderRefused`, which says everything that is wrong with `told`.
    """
    problems: dict[str, list[str]] = {}
    external_id = told.external_id
    if (
        not external_id
        or len(external_id) > MAX_EXTERNAL_ID_LENGTH
        or _NOT_TEXT.search(external_id)
    ):
        words = f"Must be a text of 1 to {MAX_EXTERNAL_ID_LENGTH} printable characters."
        problems["external_id"] = [words]
    try:
        require_currency(told.currency)
    except MoneyRefused as exc:
        problems["currency"] = [str(exc)]
    if problem := _problem_of_amount(told.total):
        problems["total_price"] = [problem]
    for name in ("updated_at", "ordered_at", "fulfilled_at"):
        if problem := _problem_of_moment(getattr(told, name)):
            problems[name] = [problem]
    items: list[ItemDraft] = []
    for number, item in enumerate(told.items, start=1):
        if item.quantity == 0:
            continue
        items.append(item)
        if problem := _problem_of_item(item):
            problems.setdefault("items", []).append(f"Item {number}: {problem}")
    if problems:
        raise OutsideOrderRefused(_line(external_id, MAX_EXTERNAL_ID_LENGTH), problems)
    return replace(
        told,
        updated_at=told.updated_at.astimezone(UTC),
        ordered_at=told.ordered_at.astimezone(UTC),
        fulfilled_at=told.fulfilled_at and told.fulfilled_at.astimezone(UTC),
        title=fit(told.title, "title") or f"Order {external_id}",
        total=as_written(told.total, told.currency),
        items=[_storable_item(item, told.currency) for item in items],
        customer_name=fit(told.customer_name, "customer_name"),
        customer_email=fit(told.customer_email, "customer_email"),
        customer_phone=fit(told.customer_phone, "customer_phone"),
        shipping_address=_lines(told.shipping_address, _length_of("shipping_address")),
        notes=_lines(told.notes, _length_of("notes")),
        link=_web_address(told.link),
        details={
            name: _line(text, MAX_DETAIL_LENGTH)
            for raw, text in list(told.details.items())[:MAX_DETAILS]
            if (name := _line(raw, MAX_DETAIL_NAME_LENGTH))
        },
    )


def digest_of(told: OutsideOrder) -> str:
    """Return a digest of all that the source told; equal for equal states.

    `told` is as `storable` returns it, so amounts and moments are written in one way.
    """
    state = replace(told, is_current=False, details=dict(sorted(told.details.items())))
    return hashlib.blake2b(repr(state).encode(), digest_size=16).hexdigest()


def is_external_id(text: str) -> bool:
    """Tell whether an order can be stored under this id of its source."""
    return 0 < len(text) <= MAX_EXTERNAL_ID_LENGTH and not _NOT_TEXT.search(text)


def _problem_of_amount(amount: Decimal) -> str | None:
    if not amount.is_finite():
        return "Must be an amount in digits, such as 1299.00."
    if amount < 0:
        return "Must not be negative."
    if amount > MAX_AMOUNT:
        return f"Must be at most {MAX_AMOUNT}."
    if amount != round(amount, COLUMN_DECIMALS):
        return f"Must have at most {COLUMN_DECIMALS} decimals."
    return None


def _problem_of_moment(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        return "Must name its time zone."
    if moment.year not in YEARS:
        return f"Must be in the years {YEARS.start} to {YEARS.stop - 1}."
    return None


def _problem_of_item(item: ItemDraft) -> str | None:
    if not 1 <= item.quantity <= MAX_QUANTITY:
        return f"The quantity must be from 0 to {MAX_QUANTITY}."
    if problem := _problem_of_amount(item.unit_price):
        return f"The price {problem[0].lower()}{problem[1:]}"
    return None


def _storable_item(item: ItemDraft, currency: str) -> ItemDraft:
    """Return the item without a product: it was not sold from our stock."""
    sku = _line(item.sku, _length_of("sku", OrderItem))
    name = _line(item.name, _length_of("name", OrderItem)) or sku or "Item"
    price = as_written(item.unit_price, currency)
    return ItemDraft(name=name, sku=sku, unit_price=price, quantity=item.quantity)


def fit(text: str, column: str) -> str:
    """Return `text` as the column of an order can hold it."""
    return _line(text, _length_of(column))


def _line(text: str, most: int) -> str:
    """Return `text` on one line, with at most so many characters."""
    return " ".join(_NOT_TEXT.sub("", text).split())[:most].rstrip()


def _lines(text: str, most: int) -> str:
    return _NOT_TEXT.sub("", text).strip()[:most].rstrip()


def _web_address(text: str) -> str:
    """Return a link that a browser may follow, or nothing."""
    link = text.strip()
    if _NOT_TEXT.search(link) or any(map(str.isspace, link)) or len(link) > _length_of("link"):
        return ""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in {"http", "https"} and parts.hostname else ""


def _length_of(name: str, model: type[Model] = Order) -> int:
    column = model._meta.get_field(name)
    assert isinstance(column, Field)
    assert column.max_length is not None
    return column.max_length
