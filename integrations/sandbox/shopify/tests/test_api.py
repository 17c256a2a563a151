"""The emulated Admin API: tokens, pages, filters, costs, and what it refuses."""

from typing import Any

import pytest
import requests

from integrations.sandbox.shopify import LONG_ORDER_LINES, Shop, seed
from integrations.sandbox.shopify.tests.conftest import Client

ORDERS = """
query Orders($first: Int!, $after: String, $q: String, $sort: OrderSortKeys) {
  orders(first: $first, after: $after, query: $q, sortKey: $sort) {
    pageInfo { hasNextPage endCursor }
    nodes { ...order }
  }
}
fragment order on Order { id legacyResourceId name updatedAt }
"""


def all_orders(client: Client, *, first: int = 4, q: str = "", **more: Any) -> list[str]:
    """Page through all orders and return their names."""
    names: list[str] = []
    after = None
    while True:
        page = client.ask(ORDERS, first=first, after=after, q=q, **more)["orders"]
        names += [order["name"] for order in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


def test_exchanges_credentials_for_a_token_that_ends(client: Client) -> None:
    answer = client.exchange()
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "scope", "expires_in"}
    assert answer.json()["expires_in"] == 86399
    client.token = answer.json()["access_token"]
    assert client.call("{ shop { name } }").status_code == 200
    client.shopify.advance(86400)
    assert client.call("{ shop { name } }").status_code == 401
    # The token that was made in the shop's admin does not end.
    client.token = client.shop.access_token
    assert client.call("{ shop { name } }").status_code == 200


@pytest.mark.parametrize(
    ("told", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 400, "application_cannot_be_found"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_refuses_wrong_credentials(
    client: Client, told: dict[str, str], status: int, error: str
) -> None:
    answer = client.exchange(**told)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_answers_only_with_a_good_token(client: Client) -> None:
    for token in ("", "shpat_wrong"):
        client.token = token
        assert client.call("{ shop { name } }").status_code == 401


def test_pages_through_orders_by_cursor(client: Client, shop: Shop) -> None:
    seed(shop, 23)
    names = all_orders(client, sort="UPDATED_AT")
    assert len(names) == 23
    assert sorted(names) == [f"#{number}" for number in range(1001, 1024)]
    moments = [order.updated_at for name in names for order in by_name(shop, name)]
    assert moments == sorted(moments)
    page = client.ask("{ orders(last: 2, sortKey: ID) { nodes { name } } }")["orders"]
    assert page["nodes"] == [{"name": "#1022"}, {"name": "#1023"}]
    page = client.ask("{ orders(first: 2, sortKey: ID, reverse: true) { nodes { name } } }")
    assert page["orders"]["nodes"] == [{"name": "#1023"}, {"name": "#1022"}]


def by_name(shop: Shop, name: str) -> list[Any]:
    return [order for order in shop.orders.values() if order.name == name]


def test_an_order_that_changes_while_paging_moves_to_the_end(client: Client, shop: Shop) -> None:
    ids = seed(shop, 6)
    first = client.ask(ORDERS, first=3, sort="UPDATED_AT")["orders"]
    moved = next(id for id in ids if str(id) == first["nodes"][0]["legacyResourceId"])
    shop.change(moved, "tag")
    rest = client.ask(ORDERS, first=10, sort="UPDATED_AT", after=first["pageInfo"]["endCursor"])[
        "orders"
    ]
    assert rest["nodes"][-1]["legacyResourceId"] == str(moved)
    assert len(rest["nodes"]) == 4


def test_a_cursor_is_good_for_its_own_sorting_alone(client: Client, shop: Shop) -> None:
    seed(shop, 6)
    page = client.ask(ORDERS, first=3, sort="UPDATED_AT")["orders"]
    after = page["pageInfo"]["endCursor"]
    assert client.refusal(ORDERS, first=3, sort="ID", after=after) == "BAD_REQUEST"
    assert client.refusal(ORDERS, first=3, sort="ID", after="???") == "BAD_REQUEST"


def test_filters_as_the_search_syntax_says(client: Client, shop: Shop) -> None:
    for day in (1, 2, 3):
        shop.make_order(created_at=f"2025-11-0{day}T12:00:00Z", tags=["vip"] if day == 3 else [])
    shop.change(next(iter(shop.orders)), "cancel", at="2025-11-05T00:00:00Z")

    def found(q: str) -> list[str]:
        return all_orders(client, q=q, sort="ID")

    assert found("updated_at:>='2025-11-03T12:00:00Z'") == ["#1001", "#1003"]
    assert found("updated_at:>'2025-11-03T12:00:00Z'") == ["#1001"]
    assert found("created_at:<'2025-11-02T12:00:00Z'") == ["#1001"]
    assert found("created_at:<=2025-11-02T12:00:00+00:00 AND -status:cancelled") == ["#1002"]
    assert found("status:cancelled OR tag:vip") == ["#1001", "#1003"]
    assert found("(status:cancelled OR tag:vip) financial_status:pending") == ["#1003"]
    assert found("NOT tag:vip") == ["#1001", "#1002"]
    assert found("NOT (status:cancelled OR tag:vip)") == ["#1002"]
    assert found("-(status:cancelled OR tag:vip)") == ["#1002"]
    assert found("NOT (status:cancelled) AND NOT (NOT (tag:vip))") == ["#1003"]
    assert found("tag:vip OR NOT (tag:vip)") == ["#1001", "#1002", "#1003"]
    assert found("status:closed") == []
    assert found("status:not_closed") == ["#1001", "#1002", "#1003"]
    assert found("name:1002") == ["#1002"]
    assert found(f"id:>={max(shop.orders)}") == ["#1003"]


def test_an_invalid_term_is_left_out_with_a_warning(client: Client, shop: Shop) -> None:
    seed(shop, 2)
    body = client.call(ORDERS, {"first": 5, "q": "updated:>yesterday"}).json()
    assert len(body["data"]["orders"]["nodes"]) == 2
    (search,) = body["extensions"]["search"]
    assert search["path"] == ["orders"]
    assert search["warnings"] == [
        {"field": "updated", "message": "Invalid search field for this query."}
    ]
    body = client.call(ORDERS, {"first": 5, "q": "updated_at:>yesterday"}).json()
    assert body["extensions"]["search"][0]["warnings"][0]["field"] == "updated_at"


def test_pages_through_the_lines_of_one_order(client: Client, shop: Shop) -> None:
    ids = seed(shop, 9)
    long = next(id for id in ids if len(shop.orders[id].lines) == LONG_ORDER_LINES)
    lines: list[str] = []
    after = None
    query = """query($id: ID!, $after: String)
        { order(id: $id) { lineItems(first: 50, after: $after) {
            pageInfo { hasNextPage endCursor } edges { cursor node { id } } } } }"""
    while True:
        gid = f"gid://shopify/Order/{long}"
        page = client.ask(query, id=gid, after=after)["order"]["lineItems"]
        lines += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(set(lines)) == LONG_ORDER_LINES == len(lines)
    assert client.ask(query, id="gid://shopify/Order/1", after=None) == {"order": None}


def test_costs_drain_a_bucket_that_refills(client: Client, shop: Shop) -> None:
    seed(shop, 3)
    body = client.call(ORDERS, {"first": 250}).json()
    cost = body["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 13
    assert cost["actualQueryCost"] == 4
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000.0,
        "currentlyAvailable": 1996,
        "restoreRate": 100.0,
    }
    client.control("bucket", {"level": 5, "restore_rate": 10})
    answer = client.call(ORDERS, {"first": 250})
    assert answer.status_code == 200
    body = answer.json()
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["requestedQueryCost"] == 13
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 5
    client.control("clock", {"advance": 1})
    body = client.call(ORDERS, {"first": 250}).json()
    assert len(body["data"]["orders"]["nodes"]) == 3
    assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 11


def test_refuses_what_costs_too_much_at_once(client: Client) -> None:
    client.control("costs", {"pages": "linear"})
    query = """{ orders(first: 250) { nodes { lineItems(first: 10) { nodes { id } } } } }"""
    answer = client.call(query)
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["cost"] == 2 + 250 * (1 + 2 + 10)
    assert client.call(query.replace("250", "50")).json()["data"] == {"orders": {"nodes": []}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ orders(first: 1) { nodes { total_price } } }", "undefinedField"),
        ("{ products(first: 1) { nodes { id } } }", "undefinedField"),
        ("{ orders(first: 1, status: OPEN) { nodes { id } } }", "argumentNotAccepted"),
        ("{ orders(first: 1, sortKey: NEWEST) { nodes { id } } }", "argumentLiteralsIncompatible"),
        ('{ orders(first: "1") { nodes { id } } }', "argumentLiteralsIncompatible"),
        ("{ orders(first: 1) { nodes } }", "selectionMismatch"),
        ("{ shop { name { text } } }", "selectionMismatch"),
        ("{ order { id } }", "missingRequiredArguments"),
        ("{ orders { nodes { id } } }", "BAD_REQUEST"),
        ("{ orders(first: 251) { nodes { id } } }", "BAD_REQUEST"),
        ("{ orders(first: 1, last: 1) { nodes { id } } }", "BAD_REQUEST"),
        ("query($n: Int) { shop { name } }", "variableNotUsed"),
        ("{ orders(first: $n) { nodes { id } } }", "variableNotDefined"),
        ("query($n: String) { orders(first: $n) { nodes { id } } }", "variableMismatch"),
        ("query($n: Int!) { orders(first: $n) { nodes { id } } }", "INVALID_VARIABLE"),
        ("{ order(id: 7) { id } }", "argumentLiteralsIncompatible"),
        ("{ shop { ...all } }", "useAndDefineFragment"),
        ("{ shop { ...a } } fragment a on Shop { name ...a }", "infiniteLoop"),
        ("{ shop { ...a } } fragment a on Order { name }", "cannotSpreadFragment"),
        ("query A { shop { name } } query B { shop { id } }", "missingOperationName"),
        ("{ shop { name }", "PARSE_ERROR"),
        ("orders", "PARSE_ERROR"),
        ("subscription { orders }", "missingSubscription"),
    ],
)
def test_refuses_what_the_schema_refuses(client: Client, query: str, code: str) -> None:
    assert client.refusal(query) == code


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"query": 7},
        {"query": "{ shop { name } }", "variables": [1]},
        {"query": "{ shop { name } }", "operationName": ["A"]},
        [],
    ],
)
def test_refuses_requests_that_are_no_graphql(client: Client, told: Any) -> None:
    url = f"{client.base}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": client.token}
    assert requests.post(url, json=told, headers=headers, timeout=5).status_code == 400
    plain = {**headers, "Content-Type": "text/plain"}
    body = b'{"query": "{ shop { name } }"}'
    assert requests.post(url, data=body, headers=plain, timeout=5).status_code == 400
    as_graphql = {**headers, "Content-Type": "application/graphql"}
    answer = requests.post(url, data=b"{ shop { name } }", headers=as_graphql, timeout=5)
    assert answer.json()["data"] == {"shop": {"name": "Demo Shop"}}


def test_refuses_orders_without_their_scope(client: Client, shop: Shop) -> None:
    client.control("shops/-", {"scopes": ["read_products"]}, method="PATCH")
    body = client.call("{ shop { name } orders(first: 1) { nodes { id } } }").json()
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert body["errors"][0]["path"] == ["orders"]
    # Orders may not be null, so their parent is.
    assert body["data"] is None
    body = client.call('{ shop { name } order(id: "gid://shopify/Order/1") { id } }').json()
    assert body["data"] == {"shop": {"name": "Demo Shop"}, "order": None}
    scopes = client.ask("{ currentAppInstallation { accessScopes { handle } } }")
    assert scopes == {"currentAppInstallation": {"accessScopes": [{"handle": "read_products"}]}}


def test_hides_orders_of_more_than_60_days_without_their_scope(client: Client, shop: Shop) -> None:
    seed(shop, 10, days=100)
    assert len(all_orders(client)) == 6
    assert client.ask("{ ordersCount { count precision } }")["ordersCount"]["count"] == 6
    client.control("shops/-", {"scopes": ["read_orders", "read_all_orders"]}, method="PATCH")
    assert len(all_orders(client)) == 10


@pytest.mark.parametrize(("switch", "email"), [("approved", "ada@example.com"), ("nulls", None)])
def test_protects_customer_data(client: Client, shop: Shop, switch: str, email: str | None) -> None:
    shop.make_order()
    query = (
        "{ orders(first: 1) { nodes { email customer { displayName } shippingAddress { city } } } }"
    )
    client.control("shops/-", {"protected_data": switch}, method="PATCH")
    (order,) = client.ask(query)["orders"]["nodes"]
    assert order["email"] == email
    assert (order["customer"] is None, order["shippingAddress"] is None) == (not email, not email)
    client.control("shops/-", {"protected_data": "errors"}, method="PATCH")
    body = client.call(query).json()
    assert {error["extensions"]["code"] for error in body["errors"]} == {"ACCESS_DENIED"}
    assert body["data"]["orders"]["nodes"] == [
        {"email": None, "customer": None, "shippingAddress": None}
    ]


def test_says_which_version_served(client: Client) -> None:
    def served(version: str) -> str:
        answer = client.call("{ shop { name } }", version=version)
        return answer.headers.get("X-Shopify-API-Version", str(answer.status_code))

    assert served("2026-10") == "2026-10"
    assert served("2024-01") == "2026-01"
    assert served("2027-01") == "2027-01"
    assert served("2031-01") == "404"
    assert served("2026-02") == "404"


@pytest.mark.parametrize(
    ("trouble", "status"), [("frozen", 402), ("forbidden", 403), ("locked", 423)]
)
def test_a_shop_in_trouble_refuses(client: Client, trouble: str, status: int) -> None:
    client.control("shops/-", {"trouble": trouble}, method="PATCH")
    assert client.call("{ shop { name } }").status_code == status


def test_keeps_shops_apart(client: Client) -> None:
    made = client.control("shops", {"domain": "other.myshopify.com"}).json()
    client.shopify.shops["other.myshopify.com"].make_order()
    assert all_orders(client) == []
    assert made["client_secret"] != client.shop.client_secret
    assert client.control("shops", {"domain": "other.example.com"}).status_code == 400


def test_seeds_the_same_orders_each_time(client: Client, shop: Shop) -> None:
    def told() -> list[Any]:
        until = "2025-11-24T11:00:00-05:00"
        made = client.control("shops/-/seed", {"count": 40, "until": until})
        assert made.json() == list(client.shop.orders)
        orders: list[Any] = client.control("shops/-/orders", method="GET").json()
        return orders

    first = told()
    client.sandbox.reset()
    assert told() == first
    kinds = {
        "guest": lambda order: order["customer"] is None and order["email"],
        "till": lambda order: order["source_name"] == "pos" and not order["email"],
        "cancelled": lambda order: order["cancelled_at"],
        "closed": lambda order: order["closed_at"] and not order["cancelled_at"],
        "test": lambda order: order["test"],
        "long": lambda order: len(order["line_items"]) == LONG_ORDER_LINES,
        "yen": lambda order: order["currency"] == "JPY" and order["total_price"] == "12100",
        "abroad": lambda order: (
            order["total_price_set"]
            == {
                "shop_money": {"amount": "100.00", "currency_code": "USD"},
                "presentment_money": {"amount": "15000", "currency_code": "JPY"},
            }
        ),
        "edited": lambda order: (
            (order["total_price"], order["current_total_price"]) == ("120.00", "60.00")
        ),
        "partly refunded": lambda order: order["financial_status"] == "partially_refunded",
        "refunded": lambda order: order["financial_status"] == "refunded",
        "partly shipped": lambda order: order["fulfillment_status"] == "partial",
    }
    for kind, is_one in kinds.items():
        assert any(map(is_one, first)), kind
    assert all(order["id"] > 2**53 for order in first)
    assert max(order["updated_at"] for order in first) <= "2025-11-24T11:00:00-05:00"


def test_goes_wrong_on_request(client: Client, shop: Shop) -> None:
    seed(shop, 2)
    query = "{ orders(first: 1) { nodes { id } } }"
    client.control("shops/-/mishaps", {"code": "THROTTLED", "after": 1, "cost": None})
    assert "errors" not in client.call(query).json()
    body = client.call(query).json()
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "extensions" not in body
    cost = {"requestedQueryCost": 60, "throttleStatus": {"restoreRate": 0}}
    client.control("shops/-/mishaps", {"code": "THROTTLED", "cost": cost, "match": "orders"})
    assert "errors" not in client.call("{ shop { name } }").json()
    assert client.call(query).json()["extensions"] == {"cost": cost}
    client.control("shops/-/mishaps", {"code": "INTERNAL_SERVER_ERROR", "with_data": True})
    body = client.call(query).json()
    assert len(body["data"]["orders"]["nodes"]) == 1
    assert body["errors"][0]["extensions"].keys() == {"code", "requestId"}
    assert "errors" not in client.call(query).json()
    client.control("shops/-", {"trouble": "inactive"}, method="PATCH")
    assert client.refusal(query) == "SHOP_INACTIVE"


def test_knows_no_switch_by_another_name_or_value(client: Client, shop: Shop) -> None:
    for wrong in ({"color": "red"}, {"trouble": "broken"}, {"allows_http": 1}, {"scopes": "all"}):
        assert client.control("shops/-", wrong, method="PATCH").status_code == 400
    assert shop.trouble == ""
    client.control("shops/-", {"scopes": ["read_orders", "read_all_orders"]}, method="PATCH")
    assert shop.deliveries[-1].topic == "app/scopes_update"


def test_searches_find_a_change_only_after_a_while(client: Client, shop: Shop) -> None:
    client.control("shops/-", {"index_lag_seconds": 5}, method="PATCH")
    shop.make_order()
    q = "updated_at:>='2025-11-24T15:00:00Z'"
    assert all_orders(client, q=q) == []
    client.control("clock", {"advance": 5})
    assert all_orders(client, q=q) == ["#1001"]
