"""Who may do what with an order, and what those who see a part of a chain learn about the rest."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import Membership, Project, User
from accounts.services import create_project, set_member
from accounts.tests.factories import client_of, make_staff, make_user
from orders.models import Order
from orders.services import create_order, update_order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db

Role = Membership.Role


@dataclass(frozen=True)
class Shop:
    """A project with a member in each role, and an order of a customer who is not a member."""

    project: Project
    callers: dict[str, User]
    order: Order


def order_of(owner: User, shop: Project, *waits_for: Order, title: str) -> Order:
    return create_order(
        by=owner,
        owner=owner,
        project=shop,
        fields={"title": title},
        dependencies=[order.pk for order in waits_for],
    )


@pytest.fixture
def shop() -> Shop:
    customer = make_user(email="customer@example.com")
    callers = {
        "customer": customer,
        "stranger": make_user(email="stranger@example.com"),
        "staff": make_staff("view_order"),
        "other staff": make_staff("view_user", "change_product"),
        "clerk": make_user(email="clerk@example.com", is_staff=True),
        **{str(role): make_user(email=f"{role}@example.com") for role in Role},
    }
    callers["clerk"].user_permissions.set(
        Permission.objects.filter(codename__in=["change_order", "delete_order"])
    )
    project = create_project(owner=callers["owner"], name="Shop")
    for role in Role:
        set_member(project=project, user=callers[role], role=role)
    return Shop(project, callers, order_of(customer, project, title="Lamp"))


WHOLE = ("customer", "clerk", "owner", "manager", "agent")
CALLERS = pytest.mark.parametrize(
    ("caller", "read", "changed"),
    [
        *((caller, 200, 200) for caller in WHOLE),
        ("viewer", 200, 403),
        # Staff who may view orders in the back office but not change them.
        ("staff", 200, 403),
        ("other staff", 404, 404),
        ("stranger", 404, 404),
        ("anonymous", 401, 401),
    ],
)
READS = ("", "/chain", "/blockers", "/events")


@CALLERS
def test_each_caller_gets_what_their_role_allows(
    shop: Shop, caller: str, read: int, changed: int
) -> None:
    client = APIClient()
    if caller != "anonymous":
        client = client_of(shop.callers[caller])
    path = f"/api/orders/{shop.order.pk}"

    assert {client.get(f"{path}{suffix}").status_code for suffix in READS} == {read}
    for method in ("put", "patch"):
        sent = getattr(client, method)(path, {"title": f"Lamp, {method}"})
        assert sent.status_code == changed
    assert client.delete(path).status_code == changed
    refused = changed != 200
    assert Order.objects.filter(pk=shop.order.pk).exists() is refused
    count = Event.objects.filter(order_id=shop.order.pk).count()
    assert count == (1 if refused else 4)


@CALLERS
def test_each_caller_gets_the_same_on_the_envelope_surface(
    shop: Shop, caller: str, read: int, changed: int
) -> None:
    client = APIClient()
    if caller != "anonymous":
        client = client_of(shop.callers[caller])
    path = f"/api/order/{shop.order.uuid}"

    assert client.get(path).status_code == read
    assert client.patch(path, {"title": "Lantern"}).status_code == changed
    assert client.delete(path).status_code == changed
    refused = changed != 200
    assert Order.objects.filter(pk=shop.order.pk, title="Lamp").exists() is refused
    count = Event.objects.filter(order_id=shop.order.pk).count()
    assert count == (1 if refused else 3)


def test_a_refusal_to_change_is_the_documented_403(shop: Shop) -> None:
    client = client_of(shop.callers["viewer"])

    response = client.delete(f"/api/orders/{shop.order.pk}")

    body = response.json()
    assert response.status_code == 403
    assert body.pop("error")
    assert body == {"detail": "Not authorized to perform this action"}


def test_customers_still_see_their_orders_in_a_deleted_project(shop: Shop) -> None:
    deleted = client_of(shop.callers["owner"]).delete(f"/api/v1/projects/{shop.project.uuid}")

    def status(caller: str) -> int:
        client = client_of(shop.callers[caller])
        found: int = client.get(f"/api/orders/{shop.order.pk}").status_code
        return found

    assert deleted.status_code == 204
    assert {str(role): status(role) for role in Role} == dict.fromkeys(Role, 404)
    assert status("customer") == 200


def test_a_list_shows_only_the_callers_own_orders(shop: Shop) -> None:
    listed = {
        name: [order["id"] for order in client_of(user).get("/api/orders/").json()]
        for name, user in shop.callers.items()
    }

    assert listed.pop("customer") == [shop.order.pk]
    assert set(map(tuple, listed.values())) == {()}


@pytest.fixture
def chained(shop: Shop) -> tuple[Order, Order]:
    """The customer's order, and another customer's order that an agent made it wait for."""
    other = make_user(email="other@example.com", first_name="Grace")
    first = order_of(other, shop.project, title="A present for Ada")
    update_order(
        order_id=shop.order.pk,
        by=shop.callers["agent"],
        fields={},
        dependencies=[first.pk],
    )
    return shop.order, first


def test_a_chain_shows_only_the_place_of_hidden_orders(
    shop: Shop, chained: tuple[Order, Order]
) -> None:
    order, first = chained

    def first_node(caller: str) -> Any:
        client = client_of(shop.callers[caller])
        return client.get(f"/api/orders/{order.pk}/chain").json()["nodes"][0]

    place = {"id": first.pk, "status": "pending", "ready": True, "blockers": []}
    assert first_node("customer") == {**place, "title": None, "owner_id": None}
    assert first_node("viewer") == {
        **place,
        "title": "A present for Ada",
        "owner_id": first.owner_id,
    }


def test_a_hidden_blocker_shows_no_owner(shop: Shop, chained: tuple[Order, Order]) -> None:
    order, first = chained

    def blocker(caller: str) -> Any:
        client = client_of(shop.callers[caller])
        return client.get(f"/api/orders/{order.pk}/blockers").json()["root_blockers"][0]

    assert blocker("customer") == {
        "id": first.pk,
        "title": None,
        "status": "pending",
        "since": blocker("viewer")["since"],
        "owner": None,
    }
    assert blocker("viewer")["owner"] == {
        "id": first.owner_id,
        "name": "Grace",
        "email": "other@example.com",
    }


def test_an_order_cannot_wait_for_one_that_its_owner_may_not_see(
    shop: Shop, chained: tuple[Order, Order]
) -> None:
    _, first = chained
    order = order_of(shop.callers["customer"], shop.project, title="Shade")
    client = client_of(shop.callers["customer"])

    response = client.put(f"/api/orders/{order.pk}", {"dependencies": [first.pk]})

    assert response.status_code == 400
    assert response.json()["code"] == "unknown_dependencies"
    assert response.json()["errors"] == {
        "dependencies": [f"There is no order #{first.pk} that this one could wait for."]
    }
