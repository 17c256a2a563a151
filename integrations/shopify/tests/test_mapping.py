"""What becomes of an order as Shopify tells it, in both shapes in which it does."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.sandbox.shopify import payloads, seed
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.fetching import fetch_page, order_in
from integrations.shopify.mapping import (
    Unmappable,
    admin_link,
    order_of_node,
    order_of_payload,
    status_of,
)
from integrations.shopify.tests.shop import PretendShop, make_integration
from orders.lifecycle import Status
from orders.services import ItemDraft, OutsideOrder

SHOP = "my-shop.myshopify.com"


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currency_code": currency}


PAYLOAD: Mapping[str, Any] = {
    "id": 5940139491234567890,
    "admin_graphql_api_id": "gid://shopify/Order/5940139491234567890",
    "name": "#1001",
    "email": "a@example.com",
    "contact_email": "a@example.com",
    "phone": None,
    "test": False,
    "created_at": "2026-11-20T10:29:00-05:00",
    "updated_at": "2026-11-20T10:30:01-05:00",
    "processed_at": "2026-11-20T10:30:00-05:00",
    "cancelled_at": None,
    "cancel_reason": None,
    "closed_at": None,
    "currency": "USD",
    "presentment_currency": "JPY",
    "financial_status": "paid",
    "fulfillment_status": None,
    "total_price": "120.00",
    "current_total_price": "60.00",
    "total_price_set": {"shop_money": money("120.00"), "presentment_money": money("18000", "JPY")},
    "current_total_price_set": {
        "shop_money": money("60.00"),
        "presentment_money": money("9000", "JPY"),
    },
    "tags": "vip, gift",
    "note": "Ring twice",
    "source_name": "web",
    "payment_gateway_names": ["bogus"],
    "customer": {
        "id": 115310627314723950,
        "email": "account@example.com",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "phone": "+12125550100",
    },
    "shipping_address": {
        "name": "Ada L.",
        "company": "Engines Ltd",
        "phone": "+12125550199",
        "address1": "1 Main Street",
        "address2": "Flat 2",
        "city": "New York",
        "province_code": "NY",
        "zip": "10001",
        "country": "United States",
        "country_code": "US",
    },
    "billing_address": {"name": "A. Lovelace", "phone": "+12125550111"},
    "line_items": [
        {
            "id": 866550311766439020,
            "title": "Mug",
            "name": "Mug - Blue",
            "sku": "MUG-B",
            "quantity": 2,
            "current_quantity": 1,
            "price": "69.60",
            "price_set": {
                "shop_money": money("69.60"),
                "presentment_money": money("10440", "JPY"),
            },
            "total_discount": "19.20",
        }
    ],
    "fulfillments": [],
    "refunds": [],
}
NODE: Mapping[str, Any] = {
    "id": "gid://shopify/Order/5940139491234567890",
    "legacyResourceId": "5940139491234567890",
    "name": "#1001",
    "email": "a@example.com",
    "phone": None,
    "test": False,
    "createdAt": "2026-11-20T15:29:00Z",
    "updatedAt": "2026-11-20T15:30:01Z",
    "processedAt": "2026-11-20T15:30:00Z",
    "cancelledAt": None,
    "cancelReason": None,
    "closedAt": None,
    "currencyCode": "USD",
    "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "UNFULFILLED",
    "totalPriceSet": {"shopMoney": {"amount": "120.0", "currencyCode": "USD"}},
    "currentTotalPriceSet": {"shopMoney": {"amount": "60.0", "currencyCode": "USD"}},
    "tags": ["gift", "vip"],
    "note": "Ring twice",
    "sourceName": "web",
    "paymentGatewayNames": ["bogus"],
    "customer": {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "defaultEmailAddress": {"emailAddress": "account@example.com"},
        "defaultPhoneNumber": {"phoneNumber": "+12125550100"},
    },
    "shippingAddress": {
        "name": "Ada L.",
        "company": "Engines Ltd",
        "phone": "+12125550199",
        "address1": "1 Main Street",
        "address2": "Flat 2",
        "city": "New York",
        "provinceCode": "NY",
        "zip": "10001",
        "country": "United States",
    },
    "billingAddress": {"name": "A. Lovelace", "phone": "+12125550111"},
    "fulfillments": [],
}
ITEM: Mapping[str, Any] = {
    "id": "gid://shopify/LineItem/866550311766439020",
    "title": "Mug",
    "name": "Mug - Blue",
    "sku": "MUG-B",
    "quantity": 2,
    "currentQuantity": 1,
    "originalUnitPriceSet": {"shopMoney": {"amount": "69.6", "currencyCode": "USD"}},
}
TOLD = OutsideOrder(
    external_id="5940139491234567890",
    title="#1001",
    status=Status.ACTIVE,
    updated_at=datetime(2026, 11, 20, 15, 30, 1, tzinfo=UTC),
    ordered_at=datetime(2026, 11, 20, 15, 30, tzinfo=UTC),
    currency="USD",
    total=Decimal("60.00"),
    items=[ItemDraft(name="Mug - Blue", sku="MUG-B", unit_price=Decimal("69.60"), quantity=1)],
    customer_name="Ada Lovelace",
    customer_email="a@example.com",
    customer_phone="+12125550100",
    shipping_address=(
        "Ada L.\nEngines Ltd\n1 Main Street\nFlat 2\nNew York, NY 10001\nUnited States"
    ),
    notes="Ring twice",
    link="https://admin.shopify.com/store/my-shop/orders/5940139491234567890",
    is_test=False,
    fulfilled_at=None,
    details={
        "financial_status": "paid",
        "fulfillment_status": "unfulfilled",
        "source": "web",
        "payment": "bogus",
        "tags": "gift, vip",
    },
)


def of_payload(**changes: Any) -> OutsideOrder:
    """Map the payload with these changes; a value of `...` removes the key."""
    payload = {**copy.deepcopy(dict(PAYLOAD)), **changes}
    kept = {name: value for name, value in payload.items() if value is not ...}
    return order_of_payload(kept, shop=SHOP)


def of_node(*, items: Any = (ITEM,), **changes: Any) -> OutsideOrder:
    """Map the node with these changes; a value of `...` removes the key."""
    node = {**copy.deepcopy(dict(NODE)), **changes}
    kept = {name: value for name, value in node.items() if value is not ...}
    return order_of_node(kept, items, shop=SHOP)


def line(**changes: Any) -> dict[str, Any]:
    """Return the payload's item with these changes; a value of `...` removes the key."""
    item = {**copy.deepcopy(PAYLOAD["line_items"][0]), **changes}
    return {name: value for name, value in item.items() if value is not ...}


# --- Both shapes ------------------------------------------------------------------------------


def test_an_order_is_the_same_from_both_shapes() -> None:
    assert of_payload() == TOLD
    assert of_node() == replace(TOLD, is_current=True)


def test_a_node_that_was_written_earlier_is_not_current() -> None:
    assert order_of_node(NODE, [ITEM], shop=SHOP, is_current=False) == TOLD


def test_every_kind_of_order_in_a_shop_is_the_same_from_both_shapes(
    shop: PretendShop, owner: Any
) -> None:
    seed(shop.shop, 60)
    api = AdminApi(make_integration(shop, owner))
    nodes = fetch_page(api, since=None, after=None, size=100).nodes
    assert len(nodes) == 60

    for node in nodes:
        asked = order_in(api, node)
        order = shop.shop.orders[int(asked.external_id)]
        heard = order_of_payload(payloads.order(order, shop.shop.offset_hours), shop=shop.domain)
        if asked.details["fulfillment_status"] == "on_hold":
            # Webhooks have no word for it.
            details = {**asked.details, "fulfillment_status": "unfulfilled"}
            asked = replace(asked, details=details)
        assert heard == replace(asked, is_current=False)


# --- Statuses ---------------------------------------------------------------------------------

PAID = ["paid", "partially_paid", "authorized", "partially_refunded", "refunded"]


@pytest.mark.parametrize(
    ("financial", "fulfillment", "status"),
    [
        ("pending", "unfulfilled", Status.PENDING),
        ("pending", "fulfilled", Status.FULFILLED),
        ("pending", "partially_fulfilled", Status.SHIPPED),
        *((word, "unfulfilled", Status.ACTIVE) for word in PAID),
        *((word, "partially_fulfilled", Status.SHIPPED) for word in PAID),
        *((word, "fulfilled", Status.FULFILLED) for word in PAID),
        ("voided", "unfulfilled", Status.FAILED),
        ("expired", "unfulfilled", Status.FAILED),
        ("voided", "fulfilled", Status.FULFILLED),
        ("paid", "in_progress", Status.ACTIVE),
        ("paid", "on_hold", Status.ACTIVE),
        ("paid", "scheduled", Status.ACTIVE),
        ("paid", "request_declined", Status.ACTIVE),
        ("paid", "open", Status.ACTIVE),
        ("refunded", "restocked", Status.ACTIVE),
        ("pending", "pending_fulfillment", Status.PENDING),
        ("", "", Status.PENDING),
        ("brand_new", "brand_new", Status.PENDING),
    ],
)
def test_the_first_status_that_matches_counts(
    financial: str, fulfillment: str, status: Status
) -> None:
    def found(**more: bool) -> Status:
        return status_of(financial=financial, fulfillment=fulfillment, **more)

    assert found() == status
    closed = Status.COMPLETED if fulfillment == "fulfilled" else status
    assert found(is_closed=True) == closed
    assert found(is_cancelled=True) == found(is_cancelled=True, is_closed=True) == Status.CANCELLED


@pytest.mark.parametrize(
    ("webhooks", "graphql", "ours"),
    [
        (None, "UNFULFILLED", "unfulfilled"),
        ("partial", "PARTIALLY_FULFILLED", "partially_fulfilled"),
        ("fulfilled", "FULFILLED", "fulfilled"),
        ("restocked", "RESTOCKED", "restocked"),
        ("brand_new", "BRAND_NEW", "brand_new"),
    ],
)
def test_words_of_a_status_are_kept_also_unknown_ones(
    webhooks: str | None, graphql: str, ours: str
) -> None:
    told = of_payload(fulfillment_status=webhooks)
    assert told.details["fulfillment_status"] == ours
    assert of_node(displayFulfillmentStatus=graphql) == replace(told, is_current=True)


def test_closed_and_cancelled_orders_are_mapped_like_open_ones() -> None:
    moment = "2026-11-21T10:00:00-05:00"
    told = of_payload(cancelled_at=moment, closed_at=moment, cancel_reason="customer")
    assert told.status == Status.CANCELLED
    assert told.details["cancel_reason"] == "customer"
    asked = of_node(cancelledAt=moment, closedAt=moment, cancelReason="CUSTOMER")
    assert asked == replace(told, is_current=True)
    assert of_payload(closed_at=moment, fulfillment_status="fulfilled").status == Status.COMPLETED
    assert of_payload(closed_at=moment).status == Status.ACTIVE


def test_an_order_is_fulfilled_when_its_last_parcel_left() -> None:
    parcels = [
        {"status": "success", "created_at": "2026-11-21T08:00:00-05:00"},
        {"status": "success", "created_at": "2026-11-22T08:00:00-05:00"},
        {"status": "cancelled", "created_at": "2026-11-23T08:00:00-05:00"},
        {"status": "success", "created_at": None},
        "nonsense",
    ]
    last = datetime(2026, 11, 22, 13, tzinfo=UTC)
    told = of_payload(fulfillment_status="fulfilled", fulfillments=parcels)
    assert told.fulfilled_at == last
    asked = of_node(
        displayFulfillmentStatus="FULFILLED",
        fulfillments=[
            {"status": "SUCCESS", "createdAt": "2026-11-22T13:00:00Z"},
            {"status": "SUCCESS", "createdAt": "2026-11-21T13:00:00Z"},
            {"status": "CANCELLED", "createdAt": "2026-11-23T13:00:00Z"},
        ],
    )
    assert asked == replace(told, is_current=True)
    # A part of it does not make it fulfilled.
    assert of_payload(fulfillment_status="partial", fulfillments=parcels).fulfilled_at is None


def test_a_test_order_is_marked() -> None:
    assert of_payload(test=True).is_test
    assert of_node(test=True).is_test
    assert not of_payload(test=...).is_test
    assert not of_payload(test="false").is_test


# --- Money ------------------------------------------------------------------------------------


def test_the_customers_currency_never_stands_beside_the_shops() -> None:
    for told in (of_payload(), of_node()):
        assert (told.total, told.currency) == (Decimal("60.00"), "USD")
        assert [item.unit_price for item in told.items] == [Decimal("69.60")]
        assert "JPY" not in str(told)
        assert "9000" not in str(told)


def test_total_and_items_are_both_as_they_are_after_edits_and_refunds() -> None:
    for told in (of_payload(), of_node()):
        assert told.total == Decimal("60.00")
        assert [item.quantity for item in told.items] == [1]


def test_an_item_that_was_taken_away_is_no_item_any_more() -> None:
    gone = line(current_quantity=0)
    assert of_payload(line_items=[gone, line(name="Cup")]).items == [
        replace(TOLD.items[0], name="Cup")
    ]
    assert of_node(items=[{**ITEM, "currentQuantity": 0}]).items == []


def test_amounts_without_a_set_are_in_the_shops_currency() -> None:
    told = of_payload(
        current_total_price_set=..., total_price_set=None, line_items=[line(price_set=...)]
    )
    assert told == TOLD
    told = of_payload(
        current_total_price=...,
        current_total_price_set=...,
        line_items=[line(current_quantity=...)],
    )
    assert told.total == Decimal("120.00")
    assert told.items[0].quantity == 2
    assert of_payload(current_total_price_set=..., current_total_price=0).total == 0


@pytest.mark.parametrize(
    ("written", "currency", "amount"),
    [
        ("15000", "JPY", "15000"),
        ("15000.0", "JPY", "15000"),
        ("15000.00", "JPY", "15000"),
        ("1.2345", "KWD", "1.2345"),
        ("0.0", "USD", "0"),
        ("9999999999.99", "USD", "9999999999.99"),
    ],
)
def test_amounts_are_exact_whatever_decimals_they_are_written_with(
    written: str, currency: str, amount: str
) -> None:
    told = of_payload(
        currency=currency,
        current_total_price_set={"shop_money": money(written, currency)},
        line_items=[line(price_set={"shop_money": money(written, currency)})],
    )
    assert (told.total, told.currency) == (Decimal(amount), currency)
    assert told.items[0].unit_price == Decimal(amount)


@pytest.mark.parametrize("written", ["", "abc", "NaN", "-1.00", "1e3", "1,00", [], {}, True])
def test_an_amount_that_cannot_be_read_is_refused(written: Any) -> None:
    with pytest.raises(Unmappable, match=r"The total in USD is not readable: Must"):
        of_payload(current_total_price_set={"shop_money": {"amount": written}})
    with pytest.raises(Unmappable, match=r"The price of item 1 in USD is not readable: Must"):
        of_payload(line_items=[line(price_set=..., price=written)])


def test_an_item_in_another_currency_than_its_order_is_refused() -> None:
    with pytest.raises(Unmappable, match=r"Item 1 costs JPY, and the order USD\."):
        of_payload(line_items=[line(price_set={"shop_money": money("50", "JPY")})])


# --- Customers --------------------------------------------------------------------------------


def test_a_guest_a_till_and_an_erased_customer_are_nobody() -> None:
    nobody: dict[str, Any] = dict.fromkeys(
        ["customer", "email", "contact_email", "phone", "shipping_address", "billing_address"]
    )
    told = of_payload(**nobody)
    assert told == replace(
        TOLD, customer_name="", customer_email="", customer_phone="", shipping_address=""
    )
    assert of_payload(**dict.fromkeys(nobody, ...)) == told
    erased: dict[str, Any] = dict.fromkeys(
        ["customer", "email", "phone", "shippingAddress", "billingAddress"]
    )
    assert of_node(**erased) == replace(told, is_current=True)
    assert of_node(**dict.fromkeys(erased, ...)) == replace(told, is_current=True)


def test_an_email_is_looked_for_in_the_order_first_and_then_at_the_customer() -> None:
    assert of_payload().customer_email == "a@example.com"
    told = of_payload(email=None, contact_email="c@example.com", customer={"id": 7, "email": None})
    assert told.customer_email == "c@example.com"
    assert of_payload(email="", contact_email=None).customer_email == "account@example.com"
    assert of_node(email=None).customer_email == "account@example.com"


def test_a_phone_number_is_looked_for_in_the_order_the_customer_and_the_addresses() -> None:
    assert of_payload(phone="+12125550000").customer_phone == "+12125550000"
    assert of_payload().customer_phone == "+12125550100"
    assert of_payload(customer=None).customer_phone == "+12125550199"
    assert of_payload(customer=None, shipping_address=None).customer_phone == "+12125550111"
    assert of_node(customer=None).customer_phone == "+12125550199"


def test_a_name_is_looked_for_at_the_customer_and_in_the_addresses() -> None:
    assert of_payload(customer=None).customer_name == "Ada L."
    assert of_payload(customer=None, shipping_address=None).customer_name == "A. Lovelace"
    assert of_payload(customer={"first_name": None, "last_name": "Li"}).customer_name == "Li"
    # A customer without a name is not called by the e-mail address.
    nameless = {"firstName": None, "lastName": None, "displayName": "a@example.com"}
    assert of_node(customer=nameless).customer_name == "Ada L."


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ({"address1": "1 Main Street"}, "1 Main Street"),
        ({"name": "Ada", "zip": "10001"}, "Ada\n10001"),
        ({"name": "Ada", "city": "Paris", "zip": "75001", "country": "France"},
         "Ada\nParis, 75001\nFrance"),
        ({"name": "Ada", "phone": "1"}, ""),
        ({}, ""),
        (None, ""),
        ("1 Main Street", ""),
    ],
)  # fmt: skip
def test_an_address_has_a_line_for_each_part_that_is_there(address: Any, lines: str) -> None:
    assert of_payload(shipping_address=address).shipping_address == lines
    assert of_node(shippingAddress=address).shipping_address == lines


# --- Ids and times ----------------------------------------------------------------------------


def test_an_id_beyond_what_a_float_holds_keeps_its_digits() -> None:
    for id_ in (2**53 + 1, 2**63 + 1, 9007199254740993):
        assert of_payload(id=id_).external_id == str(id_)
        assert of_node(legacyResourceId=str(id_)).external_id == str(id_)


@pytest.mark.parametrize("id_", [None, ..., "", "abc", "1.5", 1.5, True, 0, -1, [], "\uff11"])
def test_an_order_without_an_id_is_refused(id_: Any) -> None:
    with pytest.raises(Unmappable, match=r"The order has no id\."):
        of_payload(id=id_)
    with pytest.raises(Unmappable, match=r"The order has no id\."):
        of_node(legacyResourceId=id_)


@pytest.mark.parametrize("moment", [None, ..., "", "yesterday", "2026-11-20T10:30:01", 1, {}])
def test_an_order_that_does_not_say_when_it_changed_is_refused(moment: Any) -> None:
    with pytest.raises(Unmappable, match="no readable time of its last change"):
        of_payload(updated_at=moment)


def test_an_order_was_placed_when_it_was_processed_or_else_made() -> None:
    assert of_payload(processed_at=None).ordered_at == datetime(2026, 11, 20, 15, 29, tzinfo=UTC)
    told = of_payload(processed_at=None, created_at=None)
    assert told.ordered_at == told.updated_at


def test_the_link_leads_to_the_order_in_the_shops_back_office() -> None:
    assert admin_link(SHOP, "7") == "https://admin.shopify.com/store/my-shop/orders/7"


# --- Everything else ---------------------------------------------------------------------------


def test_unknown_fields_change_nothing() -> None:
    assert of_payload(brand_new={"a": [1]}, line_items=[line(brand_new=True)]) == TOLD
    assert of_node(brandNew={"a": [1]}) == replace(TOLD, is_current=True)


def test_optional_fields_may_be_missing() -> None:
    told = order_of_payload(
        {
            "id": 7,
            "updated_at": "2026-11-20T10:30:01-05:00",
            "currency": "EUR",
            "total_price": "10.00",
            "line_items": [{"title": "Mug", "quantity": 1, "price": "10.00"}],
        },
        shop=SHOP,
    )
    assert told == OutsideOrder(
        external_id="7",
        title="",
        status=Status.PENDING,
        updated_at=datetime(2026, 11, 20, 15, 30, 1, tzinfo=UTC),
        ordered_at=datetime(2026, 11, 20, 15, 30, 1, tzinfo=UTC),
        currency="EUR",
        total=Decimal("10.00"),
        items=[ItemDraft(name="Mug", unit_price=Decimal("10.00"), quantity=1)],
        link=admin_link(SHOP, "7"),
        details={"fulfillment_status": "unfulfilled"},
    )


@pytest.mark.parametrize("items", [None, ..., {}, "x", [1], [None], [["a"]]])
def test_an_order_whose_items_cannot_be_read_is_refused(items: Any) -> None:
    with pytest.raises(Unmappable, match=r"The order has no readable list of items\."):
        of_payload(line_items=items)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"price": ..., "price_set": ...}, r"Item 1 has no price\."),
        ({"quantity": ..., "current_quantity": ...}, r"Item 1 has no readable quantity\."),
        ({"current_quantity": "1"}, r"Item 1 has no readable quantity\."),
        ({"current_quantity": -1}, r"Item 1 has no readable quantity\."),
        ({"current_quantity": True}, r"Item 1 has no readable quantity\."),
    ],
)
def test_an_item_that_cannot_be_read_is_named(item: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unmappable, match=reason):
        of_payload(line_items=[line(**item)])


def test_items_are_in_one_order_however_they_come() -> None:
    first, second = line(id=7, name="Mug"), line(id=12, name="Cup")
    for items in ([first, second], [second, first]):
        assert [item.name for item in of_payload(line_items=items).items] == ["Mug", "Cup"]
    ids = {"Mug": "gid://shopify/LineItem/7", "Cup": "gid://shopify/LineItem/12"}
    nodes = [{**ITEM, "name": name, "id": id_} for name, id_ in ids.items()]
    for items in (nodes, nodes[::-1]):
        assert [item.name for item in of_node(items=items).items] == ["Mug", "Cup"]
    # Without ids they stay as they come.
    second = line(id=..., name="Cup")
    assert [item.name for item in of_payload(line_items=[second, first]).items] == ["Cup", "Mug"]


def test_an_order_without_a_total_is_refused() -> None:
    with pytest.raises(Unmappable, match=r"The order has no total\."):
        of_payload(
            total_price=...,
            total_price_set=...,
            current_total_price=None,
            current_total_price_set=None,
        )


@pytest.mark.parametrize("nonsense", [1, "text", [], ["a"], {"a": "b"}, True, 1.5])
def test_a_field_of_another_type_never_breaks_the_mapping(nonsense: Any) -> None:
    for name in PAYLOAD:
        try:
            of_payload(**{name: nonsense})
        except Unmappable:
            assert name in {"id", "updated_at", "line_items", "current_total_price_set"}
    for name in NODE:
        try:
            of_node(**{name: nonsense})
        except Unmappable:
            assert name in {"legacyResourceId", "updatedAt"}
