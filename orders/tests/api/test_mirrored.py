"""Orders from outside on each surface: what is shown, and that sending it back changes nothing."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Membership, Project, User
from accounts.services import create_project
from accounts.tests.factories import client_of, make_user
from orders.lifecycle import Status
from orders.models import Order, OrderItem
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.outside import MUG, TOLD, mirror

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(ada: User) -> Project:
    return create_project(owner=ada, name="Mugs", currency="EUR")


@pytest.fixture
def order(shop: Project) -> Order:
    """An order with values that people could not set."""
    return mirror(
        shop,
        customer_email="not an address",
        items=[MUG, MUG],
        total=Decimal("64.8851"),
        status=Status.COMPLETED,
    ).order


def state() -> Any:
    orders = list(Order.objects.order_by("pk").values())
    return orders, list(OrderItem.objects.order_by("pk").values()), Event.objects.count()


def test_the_chain_surface_takes_back_what_it_shows(client: APIClient, order: Order) -> None:
    path = f"/api/orders/{order.pk}"
    body = client.get(path).json()
    before = state()

    assert (body["provider"], body["external_id"]) == ("shopify", TOLD.external_id)
    assert (body["title"], body["total_price"]) == ("#1001", "64.8851")
    assert [item["total_price"] for item in body["items"]] == ["59.98", "59.98"]
    for send in (client.put, client.patch):
        assert send(path, body).json() == body
        for name in body.keys() - {"items", "total_price"}:
            assert send(path, {name: body[name]}).status_code == 200
        assert send(path, {"items": body["items"]}).json() == body
        assert send(path, {"total_price": body["total_price"]}).json() == body
        assert send(path, {"items": body["items"], "total_price": "64.8851"}).json() == body
        # A change of something else, in a whole body.
        assert send(path, {**body, "status": "active"}).status_code == 409
    assert state() == before


FROM_SHOPIFY = ["It comes from Shopify; change it there."]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"total_price": "1.00"}, "total_price"),
        ({"currency": "USD"}, "currency"),
        ({"items": []}, "items"),
        ({"link": "https://example.com/"}, "link"),
        ({"customer": {"name": "Grace"}}, "customer"),
        ({"shipping_address": ""}, "shipping_address"),
    ],
    ids=["total", "currency", "items", "link", "customer", "address"],
)
def test_the_chain_surface_leaves_to_the_source_what_it_decides(
    client: APIClient, order: Order, body: Any, field: str
) -> None:
    path = f"/api/orders/{order.pk}"
    before = state()

    for send in (client.put, client.patch):
        refusal = send(path, {**body, "title": "Mine"})

        assert refusal.status_code == 400
        assert refusal.json()["errors"] == {field: FROM_SHOPIFY}
    assert state() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"total": 1}, "total"),
        ({"currency": "USD"}, "currency"),
        ({"items": []}, "items"),
        ({"link": ""}, "link"),
        ({"customer": {"phone": None}}, "customer"),
        ({"shipping_address": "Here"}, "shipping_address"),
    ],
    ids=["total", "currency", "items", "link", "customer", "address"],
)
def test_the_hub_leaves_to_the_source_what_it_decides(
    client: APIClient, shop: Project, order: Order, body: Any, field: str
) -> None:
    before = state()

    refusal = client.patch(f"/api/v1/orders/{shop.uuid}/{order.uuid}", {**body, "title": "Mine"})

    assert refusal.status_code == 422
    assert refusal.json()["errors"] == {field: FROM_SHOPIFY}
    assert state() == before


@pytest.mark.parametrize(
    ("body", "field"), [({"price": 1}, "price"), ({"link": "https://a.example/"}, "link")]
)
def test_the_envelope_leaves_to_the_source_what_it_decides(
    client: APIClient, order: Order, body: Any, field: str
) -> None:
    before = state()

    refusal = client.patch(f"/api/order/{order.uuid}", {**body, "title": "Mine"})

    assert refusal.status_code == 400
    assert refusal.json()["error"] == f"{field}: {FROM_SHOPIFY[0]}"
    assert state() == before


def test_people_set_what_is_not_the_sources_alone(
    client: APIClient, shop: Project, ada: User
) -> None:
    order, first = mirror(shop).order, make_order(ada, status="completed")

    answer = client.patch(
        f"/api/v1/orders/{shop.uuid}/{order.uuid}",
        {
            "status": "fulfilled",
            "fulfilled_date": "2025-01-12T12:00:00Z",
            "title": "For the fair",
            "notes": "Packed.",
            "dependencies": [str(first.uuid)],
            "auto_activate": True,
            "failure_policy": "fail",
        },
    )

    assert answer.status_code == 200
    assert answer.json()["fulfilled_date"] == "2025-01-12T12:00:00Z"
    assert (answer.json()["title"], answer.json()["notes"]) == ("For the fair", "Packed.")


def test_the_envelope_takes_back_what_it_shows(client: APIClient, order: Order) -> None:
    path = f"/api/order/{order.uuid}"
    data = client.get(path).json()["data"]
    before = state()

    answer = client.patch(path, data)

    assert (answer.status_code, answer.json()["data"]) == (200, data)
    assert (data["title"], data["price"], data["status"]) == ("#1001", "64.8851", "completed")
    assert state() == before


def test_the_hub_takes_back_what_it_shows(client: APIClient, shop: Project, order: Order) -> None:
    path = f"/api/v1/orders/{shop.uuid}/{order.uuid}"
    body = client.get(path).json()
    before = state()

    answer = client.patch(path, body)

    assert (answer.status_code, answer.json()) == (200, body)
    assert body["source_details"] == {"financial_status": "pending"}
    assert (body["external_id"], body["is_test"]) == (TOLD.external_id, False)
    assert state() == before


def test_members_who_handle_the_projects_orders_move_them(shop: Project) -> None:
    order = mirror(shop).order
    agent, viewer, stranger = make_user(), make_user(), make_user()
    Membership.objects.create(project=shop, user=agent, role=Membership.Role.AGENT)
    Membership.objects.create(project=shop, user=viewer, role=Membership.Role.VIEWER)

    def move(user: User) -> int:
        answer = client_of(user).patch(f"/api/orders/{order.pk}", {"status": "shipped"})
        return answer.status_code

    assert [move(user) for user in (stranger, viewer, agent)] == [404, 403, 200]
    # Whoever connected the shop is its orders' owner, and leaves that right with the project.
    Membership.objects.filter(user=order.owner).delete()
    assert move(order.owner) == 403


def test_an_order_can_wait_for_one_from_outside(
    client: APIClient, ada: User, shop: Project
) -> None:
    order, mine = mirror(shop).order, make_order(ada)

    answer = client.patch(f"/api/orders/{mine.pk}", {"dependencies": [order.pk]})

    assert answer.json()["ready"] is False
    mirror(shop, 1, status=Status.COMPLETED)
    assert client.get(f"/api/orders/{mine.pk}").json()["ready"] is True
    history = client.get(f"/api/orders/{order.pk}/events").json()
    assert history[-1]["data"]["cause"] == {"source": "shopify"}
    assert history[-1]["actor_id"] is None
