"""`/api/orders/` as the chain document shows it: examples and refusals; and our additions."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user
from orders.api.chain.serializers import OrderOutput
from orders.models import Order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

DOCUMENTED = [
    "id",
    "title",
    "description",
    "status",
    "created_at",
    "updated_at",
    "owner_id",
]


def documented(order: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an order that the document shows, in its order."""
    return {name: value for name, value in order.items() if name in DOCUMENTED}


# --- the document's examples ------------------------------------------------------------------


def test_creates_an_order_as_documented(ada: User, client: APIClient) -> None:
    first, second = make_order(ada), make_order(ada)

    with time_machine.travel(datetime(2024, 2, 14, 12, tzinfo=UTC), tick=False):
        fresh = client_of(ada)
        response = fresh.post(
            "/api/orders/",
            {
                "title": "New Order",
                "description": "Order description",
                "status": "pending",
                "dependencies": [first.pk, second.pk],
            },
        )

    assert response.status_code == 201
    body = response.json()
    assert list(body)[:7] == DOCUMENTED
    assert documented(body) == {
        "id": second.pk + 1,
        "title": "New Order",
        "description": "Order description",
        "status": "pending",
        "created_at": "2024-02-14T12:00:00",
        "updated_at": "2024-02-14T12:00:00",
        "owner_id": ada.pk,
    }
    assert body["dependencies"] == [first.pk, second.pk]
    assert body["ready"] is False


def test_lists_orders_as_documented(ada: User, client: APIClient) -> None:
    with time_machine.travel(datetime(2024, 2, 14, 10, tzinfo=UTC), tick=False):
        order = make_order(ada, title="First Order", description="First order description")
    with time_machine.travel(datetime(2024, 2, 14, 11, tzinfo=UTC), tick=False):
        client_of(ada).put(f"/api/orders/{order.pk}", {"status": "completed"})

    response = client.get("/api/orders/")

    assert response.status_code == 200
    assert [documented(row) for row in response.json()] == [
        {
            "id": order.pk,
            "title": "First Order",
            "description": "First order description",
            "status": "completed",
            "created_at": "2024-02-14T10:00:00",
            "updated_at": "2024-02-14T11:00:00",
            "owner_id": ada.pk,
        }
    ]


def test_gets_an_order_as_documented(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="First Order", status="completed")

    response = client.get(f"/api/orders/{order.pk}")

    assert response.status_code == 200
    assert response.json() == client.get("/api/orders/").json()[0]


def test_updates_an_order_as_documented(ada: User, client: APIClient) -> None:
    done = make_order(ada, status="completed")
    with time_machine.travel(datetime(2024, 2, 14, 10, tzinfo=UTC), tick=False):
        order = make_order(ada)

    with time_machine.travel(datetime(2024, 2, 14, 12, tzinfo=UTC), tick=False):
        response = client_of(ada).put(
            f"/api/orders/{order.pk}",
            {
                "title": "Updated Order",
                "description": "Updated description",
                "status": "active",
                "dependencies": [done.pk],
            },
        )

    assert response.status_code == 200
    assert documented(response.json()) == {
        "id": order.pk,
        "title": "Updated Order",
        "description": "Updated description",
        "status": "active",
        "created_at": "2024-02-14T10:00:00",
        "updated_at": "2024-02-14T12:00:00",
        "owner_id": ada.pk,
    }
    assert response.json()["dependencies"] == [done.pk]


def test_deletes_an_order_as_documented(ada: User, client: APIClient) -> None:
    order = make_order(ada)

    response = client.delete(f"/api/orders/{order.pk}")

    assert response.status_code == 200
    assert response.json() == {"message": "Order deleted successfully"}
    assert client.get(f"/api/orders/{order.pk}").status_code == 404


@pytest.mark.parametrize("status", ["pending", "active", "completed", "failed"])
def test_every_documented_status_can_be_set(client: APIClient, ada: User, status: str) -> None:
    created = client.post("/api/orders/", {"title": "Made so", "status": status})
    draft = make_order(ada)
    changed = client.put(f"/api/orders/{draft.pk}", {"status": status})

    assert (created.status_code, created.json()["status"]) == (201, status)
    assert (changed.status_code, changed.json()["status"]) == (200, status)


# --- the document's refusals ------------------------------------------------------------------


def test_a_malformed_body_is_a_400_that_names_the_fields(
    client: APIClient,
) -> None:
    response = client.post("/api/orders/", {"status": "done", "dependancies": [1]})

    assert response.status_code == 400
    assert response.json() == {
        "detail": "Invalid request data",
        "error": "The input is not valid.",
        "code": "invalid",
        "errors": {
            "title": ["This field is required."],
            "status": [
                '"done" is not one of draft, pending, active, shipped, fulfilled, completed, '
                "failed, cancelled."
            ],
            "dependancies": ["There is no such field."],
        },
    }
    assert not Order.objects.exists()


def test_without_a_token_everything_is_the_documented_401(ada: User) -> None:
    order = make_order(ada)
    stranger = APIClient()
    for method, path in [
        ("get", "/api/orders/"),
        ("post", "/api/orders/"),
        ("get", f"/api/orders/{order.pk}"),
        ("put", f"/api/orders/{order.pk}"),
        ("patch", f"/api/orders/{order.pk}"),
        ("delete", f"/api/orders/{order.pk}"),
        ("get", f"/api/orders/{order.pk}/chain"),
        ("get", f"/api/orders/{order.pk}/blockers"),
        ("get", f"/api/orders/{order.pk}/events"),
    ]:
        response = getattr(stranger, method)(path)
        assert response.status_code == 401, (method, path)
        words = "Could not validate credentials"
        assert response.json() == {"detail": words, "error": words}
        assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_stranger_gets_a_404(ada: User) -> None:
    order = make_order(ada)
    eve = client_of(make_user())
    for method, path in [
        ("get", f"/api/orders/{order.pk}"),
        ("put", f"/api/orders/{order.pk}"),
        ("patch", f"/api/orders/{order.pk}"),
        ("delete", f"/api/orders/{order.pk}"),
        ("get", f"/api/orders/{order.pk}/chain"),
        ("get", f"/api/orders/{order.pk}/blockers"),
        ("get", f"/api/orders/{order.pk}/events"),
    ]:
        response = getattr(eve, method)(path)
        assert response.status_code == 404, (method, path)
        assert response.json() == {
            "detail": "Resource not found",
            "error": "Order not found",
        }
    assert eve.get("/api/orders/").json() == []
    assert Order.objects.filter(pk=order.pk).exists()


def test_a_refused_move_names_the_open_moves(ada: User, client: APIClient) -> None:
    order = make_order(ada, status="fulfilled")

    response = client.put(f"/api/orders/{order.pk}", {"status": "active"})

    assert response.status_code == 409
    assert response.json() == {
        "detail": f"Order #{order.pk} cannot move from fulfilled to active. Open moves: completed.",
        "error": f"Order #{order.pk} cannot move from fulfilled to active. Open moves: completed.",
        "code": "move_refused",
        "open_moves": ["completed"],
    }


def test_a_blocked_order_says_what_blocks_it(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = client.patch(f"/api/orders/{second.pk}", {"status": "completed"})

    assert response.status_code == 409
    assert response.json() == {
        "detail": f"Order #{second.pk} cannot be completed while it waits for #{first.pk}.",
        "error": f"Order #{second.pk} cannot be completed while it waits for #{first.pk}.",
        "code": "order_blocked",
        "blockers": [first.pk],
        "open_moves": ["draft", "failed", "cancelled"],
    }


def test_a_cycle_is_a_400_that_names_it_in_order(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = client.put(f"/api/orders/{first.pk}", {"dependencies": [second.pk]})

    assert response.status_code == 400
    assert response.json() == {
        "detail": "Invalid request data",
        "error": "The input is not valid.",
        "code": "dependency_cycle",
        "errors": {
            "dependencies": [
                "These orders would wait for one another: "
                f"#{first.pk} → #{second.pk} → #{first.pk}."
            ]
        },
        "cycle": [first.pk, second.pk],
    }


def test_what_others_wait_for_cannot_be_deleted(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    second, third = make_order(ada, first), make_order(ada, first)

    response = client.delete(f"/api/orders/{first.pk}")

    assert response.status_code == 409
    words = f"Order #{first.pk} cannot be deleted: #{second.pk} and #{third.pk} wait for it."
    assert response.json() == {
        "detail": words,
        "error": words,
        "code": "order_has_dependents",
        "dependents": [second.pk, third.pk],
    }
    assert Order.objects.filter(pk=first.pk).exists()


# --- beside the document ----------------------------------------------------------------------


def test_what_was_read_can_be_sent_back_whole(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    created = client.post(
        "/api/orders/",
        {
            "title": "Lamp",
            "dependencies": [first.pk],
            "items": [{"name": "Lamp", "unit_price": "29.99", "quantity": 1}],
        },
    )

    response = client.put(created["Location"], created.json())

    assert response.status_code == 200
    assert response.json() == created.json()
    assert response["ETag"] == created["ETag"]
    assert Event.objects.filter(order=created.json()["id"]).count() == 1


def test_a_put_keeps_the_fields_that_it_leaves_out(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Old", description="Kept")

    body = client.put(f"/api/orders/{order.pk}", {"title": "New"}).json()

    assert (body["title"], body["description"]) == ("New", "Kept")


def test_each_path_answers_with_and_without_its_slash(ada: User, client: APIClient) -> None:
    order = make_order(ada)
    for path in [
        "/api/orders",
        f"/api/orders/{order.pk}",
        f"/api/orders/{order.pk}/chain",
        f"/api/orders/{order.pk}/blockers",
        f"/api/orders/{order.pk}/events",
    ]:
        bare, slashed = client.get(path), client.get(f"{path}/")
        assert (bare.status_code, slashed.status_code) == (200, 200), path
        assert bare.json() == slashed.json()
    created = client.post("/api/orders", {"title": "Without a slash"})
    assert created.status_code == 201


def test_the_schema_names_the_fields_that_are_answered(client: APIClient) -> None:
    created = client.post(
        "/api/orders/",
        {
            "title": "Lamp",
            "items": [{"name": "Lamp", "unit_price": "1.00", "quantity": 1}],
        },
    ).json()
    listed = client.get("/api/orders/").json()[0]
    schema = OrderOutput()

    assert listed == created
    assert list(listed) == list(schema.fields)
    of_item = schema.fields["items"].child.fields  # type: ignore[attr-defined]
    # Only a line that was sold from stock has a product.
    assert [*listed["items"][0], "product_id"] == list(of_item)
    assert list(listed["customer"]) == list(schema.fields["customer"].fields)  # type: ignore[attr-defined]
