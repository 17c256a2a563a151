"""Hostile input to `/api/orders/`: every refusal has the usual body, and nothing is written."""

import json

import pytest
from rest_framework.test import APIClient

from orders.models import Order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"title": NaN}',
        b'{"title": "\\ud800"}',
        b'{"title": "a\\u0000b"}',
        b'{"title": "\xff"}',
        b'{"title": ""}',
        b'{"title": "   "}',
        b'{"title": null}',
        b'{"title": {}}',
        b'{"title": ["a"]}',
        json.dumps({"title": "x" * 256}).encode(),
        json.dumps({"title": "a", "description": "x" * 10_001}).encode(),
        b'{"title": "a", "status": ["pending"]}',
        b'{"title": "a", "dependencies": 1}',
        b'{"title": "a", "dependencies": "1"}',
        b'{"title": "a", "dependencies": [0]}',
        b'{"title": "a", "dependencies": [-1]}',
        b'{"title": "a", "dependencies": [true]}',
        b'{"title": "a", "dependencies": [1.5]}',
        b'{"title": "a", "dependencies": [9223372036854775807]}',
        b'{"title": "a", "dependencies": [99999999999999999999999]}',
        b'{"title": "a", "dependencies": [[1]]}',
        b'{"title": "a", "dependencies": null}',
        b'{"title": "a", "auto_activate": "perhaps"}',
        b'{"title": "a", "failure_policy": "explode"}',
        b'{"title": "a", "items": {}}',
        b'{"title": "a", "items": [1]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1.00", "quantity": 0}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1.00", "quantity": -1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "-1.00", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "NaN", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1e400", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1.005", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "9999999999.99", "quantity": 2}]}',
        b'{"title": "a", "total_price": "-0.01"}',
        b'{"title": "a", "total_price": "Infinity"}',
        b'{"title": "a", "currency": "euro"}',
        b'{"title": "a", "link": "javascript:alert(1)"}',
        b'{"title": "a", "link": "ftp://example.com/"}',
        b'{"title": "a", "customer": "John"}',
        b'{"title": "a", "customer": {"email": "john"}}',
        b'{"title": "a", "nonsense": 1}',
        b'{"title": "a", "\\u0000": 1}',
        b"[" * 100_000,
        # So deep that a JSON writer gives up on it.
        *(
            b'{"title": "a", "%s": %s1%s}' % (name, b"[" * depth, b"]" * depth)
            for name in (b"title", b"status", b"total_price", b"dependencies", b"id")
            for depth in (33, 300, 1000)
        ),
        b'{"title": "a", "customer": %s1%s}' % (b'{"name": ' * 1000, b"}" * 1000),
    ],
)
def test_hostile_bodies_are_a_400_and_write_nothing(client: APIClient, body: bytes) -> None:
    response = client.post("/api/orders/", body, content_type="application/json")

    assert response.status_code == 400, response.content
    assert response.json()["detail"] == "Invalid request data"
    assert response.json()["errors"]
    assert not Order.objects.exists()
    assert not Event.objects.exists()


def test_a_repeatable_request_with_a_deep_body_is_refused_as_any_other(
    client: APIClient,
) -> None:
    deep = b'{"title": "a", "id": %s1%s}' % (b"[" * 300, b"]" * 300)

    response = client.post(
        "/api/orders/",
        deep,
        content_type="application/json",
        headers={"Idempotency-Key": "deep"},
    )

    assert response.status_code == 400
    assert response.json()["errors"] == {"body": ["Values are nested deeper than 32 levels."]}


def test_too_many_dependencies_are_refused_without_reading_them(
    client: APIClient,
) -> None:
    response = client.post("/api/orders/", {"title": "a", "dependencies": [0] * 1001})

    assert response.status_code == 400
    assert response.json()["errors"] == {
        "dependencies": ["Ensure this field has no more than 1000 elements."]
    }


@pytest.mark.parametrize(
    "order_id",
    ["0", "99", "-1", "abc", "1.5", "9" * 19, "9" * 40, "%00", "1%00", "..%2F1"],
)
def test_wrong_ids_in_paths_are_a_404(client: APIClient, order_id: str) -> None:
    for suffix in ("", "/", "/chain", "/blockers", "/events"):
        response = client.get(f"/api/orders/{order_id}{suffix}")
        assert response.status_code == 404
        assert response.json()["detail"] == "Resource not found"
        assert response.json()["error"] in {"Resource not found", "Order not found"}
    assert client.put(f"/api/orders/{order_id}", {"title": "a"}).status_code == 404
    assert client.delete(f"/api/orders/{order_id}").status_code == 404


def test_a_parameter_named_format_means_nothing(client: APIClient) -> None:
    assert client.get("/api/orders/?format=xml").json() == []


def test_another_content_type_is_a_415(client: APIClient) -> None:
    response = client.post("/api/orders/", b"title=a", content_type="text/plain")

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"
