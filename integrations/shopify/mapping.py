"""Turn what Shopify tells of an order into an `OutsideOrder`. Pure functions.

`docs/shopify.md` has the table of what becomes what.

Shopify tells it in two shapes: as a node of GraphQL, and as the body of a webhook. The same state
of an order becomes the same `OutsideOrder` from both.

Amounts are in the shop's currency, never in the customer's. The total and the quantities are the
present ones, after edits and refunds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderchainer.core.money import MoneyRefused, amount_in
from orders.lifecycle import Status
from orders.services import ItemDraft, OutsideOrder

PAID_SOMEHOW = frozenset({"paid", "partially_paid", "authorized", "partially_refunded", "refunded"})
NOT_PAID_AFTER_ALL = frozenset({"voided", "expired"})

# Statuses that the body of a webhook calls differently from GraphQL.
_WEBHOOK_FULFILLMENTS = {"": "unfulfilled", "partial": "partially_fulfilled"}

# How an order is written in GraphQL. `lineItems` stands apart, because a file of a bulk operation
# has the items in lines of their own.
ORDER_FIELDS = """
  id legacyResourceId name createdAt processedAt updatedAt cancelledAt cancelReason closedAt test
  displayFinancialStatus displayFulfillmentStatus currencyCode email phone note tags sourceName
  paymentGatewayNames
  totalPriceSet { shopMoney { amount currencyCode } }
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  customer {
    firstName lastName
    defaultEmailAddress { emailAddress }
    defaultPhoneNumber { phoneNumber }
  }
  shippingAddress { name company address1 address2 city provinceCode zip country phone }
  billingAddress { name phone }
  fulfillments(first: 20) { createdAt status }
"""
ITEM_FIELDS = """
  id name title sku quantity currentQuantity
  originalUnitPriceSet { shopMoney { amount currencyCode } }
"""


class Unmappable(ValueError):
    """What Shopify told is no order that we understand. The message is a sentence for people."""


def order_of_node(
    node: Mapping[str, Any],
    items: Iterable[Mapping[str, Any]],
    *,
    shop: str,
    is_current: bool = True,
) -> OutsideOrder:
    """Return the order in a node with `ORDER_FIELDS`, whose items have `ITEM_FIELDS`.

    `is_current` says whether Shopify told it just now, because we asked. Raises `Unmappable`.
    """
    customer = _object(node.get("customer"))
    return _order(
        _Told(
            external_id=_id(node.get("legacyResourceId")),
            name=_text(node.get("name")),
            updated_at=node.get("updatedAt"),
            processed_at=node.get("processedAt"),
            created_at=node.get("createdAt"),
            cancelled_at=node.get("cancelledAt"),
            closed_at=node.get("closedAt"),
            financial_status=_word(node.get("displayFinancialStatus")),
            fulfillment_status=_word(node.get("displayFulfillmentStatus")),
            cancel_reason=_word(node.get("cancelReason")),
            currency=_text(node.get("currencyCode")),
            totals=[
                _Money.of(_object(node.get(name)).get("shopMoney"), "currencyCode")
                for name in ("currentTotalPriceSet", "totalPriceSet")
            ],
            items=[
                _Item(
                    id=_id(_text(item.get("id")).rpartition("/")[2]),
                    name=_text(item.get("name")) or _text(item.get("title")),
                    sku=_text(item.get("sku")),
                    quantities=[item.get("currentQuantity"), item.get("quantity")],
                    prices=[
                        _Money.of(
                            _object(item.get("originalUnitPriceSet")).get("shopMoney"),
                            "currencyCode",
                        )
                    ],
                )
                for item in items
            ],
            emails=[
                node.get("email"),
                _object(customer.get("defaultEmailAddress")).get("emailAddress"),
            ],
            phones=[
                node.get("phone"),
                _object(customer.get("defaultPhoneNumber")).get("phoneNumber"),
            ],
            first_name=_text(customer.get("firstName")),
            last_name=_text(customer.get("lastName")),
            shipping=_address(node.get("shippingAddress"), province="provinceCode"),
            billing=_address(node.get("billingAddress"), province="provinceCode"),
            fulfilled=_fulfilled_at(node.get("fulfillments"), "createdAt"),
            note=_text(node.get("note")),
            is_test=node.get("test") is True,
            tags=_texts(node.get("tags")),
            source=_text(node.get("sourceName")),
            gateways=_texts(node.get("paymentGatewayNames")),
        ),
        shop=shop,
        is_current=is_current,
    )


def order_of_payload(payload: Mapping[str, Any], *, shop: str) -> OutsideOrder:
    """Return the order in the body of a webhook, which may be late. Raises `Unmappable`."""
    customer = _object(payload.get("customer"))
    currency = _text(payload.get("currency"))
    fulfillment = _word(payload.get("fulfillment_status"))
    tags = payload.get("tags")
    return _order(
        _Told(
            external_id=_id(payload.get("id")),
            name=_text(payload.get("name")),
            updated_at=payload.get("updated_at"),
            processed_at=payload.get("processed_at"),
            created_at=payload.get("created_at"),
            cancelled_at=payload.get("cancelled_at"),
            closed_at=payload.get("closed_at"),
            financial_status=_word(payload.get("financial_status")),
            fulfillment_status=_WEBHOOK_FULFILLMENTS.get(fulfillment, fulfillment),
            cancel_reason=_word(payload.get("cancel_reason")),
            currency=currency,
            totals=[
                money
                for name in ("current_total_price", "total_price")
                for money in _moneys(payload, name, currency)
            ],
            items=[
                _Item(
                    id=_id(item.get("id")),
                    name=_text(item.get("name")) or _text(item.get("title")),
                    sku=_text(item.get("sku")),
                    quantities=[item.get("current_quantity"), item.get("quantity")],
                    prices=_moneys(item, "price", currency),
                )
                for item in items_of(payload.get("line_items"))
            ],
            emails=[
                payload.get("email"),
                payload.get("contact_email"),
                customer.get("email"),
            ],
            phones=[payload.get("phone"), customer.get("phone")],
            first_name=_text(customer.get("first_name")),
            last_name=_text(customer.get("last_name")),
            shipping=_address(payload.get("shipping_address"), province="province_code"),
            billing=_address(payload.get("billing_address"), province="province_code"),
            fulfilled=_fulfilled_at(payload.get("fulfillments"), "created_at"),
            note=_text(payload.get("note")),
            is_test=payload.get("test") is True,
            tags=[each.strip() for each in _text(tags).split(",") if each.strip()],
            source=_text(payload.get("source_name")),
            gateways=_texts(payload.get("payment_gateway_names")),
        ),
        shop=shop,
        is_current=False,
    )


def items_of(value: object) -> Sequence[Mapping[str, Any]]:
    """Return a list of items. Raises `Unmappable` if any is unreadable: none may be left out."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Unmappable("The order has no readable list of items.")
    return value


def status_of(
    *, financial: str, fulfillment: str, is_cancelled: bool = False, is_closed: bool = False
) -> Status:
    """Return our status for Shopify's statuses, which are in lower case. The first match counts.

    A word that we do not know has no effect.
    """
    if is_cancelled:
        return Status.CANCELLED
    if fulfillment == "fulfilled":
        return Status.COMPLETED if is_closed else Status.FULFILLED
    if fulfillment == "partially_fulfilled":
        return Status.SHIPPED
    if financial in NOT_PAID_AFTER_ALL:
        return Status.FAILED
    if financial in PAID_SOMEHOW:
        return Status.ACTIVE
    return Status.PENDING


def admin_link(shop: str, external_id: str) -> str:
    """Return where people of the shop open the order in Shopify."""
    return f"https://admin.shopify.com/store/{shop.partition('.')[0]}/orders/{external_id}"


# --- What both shapes tell --------------------------------------------------------------------


@dataclass(frozen=True)
class _Money:
    """An amount as Shopify wrote it, in the shop's currency."""

    amount: object
    currency: str

    @classmethod
    def of(cls, value: object, currency: str) -> "_Money | None":
        money = _object(value)
        if money.get("amount") is None:
            return None
        return cls(money["amount"], _text(money.get(currency)))


@dataclass(frozen=True)
class _Item:
    id: str
    name: str
    sku: str
    # The first one that is there counts.
    quantities: Sequence[object]
    prices: Sequence[_Money | None]


@dataclass(frozen=True)
class _Address:
    name: str = ""
    phone: str = ""
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class _Told:
    """An order as Shopify tells it in either shape: its own words, nothing decided yet."""

    external_id: str
    name: str
    updated_at: object
    processed_at: object
    created_at: object
    cancelled_at: object
    closed_at: object
    financial_status: str
    fulfillment_status: str
    cancel_reason: str
    currency: str
    totals: Sequence[_Money | None]
    items: Sequence[_Item]
    emails: Sequence[object]
    phones: Sequence[object]
    first_name: str
    last_name: str
    shipping: _Address
    billing: _Address
    fulfilled: datetime | None
    note: str
    is_test: bool
    tags: Sequence[str]
    source: str
    gateways: Sequence[str]


def _order(told: _Told, *, shop: str, is_current: bool) -> OutsideOrder:
    if not told.external_id:
        raise Unmappable("The order has no id.")
    updated_at = _moment(told.updated_at)
    if updated_at is None:
        raise Unmappable("The order has no readable time of its last change.")
    total = next(filter(None, told.totals), None)
    if total is None:
        raise Unmappable("The order has no total.")
    currency = total.currency or told.currency
    status = status_of(
        financial=told.financial_status,
        fulfillment=told.fulfillment_status,
        is_cancelled=bool(_text(told.cancelled_at)),
        is_closed=bool(_text(told.closed_at)),
    )
    details = {
        "financial_status": told.financial_status,
        "fulfillment_status": told.fulfillment_status,
        "cancel_reason": told.cancel_reason,
        "source": told.source,
        "payment": ", ".join(told.gateways),
        "tags": ", ".join(sorted(told.tags)),
    }
    return OutsideOrder(
        external_id=told.external_id,
        title=told.name,
        status=status,
        updated_at=updated_at,
        ordered_at=_moment(told.processed_at) or _moment(told.created_at) or updated_at,
        currency=currency,
        total=_amount(total, currency, "The total"),
        items=[
            draft
            for number, item in enumerate(_in_one_order(told.items), start=1)
            if (draft := _draft(item, currency, f"Item {number}")).quantity
        ],
        customer_name=_first(
            [
                " ".join(filter(None, [told.first_name, told.last_name])),
                told.shipping.name,
                told.billing.name,
            ]
        ),
        customer_email=_first(told.emails),
        customer_phone=_first([*told.phones, told.shipping.phone, told.billing.phone]),
        shipping_address="\n".join(told.shipping.lines),
        notes=told.note,
        link=admin_link(shop, told.external_id),
        is_test=told.is_test,
        fulfilled_at=told.fulfilled if told.fulfillment_status == "fulfilled" else None,
        details={name: words for name, words in details.items() if words},
        is_current=is_current,
    )


def _in_one_order(items: Sequence[_Item]) -> Sequence[_Item]:
    """Return the items sorted by id, because the file of a bulk operation has them in any order."""
    if not all(item.id for item in items):
        return items
    # Among texts of digits, a longer one is a larger number.
    return sorted(items, key=lambda item: (len(item.id), item.id))


def _draft(item: _Item, currency: str, which: str) -> ItemDraft:
    price = next(filter(None, item.prices), None)
    if price is None:
        raise Unmappable(f"{which} has no price.")
    if price.currency not in {"", currency}:
        raise Unmappable(f"{which} costs {price.currency}, and the order {currency}.")
    quantity = next((each for each in item.quantities if each is not None), None)
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 0:
        raise Unmappable(f"{which} has no readable quantity.")
    return ItemDraft(
        name=item.name,
        sku=item.sku,
        unit_price=_amount(price, currency, f"The price of {which.lower()}"),
        quantity=quantity,
    )


def _amount(money: _Money, currency: str, which: str) -> Decimal:
    try:
        return amount_in(money.amount)
    except MoneyRefused as exc:
        raise Unmappable(f"{which} in {currency} is not readable: {exc}") from exc


def _moneys(data: Mapping[str, Any], name: str, currency: str) -> list[_Money | None]:
    """Return an amount of a webhook from its two places: the `…_set`, then the plain field."""
    money = _Money.of(_object(data.get(f"{name}_set")).get("shop_money"), "currency_code")
    alone = data.get(name)
    return [money, None if alone is None else _Money(alone, currency)]


def _fulfilled_at(value: object, key: str) -> datetime | None:
    """Return when the last parcel left. A cancelled one does not count."""
    moments = [
        _moment(each.get(key))
        for each in (value if isinstance(value, list) else [])
        if isinstance(each, dict) and _word(each.get("status")) == "success"
    ]
    return max(filter(None, moments), default=None)


def _address(value: object, *, province: str) -> _Address:
    told = _object(value)
    name, city = _text(told.get("name")), _text(told.get("city"))
    area = " ".join(filter(None, [_text(told.get(province)), _text(told.get("zip"))]))
    lines = [
        name,
        *(_text(told.get(key)) for key in ("company", "address1", "address2")),
        ", ".join(filter(None, [city, area])),
        _text(told.get("country")),
    ]
    # A name alone is no address.
    is_address = any(lines[1:])
    return _Address(name, _text(told.get("phone")), list(filter(None, lines)) if is_address else [])


# --- Values that may be missing or of another type --------------------------------------------


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: object) -> Sequence[str]:
    return list(filter(None, map(_text, value))) if isinstance(value, list) else []


def _word(value: object) -> str:
    return _text(value).lower()


def _first(values: Sequence[object]) -> str:
    return next(filter(None, map(_text, values)), "")


def _id(value: object) -> str:
    """Return an id as a text. Shopify's are numbers beyond what JavaScript counts exactly."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    text = _text(value)
    return text if text.isascii() and text.isdigit() else ""


def _moment(value: object) -> datetime | None:
    """Read a time. Return None if it is unreadable or has no zone."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
