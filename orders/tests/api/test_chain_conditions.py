"""Conditions and repeats on `/api/orders/`: entity tags and idempotency keys."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order
from orders.services import move_order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_a_change_with_a_stale_etag_is_a_412(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Old")
    etag = client.get(f"/api/orders/{order.pk}")["ETag"]
    changed = client.put(f"/api/orders/{order.pk}", {"title": "New"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed["ETag"] != etag

    for method in ("put", "patch", "delete"):
        response = getattr(client, method)(
            f"/api/orders/{order.pk}", {"title": "Newest"}, headers={"If-Match": etag}
        )
        assert response.status_code == 412
    assert client.get(f"/api/orders/{order.pk}").json()["title"] == "New"


def test_an_unchanged_order_is_a_304(ada: User, client: APIClient) -> None:
    order = make_order(ada)
    etag = client.get(f"/api/orders/{order.pk}")["ETag"]

    response = client.get(f"/api/orders/{order.pk}", headers={"If-None-Match": etag})

    assert (response.status_code, response.content) == (304, b"")


def test_an_order_that_becomes_ready_gets_a_new_etag(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    second = make_order(ada, first)
    path = f"/api/orders/{second.pk}"
    etag = client.get(path)["ETag"]

    move_order(order_id=first.pk, status="completed", by=ada)

    response = client.get(path, headers={"If-None-Match": etag})
    assert (response.status_code, response.json()["ready"]) == (200, True)
    assert response["ETag"] != etag
    stale = client.put(path, {"title": "New"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    fresh = client.put(path, {"title": "New"}, headers={"If-Match": response["ETag"]})
    assert fresh.status_code == 200


def test_a_repeat_with_the_same_key_gets_the_first_answer(client: APIClient) -> None:
    sent = {"title": "Once"}
    headers = {"Idempotency-Key": "abc"}

    first = client.post("/api/orders/", sent, headers=headers)
    second = client.post("/api/orders/", sent, headers=headers)
    other = client.post("/api/orders/", {"title": "Other"}, headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert (second["ETag"], second["Location"]) == (first["ETag"], first["Location"])
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert Order.objects.count() == 1
