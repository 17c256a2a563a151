"""A customer may do one thing with an order bought in the storefront: cancel it before it ships."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import Membership, User
from accounts.services import set_member
from accounts.tests.factories import client_of, make_user
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orders.lifecycle import OPEN_MOVES, Status
from orders.models import Order
from orders.services import delete_order, move_order
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.shopping import buy, check_books, seller_of, stock_of

pytestmark = pytest.mark.django_db

FORBIDDEN = "Not authorized to perform this action"


@pytest.fixture
def lamp() -> Product:
    return make_product(make_storefront(), name="Lamp", sku="LAMP", stock=5)


@pytest.fixture
def bought(ada: User, lamp: Product) -> Order:
    return buy(ada, {lamp: 3}, shipping_address="1 Harbour Lane", phone_number="+1234567890")


def path_of(order: Order) -> str:
    return f"/api/orders/{order.pk}"


def move(order: Order, *statuses: str) -> None:
    for status in statuses:
        move_order(order_id=order.pk, status=status, by=seller_of(order))


def state() -> Any:
    return (list(Order.objects.order_by("pk").values()), Event.objects.count())


EDITS: list[Mapping[str, Any]] = [
    {"title": "A better lamp"},
    {"description": "For Grace"},
    {"shipping_address": "2 Harbour Lane"},
    {"phone_number": "+1"},
    {"notes": "Ring twice"},
    {"customer": {"name": "Grace"}},
    {"link": "https://example.com/"},
    {"auto_activate": True},
    {"failure_policy": "ignore"},
    {"total_price": "0.01"},
    {"currency": "EUR"},
    {"items": []},
    {"items": [{"name": "Lamp", "unit_price": "0.01", "quantity": 3}]},
    {"dependencies": [2**62]},
]


@pytest.mark.parametrize("edit", EDITS, ids=str)
@pytest.mark.parametrize("cancels", [False, True])
def test_a_customer_edits_nothing_even_while_cancelling(
    client: APIClient, bought: Order, edit: Mapping[str, Any], cancels: bool
) -> None:
    before = state()

    for send in (client.put, client.patch):
        body = {**edit, "status": "cancelled"} if cancels else edit
        response = send(path_of(bought), body)

        assert response.status_code == 403
        answer = response.json()
        assert answer["detail"] == FORBIDDEN
        assert answer["code"] == "customer_may_only_cancel"
        assert answer["open_moves"] == ["cancelled"]
    assert state() == before


@pytest.mark.parametrize("status", ["draft", "active", "shipped", "completed"])
def test_a_customer_makes_no_other_move(client: APIClient, bought: Order, status: str) -> None:
    before = state()

    response = client.put(path_of(bought), {"status": status})

    assert response.status_code == 403
    assert response.json()["open_moves"] == ["cancelled"]
    assert state() == before


@pytest.mark.parametrize("way", [[], ["draft"], ["active"], ["failed"]])
def test_a_customer_cancels_an_order_that_is_not_shipped(
    client: APIClient, lamp: Product, bought: Order, way: list[str]
) -> None:
    move(bought, *way)

    for _ in range(2):
        response = client.put(path_of(bought), {"status": "cancelled"})
        assert (response.status_code, response.json()["status"]) == (200, "cancelled")

    assert stock_of(lamp) == [5]
    check_books()


@pytest.mark.parametrize("status", ["shipped", "fulfilled", "completed"])
def test_a_customer_cannot_cancel_a_shipped_order(
    client: APIClient, bought: Order, status: str
) -> None:
    move(bought, status)
    before = state()

    cancelled = client.put(path_of(bought), {"status": "cancelled"})
    failed = client.put(path_of(bought), {"status": "failed"})

    assert cancelled.status_code == 409
    assert cancelled.json()["code"] == "goods_gone"
    assert failed.status_code == 403
    assert failed.json()["open_moves"] == []
    assert state() == before


def test_a_customer_cannot_retry_a_failed_order(client: APIClient, bought: Order) -> None:
    move(bought, "failed")

    response = client.put(path_of(bought), {"status": "pending"})

    assert response.status_code == 403
    assert response.json()["open_moves"] == ["cancelled"]
    assert Order.objects.get().status == "failed"


@pytest.mark.parametrize("status", [None, "cancelled", "completed"])
def test_a_customer_cannot_delete_an_order(
    client: APIClient, bought: Order, status: str | None
) -> None:
    if status:
        move(bought, status)

    assert client.delete(path_of(bought)).status_code == 403
    assert client.delete(f"/api/order/{bought.uuid}").status_code == 403

    assert Order.objects.get().pk == bought.pk


@pytest.mark.parametrize("status", Status.values)
def test_a_customer_may_send_back_what_they_read(
    client: APIClient, bought: Order, status: str
) -> None:
    Order.objects.filter(pk=bought.pk).update(status=status)
    before = state()
    shown = client.get(path_of(bought)).json()

    for send in (client.put, client.patch):
        response = send(path_of(bought), shown)
        assert (response.status_code, response.json()) == (200, shown)

    assert state() == before


def test_a_customer_may_cancel_by_sending_the_whole_order(client: APIClient, bought: Order) -> None:
    shown = client.get(path_of(bought)).json()

    response = client.put(path_of(bought), {**shown, "status": "cancelled"})

    assert response.status_code == 200
    assert Order.objects.get().status == "cancelled"


@pytest.mark.parametrize(
    "body",
    [
        {"title": "A better lamp"},
        {"price": "0.01"},
        {"link": "https://example.com/"},
        {"status": "active"},
        {"status": "draft"},
    ],
)
def test_the_envelope_refuses_a_customer_too(
    client: APIClient, bought: Order, body: Mapping[str, str]
) -> None:
    before = state()

    response = client.patch(f"/api/order/{bought.uuid}", body)

    assert response.status_code == 403
    assert response.json()["errorCode"] == "CUSTOMER_MAY_ONLY_CANCEL"
    assert response.json()["error"] == (
        f"You bought order #{bought.pk} in the shop, so the seller handles it. "
        "You can cancel it until it is shipped, and nothing else."
    )
    assert state() == before


@pytest.mark.parametrize("role", ["owner", "manager", "agent"])
def test_a_handler_also_handles_their_own_purchases(
    client: APIClient, ada: User, bought: Order, role: str
) -> None:
    set_member(project=bought.project, user=ada, role=Membership.Role(role))

    changed = client.put(path_of(bought), {"notes": "Mine", "status": "shipped"})

    assert changed.status_code == 200
    assert client.put(path_of(bought), {"status": "cancelled"}).status_code == 200
    assert client.delete(path_of(bought)).status_code == 200


def test_a_viewer_is_only_the_customer_of_their_own_purchases(
    client: APIClient, ada: User, bought: Order
) -> None:
    set_member(project=bought.project, user=ada, role=Membership.Role.VIEWER)

    assert client.put(path_of(bought), {"status": "shipped"}).status_code == 403
    assert client.put(path_of(bought), {"status": "cancelled"}).status_code == 200


def test_staff_who_buy_are_treated_as_customers_unless_they_may_change_orders(
    client: APIClient, ada: User, bought: Order
) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    assert client.put(path_of(bought), {"status": "shipped"}).status_code == 403

    ada.user_permissions.set(Permission.objects.filter(codename="change_order"))

    assert client.put(path_of(bought), {"status": "shipped"}).status_code == 200


@pytest.mark.parametrize("status", [each for each in Status if OPEN_MOVES[each]])
def test_users_move_the_orders_that_they_made_by_api(
    client: APIClient, ada: User, status: Status
) -> None:
    for wanted in OPEN_MOVES[status]:
        order = make_order(ada, status=status)
        response = client.put(path_of(order), {"status": wanted, "notes": "Done"})
        assert (response.status_code, response.json()["status"]) == (200, wanted)
        assert client.delete(path_of(order)).status_code == 200


def test_a_customers_own_order_can_wait_for_one_that_they_bought(
    client: APIClient, ada: User, bought: Order
) -> None:
    own = make_order(ada)

    waits = client.put(path_of(own), {"dependencies": [bought.pk]})
    back = client.put(path_of(bought), {"dependencies": [own.pk]})

    assert waits.status_code == 200
    # The refusal is not about a cycle: a customer may not change what a bought order waits for.
    assert back.status_code == 403
    assert client.put(path_of(own), {"dependencies": []}).status_code == 200
    delete_order(order_id=bought.pk, by=seller_of(bought))


def test_a_customer_cannot_waive_a_dependency_of_a_bought_order(
    client: APIClient, ada: User, lamp: Product
) -> None:
    own = make_order(ada)
    bought = buy(ada, {lamp: 1}, own)
    body = {"dependency": own.pk, "reason": "I need it now."}

    refused = client.post(f"{path_of(bought)}/waive", body)

    assert refused.status_code == 403
    assert refused.json()["code"] == "customer_may_only_cancel"
    seller = client_of(seller_of(bought))
    assert seller.post(f"{path_of(bought)}/waive", body).status_code == 200


def test_strangers_still_find_nothing(bought: Order) -> None:
    stranger = client_of(make_user())

    assert stranger.put(path_of(bought), {"status": "cancelled"}).status_code == 404
    assert stranger.delete(path_of(bought)).status_code == 404
