"""Bulk operations of the emulated Shopify."""

import json
from collections.abc import Iterable
from typing import Any

import requests

from integrations.sandbox.shopify import Shop, seed
from integrations.sandbox.shopify.tests.conftest import Client

RUN = """mutation($query: String!, $grouped: Boolean) {
  bulkOperationRunQuery(query: $query, groupObjects: $grouped) {
    bulkOperation { id status } userErrors { field message code } } }"""
LOOK = """query($id: ID!) { bulkOperation(id: $id) {
  status errorCode objectCount rootObjectCount url } }"""
EVERYTHING = """{ orders(query: "created_at:>'2020-01-01'") { edges { node {
  id legacyResourceId lineItems { edges { node { id title } } } } } } }"""


def start(client: Client, query: str = EVERYTHING, **more: Any) -> str:
    """Start an operation and return its id."""
    payload = client.ask(RUN, query=query, **more)["bulkOperationRunQuery"]
    assert payload["userErrors"] == []
    assert payload["bulkOperation"]["status"] == "CREATED"
    id: str = payload["bulkOperation"]["id"]
    return id


def look(client: Client, id: str) -> dict[str, Any]:
    """Look at an operation once."""
    found: dict[str, Any] = client.ask(LOOK, id=id)["bulkOperation"]
    return found


def lines_at(url: str) -> list[dict[str, Any]]:
    """Download a file and return its lines."""
    answer = requests.get(url, timeout=5)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def parents_come_first(lines: Iterable[dict[str, Any]]) -> bool:
    seen = set()
    for line in lines:
        if "__parentId" in line and line["__parentId"] not in seen:
            return False
        seen.add(line["id"])
    return True


def test_writes_every_order_and_line_in_any_order(client: Client, shop: Shop) -> None:
    seed(shop, 30)
    id = start(client)
    assert look(client, id)["status"] == "RUNNING"
    done = look(client, id)
    lines = lines_at(done["url"])
    orders = [line for line in lines if "__parentId" not in line]
    assert {order["legacyResourceId"] for order in orders} == set(map(str, shop.orders))
    children = sum(len(order.lines) for order in shop.orders.values())
    assert (done["status"], done["rootObjectCount"]) == ("COMPLETED", "30")
    assert done["objectCount"] == str(30 + children) == str(len(lines))
    assert not parents_come_first(lines)
    assert requests.get(done["url"][:-1], timeout=5).status_code == 403
    # It takes nothing from the rate limit but the calls themselves.
    assert shop.bucket.level > 1980
    (told,) = [each for each in shop.deliveries if each.topic == "bulk_operations/finish"]
    assert json.loads(told.body)["admin_graphql_api_id"] == id

    grouped = start(client, grouped=True)
    look(client, grouped)
    assert parents_come_first(lines_at(look(client, grouped)["url"]))


def test_has_no_file_when_nothing_was_found(client: Client) -> None:
    id = start(client)
    look(client, id)
    assert look(client, id) == {
        "status": "COMPLETED",
        "errorCode": None,
        "objectCount": "0",
        "rootObjectCount": "0",
        "url": None,
    }


def test_refuses_what_cannot_run_in_bulk(client: Client) -> None:
    def problem(query: str) -> str:
        payload = client.ask(RUN, query=query)["bulkOperationRunQuery"]
        assert payload["bulkOperation"] is None
        message: str = payload["userErrors"][0]["message"]
        return message

    one = "Bulk queries must contain exactly one top-level connection field."
    assert problem("{ shop { name } }") == one
    assert problem("{ a: orders { nodes { id } } b: orders { nodes { id } } }") == one
    assert problem("{ orders { nodes { total } } }").startswith("Invalid bulk query: Field 'total'")
    assert problem("{ orders {").startswith("Invalid bulk query: syntax error")
    for _ in range(5):
        start(client)
    busy = client.ask(RUN, query=EVERYTHING)["bulkOperationRunQuery"]["userErrors"][0]
    assert busy["code"] == "OPERATION_IN_PROGRESS"


def test_is_held_cancelled_and_failed_on_request(client: Client, shop: Shop) -> None:
    client.control("shops/-", {"holds_bulk": True}, method="PATCH")
    first, second = start(client), start(client)
    assert [look(client, first)["status"] for _ in range(3)] == ["CREATED"] * 3
    cancel = """mutation($id: ID!) { bulkOperationCancel(id: $id) {
        bulkOperation { status } userErrors { message } } }"""
    payload = client.ask(cancel, id=first)["bulkOperationCancel"]
    assert payload == {"bulkOperation": {"status": "CANCELING"}, "userErrors": []}
    client.control("shops/-/bulk", {})
    assert look(client, first)["status"] == "CANCELED"
    assert look(client, second)["status"] == "RUNNING"
    client.control("shops/-/bulk", {"error_code": "TIMEOUT"})
    failed = look(client, second)
    assert (failed["status"], failed["errorCode"]) == ("FAILED", "TIMEOUT")
    assert client.ask(cancel, id=second)["bulkOperationCancel"]["userErrors"] != []
    client.control("shops/-", {"scopes": [], "holds_bulk": False}, method="PATCH")
    denied = start(client)
    look(client, denied)
    assert look(client, denied)["errorCode"] == "ACCESS_DENIED"
