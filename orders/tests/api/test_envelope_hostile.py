"""Hostile input to `/api/order`: every refusal has the usual body, and nothing is written."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"price": NaN}',
    b'{"title": "\\ud800"}',
    b'{"title": "a\\u0000b"}',
    b'{"link": "https://example.com/\\u0000"}',
    b'{"status": "active\\u0000"}',
    b'{"title": "\xff"}',
    b'{"price": 99999999999999999999999}',
    b'{"price": 1e400}',
    b'{"\\u0000": 1}',
    b'{"__proto__": {}}',
    b"[" * 100_000,
    b'{"title": %s1%s}' % (b"[" * 300, b"]" * 300),
]


@pytest.mark.parametrize("body", BODIES)
def test_hostile_bodies_are_a_400_and_write_nothing(
    ada: User, client: APIClient, body: bytes
) -> None:
    order = make_order(ada, title="Old")

    for method, path in (("post", "/api/order"), ("patch", f"/api/order/{order.uuid}")):
        response: Any = getattr(client, method)(path, body, content_type="application/json")
        refusal = response.json()
        assert response.status_code == 400, response.content
        assert refusal["success"] is False
        assert refusal["error"]
        assert refusal["errorCode"] in {"VALIDATION_FAILED", "MISSING_REQUIRED_FIELD"}
    assert Order.objects.get().title == "Old"
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    "order_id",
    [
        "0",
        "1",
        "abc",
        "a1b2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6",  # the document's own example is no UUID
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "9" * 40,
        "x" * 5000,
        "%00",
        "%F0%9F%92%A9",
        "%D9%A3" * 32,
        "..",
    ],
)
def test_wrong_ids_in_paths_are_a_missing_order(client: APIClient, order_id: str) -> None:
    path = f"/api/order/{order_id}"
    for response in (
        client.get(path),
        client.get(f"{path}/"),
        client.patch(path, {"title": "a"}),
        client.delete(path),
    ):
        assert response.status_code == 404
        assert response.json()["errorCode"] == "ORDER_NOT_FOUND"


def test_a_path_beyond_an_order_is_a_404_with_the_usual_body(ada: User, client: APIClient) -> None:
    response = client.get(f"/api/order/{make_order(ada).uuid}/chain")

    assert response.status_code == 404
    assert response.json()["errorCode"] == "NOT_FOUND"


def test_another_content_type_is_a_415(client: APIClient) -> None:
    response = client.post("/api/order", b"title=a", content_type="text/plain")

    assert response.status_code == 415
    assert response.json()["errorCode"] == "UNSUPPORTED_MEDIA_TYPE"


def test_another_method_is_a_405(client: APIClient) -> None:
    response = client.put("/api/order", {})

    assert response.status_code == 405
    assert response.json()["errorCode"] == "METHOD_NOT_ALLOWED"
