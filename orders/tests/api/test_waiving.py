"""`POST /api/orders/{id}/waive`: the order need not wait for one of its dependencies."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_staff, make_user
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order, OrderDependency
from orders.services import move_order
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.shopping import buy

pytestmark = pytest.mark.django_db

WHY = "The customer takes it undyed."


@pytest.fixture
def chain(ada: User) -> tuple[Order, Order]:
    dye = make_order(ada, title="Dye")
    return dye, make_order(ada, dye, title="Pack", auto_activate=True)


def test_waives_and_answers_the_order(
    ada: User, client: APIClient, chain: tuple[Order, Order]
) -> None:
    dye, pack = chain

    response = client.post(f"/api/orders/{pack.pk}/waive", {"dependency": dye.pk, "reason": WHY})

    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["ready"], body["dependencies"]) == (
        "active",
        True,
        [dye.pk],
    )
    assert body == client.get(f"/api/orders/{pack.pk}").json()
    assert response["ETag"] == client.get(f"/api/orders/{pack.pk}")["ETag"]


def test_shows_a_waived_dependency(
    ada: User, client: APIClient, chain: tuple[Order, Order]
) -> None:
    dye, pack = chain
    client.post(f"/api/orders/{pack.pk}/waive", {"dependency": dye.pk, "reason": WHY})

    (edge,) = client.get(f"/api/orders/{pack.pk}/chain").json()["edges"]
    found = client.get(f"/api/orders/{pack.pk}/blockers").json()

    assert edge == {"order": pack.pk, "depends_on": dye.pk, "waived": True}
    (waived,) = found["waived"]
    assert len(waived.pop("waived_at")) == len("2024-02-14T12:00:00")
    assert waived == {
        "id": dye.pk,
        "title": "Dye",
        "status": "pending",
        "waived_by": ada.pk,
        "reason": WHY,
    }
    assert (found["waiting"], found["blockers"]) == (False, [])


def test_shows_a_dependency_that_the_policy_waived(ada: User, client: APIClient) -> None:
    dye = make_order(ada)
    pack = make_order(ada, dye, failure_policy="ignore")
    move_order(order_id=dye.pk, status="failed", by=ada)

    (waived,) = client.get(f"/api/orders/{pack.pk}/blockers").json()["waived"]

    assert waived["waived_by"] is None
    assert waived["reason"] == ("It failed or was cancelled, and the order ignores that.")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "dependency"),
        ({"dependency": 999, "reason": WHY}, "dependency"),
        ({"dependency": "x", "reason": WHY}, "dependency"),
        ({"dependency": 10**30, "reason": WHY}, "dependency"),
        ({"dependency": -1, "reason": WHY}, "dependency"),
        ({"dependency": None, "reason": WHY}, "dependency"),
        ({"dependency": "dye"}, "reason"),
        ({"dependency": "dye", "reason": ""}, "reason"),
        ({"dependency": "dye", "reason": " "}, "reason"),
        ({"dependency": "dye", "reason": "a\x00b"}, "reason"),
        ({"dependency": "dye", "reason": "x" * 501}, "reason"),
        ({"dependency": "dye", "reason": None}, "reason"),
        ({"dependency": "dye", "reason": WHY, "for": "ever"}, "for"),
    ],
)
def test_refuses_a_body_that_it_does_not_understand(
    client: APIClient, chain: tuple[Order, Order], body: dict[str, Any], field: str
) -> None:
    dye, pack = chain
    if body.get("dependency") == "dye":
        body = {**body, "dependency": dye.pk}

    response = client.post(f"/api/orders/{pack.pk}/waive", body, format="json")

    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not OrderDependency.objects.exclude(waived_at=None).exists()
    assert not Event.objects.filter(type="order_dependency_waived").exists()


def test_a_stale_page_waives_nothing(client: APIClient, chain: tuple[Order, Order]) -> None:
    dye, pack = chain
    path, body = f"/api/orders/{pack.pk}/waive", {"dependency": dye.pk, "reason": WHY}
    etag = client.get(f"/api/orders/{pack.pk}")["ETag"]
    client.patch(f"/api/orders/{pack.pk}", {"title": "Pack well"})

    stale = client.post(path, body, headers={"If-Match": etag})
    etag = client.get(f"/api/orders/{pack.pk}")["ETag"]
    fresh = client.post(path, body, headers={"If-Match": etag})

    assert (stale.status_code, fresh.status_code) == (412, 200)


def test_the_same_key_gets_the_same_answer(client: APIClient, chain: tuple[Order, Order]) -> None:
    dye, pack = chain
    path, body = f"/api/orders/{pack.pk}/waive", {"dependency": dye.pk, "reason": WHY}
    key = {"Idempotency-Key": "waive-once"}

    first = client.post(path, body, headers=key)
    again = client.post(path, body, headers=key)

    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert again["ETag"] == first["ETag"]


def test_the_customer_of_the_storefront_waives_nothing(ada: User) -> None:
    lamp = make_product(make_storefront())
    first = buy(ada, {lamp: 1})
    second = buy(ada, {lamp: 1}, first)

    response = client_of(ada).post(
        f"/api/orders/{second.pk}/waive", {"dependency": first.pk, "reason": WHY}
    )

    assert response.status_code == 403
    assert response.json()["code"] == "customer_may_only_cancel"
    assert not OrderDependency.objects.exclude(waived_at=None).exists()


def test_only_those_who_may_change_the_order_waive(chain: tuple[Order, Order]) -> None:
    dye, pack = chain
    path, body = f"/api/orders/{pack.pk}/waive", {"dependency": dye.pk, "reason": WHY}

    assert APIClient().post(path, body).status_code == 401
    assert client_of(make_user()).post(path, body).status_code == 404
    assert client_of(make_user(is_staff=True)).post(path, body).status_code == 404
    assert client_of(make_staff("view_order")).post(path, body).status_code == 403
    assert not OrderDependency.objects.exclude(waived_at=None).exists()
