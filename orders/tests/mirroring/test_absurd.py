"""What a source tells that no database could store."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Project
from orders.errors import OutsideOrderRefused
from orders.models import Order
from orders.services import ItemDraft
from orders.tests.mirroring.told import stored
from orders.tests.outside import MUG, events_of, mirror

pytestmark = pytest.mark.django_db


def test_texts_are_made_fit(shop: Project) -> None:
    order = mirror(
        shop,
        title=" \x00\n ",
        customer_name="Ada\x00 \ud800Love\nlace" + "e" * 300,
        customer_email="not an address",
        customer_phone="5" * 99,
        shipping_address=" 1 Main\x07 Street\r\nSpringfield " + "d" * 2000,
        notes="n" * 6000,
        link="javascript:alert(1)",
        items=[
            ItemDraft(name="", sku="S" * 99, unit_price=Decimal("0.0000"), quantity=1),
            ItemDraft(name="\x00", unit_price=Decimal("-0"), quantity=1_000_000, product_id=7),
            ItemDraft(name="i" * 300, unit_price=Decimal("1E+2"), quantity=1),
        ],
        details={"a\x00": "b" * 600, "": "c", **{f"d{n}": "" for n in range(99)}},
    ).order

    now = stored(order)
    assert now.title == "Order 5940139491234"
    assert now.customer_name == "Ada Love lace" + "e" * 242
    assert (now.customer_email, now.customer_phone) == ("not an address", "5" * 32)
    assert now.shipping_address.startswith("1 Main Street\r\nSpringfield d")
    assert [len(now.shipping_address), len(now.notes), now.link] == [1000, 5000, ""]
    assert len(now.source_details) == 49
    assert now.source_details["a"] == "b" * 500
    assert [
        (item.name, item.sku, item.unit_price, item.product_id) for item in now.items.order_by("pk")
    ] == [
        ("S" * 64, "S" * 64, Decimal(0), None),
        ("Item", "", Decimal(0), None),
        ("i" * 255, "", Decimal(100), None),
    ]
    assert mirror(shop, 1, title="\t").order.title == "Order 5940139491234"


@pytest.mark.parametrize(
    "link",
    [
        *("ftp://a.example/", "//a.example/", "https://", "http://[", "https://a.example/ b"),
        *("https://a.example/\x00", "https://a.example/" + "x" * 2048, "mailto:a@example.com"),
    ],
)
def test_links_that_lead_nowhere_are_left_out(shop: Project, link: str) -> None:
    assert mirror(shop, link=link).order.link == ""


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "1" * 65}, "external_id"),
        ({"external_id": "1\x00"}, "external_id"),
        ({"total": Decimal("-0.01")}, "total_price"),
        ({"total": Decimal("10000000000")}, "total_price"),
        ({"total": Decimal("1E+400")}, "total_price"),
        ({"total": Decimal("1.00001")}, "total_price"),
        ({"total": Decimal("NaN")}, "total_price"),
        ({"currency": "XBT"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"items": [replace(MUG, quantity=-1)]}, "items"),
        ({"items": [replace(MUG, quantity=1_000_001)]}, "items"),
        ({"items": [replace(MUG, unit_price=Decimal(-1))]}, "items"),
        ({"items": [replace(MUG, unit_price=Decimal("Infinity"))]}, "items"),
        ({"updated_at": datetime(2026, 11, 20)}, "updated_at"),  # noqa: DTZ001 (that is the point)
        ({"ordered_at": datetime.min.replace(tzinfo=UTC)}, "ordered_at"),
        ({"fulfilled_at": datetime.max.replace(tzinfo=UTC)}, "fulfilled_at"),
    ],
)
def test_an_order_that_cannot_be_stored_is_refused(
    shop: Project, wrong: dict[str, Any], field: str
) -> None:
    order = mirror(shop).order
    before = stored(order)

    with pytest.raises(OutsideOrderRefused) as refusal:
        mirror(shop, 5, **wrong)

    assert list(refusal.value.errors) == [field]
    assert field in refusal.value.message
    assert "\x00" not in refusal.value.message
    assert stored(order).source_updated_at == before.source_updated_at
    assert len(events_of(order)) == 1


def test_a_refusal_says_everything_that_is_wrong(shop: Project) -> None:
    cheap = replace(MUG, unit_price=Decimal("0.12345"))

    with pytest.raises(OutsideOrderRefused) as refusal:
        mirror(shop, currency="XBT", items=[MUG, cheap, replace(MUG, quantity=-2)])

    assert refusal.value.message == (
        "The order 5940139491234 cannot be stored. "
        "currency: ISO 4217 has no currency XBT. Use a code such as USD, EUR or JPY.; "
        "items: Item 2: The price must have at most 4 decimals. "
        "Item 3: The quantity must be from 0 to 1000000."
    )
    assert not Order.objects.exists()


def test_amounts_are_kept_exactly(shop: Project) -> None:
    thin = replace(MUG, unit_price=Decimal("0.3351"))

    order = stored(mirror(shop, total=Decimal("10.005"), items=[thin]).order)

    assert order.total_price == Decimal("10.005")
    assert order.items.get().unit_price == Decimal("0.3351")
    yen = mirror(shop, 1, currency="JPY", total=Decimal("1500.00"), items=[])
    assert (stored(order).currency, yen.order.total_price) == ("JPY", Decimal(1500))
