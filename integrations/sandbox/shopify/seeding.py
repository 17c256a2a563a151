"""Orders to begin with. They are the same at each start, and have every odd kind among them.

In each twenty orders, one is from a guest without an account, one is from the shop's till without
customer or address, one is cancelled and one is closed. The first twenty also have a test order,
one with 64 lines, one in yen, one paid in another currency than the shop's, one edited, one partly
refunded, one fully refunded, one on hold, one partly shipped, and one whose customer was erased.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.shopify.shop import Shop

_GOODS = (
    ("Mug", "MUG", "14.90"),
    ("Teapot", "TEA-POT", "39.00"),
    ("Linen tablecloth", "LIN-TC", "64.50"),
    ("Candle", "CANDLE", "9.99"),
    ("Oak tray", "OAK-TR", "48.00"),
    ("Café set, 6 pieces", "CAFE-6", "119.00"),
    ("Vase “Brise”", "VASE-B", "72.25"),
    ("Gift card", None, "25.00"),
)
_COLOURS = (None, "Blue", "Sand", "Olive")
_FIRST_NAMES = ("Ada", "Grace", "Zoë", "José", "Mei", "Olu", "Noor", "Søren", "Anaïs", "Kwame")
_LAST_NAMES = ("Lovelace", "Hopper", "Núñez", "Müller", "Okafor", "Li", "O'Brien", "Ångström")
LONG_ORDER_LINES = 64


def seed(
    shop: Shop, count: int, *, days: int = 50, until: datetime | str | None = None
) -> list[int]:
    """Make `count` orders without telling anybody, over `days` days up to `until` (now).

    Return their ids, oldest first.
    """
    chance = random.Random(f"{shop.domain} {len(shop.orders)} {count}")
    until = shop.moment(until)
    span = timedelta(days=days)
    made = []
    for number in range(count):
        at = until - span + span * (number + 1) / (count + 1)
        made.append(_make(shop, number, at.replace(microsecond=0), until, chance))
    return made


def _make(shop: Shop, number: int, at: datetime, until: datetime, chance: random.Random) -> int:
    kind = _SINGLES.get(number) or _REPEATED.get(number % 20, "")
    options: dict[str, Any] = {
        "lines": _lines(chance, LONG_ORDER_LINES if kind == "long" else chance.randint(1, 4)),
        "customer": _customer(chance, number),
        "shipping": chance.choice(["0", "4.90", "12.00"]),
        "tax": chance.choice(["0", "3.21"]),
        "tags": chance.choice([(), (), ("vip",), ("gift", "wholesale")]),
        "paid": kind != "cancelled" and chance.random() < 0.8,
        **_OPTIONS.get(kind, {}),
    }
    order = shop.make_order(created_at=at, announces=False, **options)
    for change, more in _steps(kind, order.lines[0].id, chance, is_paid=bool(order.paid)):
        at += timedelta(minutes=chance.randint(5, 600))
        shop.change(order.id, change, at=min(at, until), announces=False, **more)
    return order.id


# Kinds that occur once, by the number of the order. Then kinds that occur once in each twenty
# orders.
_SINGLES: Mapping[int, str] = {
    2: "test",
    4: "yen",
    6: "abroad",
    8: "long",
    10: "edited",
    11: "partly_refunded",
    12: "refunded",
    13: "on_hold",
    14: "erased",
    16: "partly_shipped",
}
_REPEATED: Mapping[int, str] = {3: "guest", 5: "till", 7: "cancelled", 9: "closed"}
# What is special about an order of a kind when it is made.
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "test": {"test": True},
    "yen": {
        "currency": "JPY",
        "lines": [{"title": "Teapot", "sku": "TEA-POT", "price": "5800", "quantity": 2}],
        "shipping": "500",
        "tax": "0",
    },
    "abroad": {
        "presentment_currency": "JPY",
        "rate": "150",
        "lines": [{"title": "Mug", "sku": "MUG", "price": "50.00", "quantity": 2}],
        "shipping": "0",
        "tax": "0",
        "paid": True,
    },
    "edited": {
        "lines": [
            {"title": "Mug", "sku": "MUG", "price": "69.60", "quantity": 2, "discount": "19.20"}
        ],
        "shipping": "0",
        "tax": "0",
        "paid": True,
    },
    "partly_refunded": {"paid": True},
    "refunded": {"paid": True},
    "partly_shipped": {
        "lines": [{"title": "Candle", "sku": "CANDLE", "price": "9.99", "quantity": 3}],
        "paid": True,
    },
    "closed": {"paid": True},
    "guest": {"is_guest": True, "email": "guest@example.com"},
    "till": {"is_guest": True, "has_address": False, "source_name": "pos", "paid": True},
}


def _steps(
    kind: str, first_line: int, chance: random.Random, *, is_paid: bool
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    steps: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = {
        "cancelled": [("cancel", {"reason": "customer"})],
        "closed": [("fulfil", {}), ("close", {})],
        "edited": [("edit", {"quantities": {str(first_line): 1}})],
        "partly_refunded": [("refund", {"amount": "5.00"})],
        "refunded": [("fulfil", {}), ("refund", {})],
        "on_hold": [("hold", {})],
        "erased": [("redact", {})],
        "partly_shipped": [("fulfil_partly", {})],
        "till": [("fulfil", {})],
    }
    if kind in steps:
        return steps[kind]
    if is_paid and chance.random() < 0.6:
        return [("fulfil", {"tracking_number": f"1Z{chance.randint(10**9, 10**10)}"})]
    return []


def _lines(chance: random.Random, count: int) -> list[dict[str, Any]]:
    lines = []
    for _ in range(count):
        title, sku, price = chance.choice(_GOODS)
        colour = chance.choice(_COLOURS)
        line: dict[str, Any] = {"title": title, "price": price, "quantity": chance.randint(1, 3)}
        if sku:
            line["sku"] = f"{sku}-{colour[0]}" if colour else sku
        if colour:
            line["variant_title"] = colour
        lines.append(line)
    return lines


def _customer(chance: random.Random, number: int) -> dict[str, str]:
    first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
    person = {
        "first_name": first,
        "last_name": last,
        "email": f"customer{number % 997}@example.com",
    }
    if number % 7 == 0:
        person["phone"] = f"+1212555{number % 10_000:04d}"
    return person
