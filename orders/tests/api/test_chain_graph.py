"""What `/api/orders/` tells about one order's place: its chain, what it waits for, its history."""

from datetime import UTC, datetime

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from orders.services import move_order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_shows_a_chain_as_a_graph(ada: User, client: APIClient) -> None:
    cut = make_order(ada, title="Cut", status="completed")
    sew = make_order(ada, cut, title="Sew")
    dye = make_order(ada, cut, title="Dye")
    pack = make_order(ada, sew, dye, title="Pack")
    make_order(ada, title="Unrelated")

    body = client.get(f"/api/orders/{sew.pk}/chain").json()

    # Dye is neither above nor below Sew, so it is not part of the chain.
    assert body["order_id"] == sew.pk
    assert body["nodes"] == [
        {
            "id": cut.pk,
            "title": "Cut",
            "status": "completed",
            "owner_id": ada.pk,
            "ready": True,
            "blockers": [],
        },
        {
            "id": sew.pk,
            "title": "Sew",
            "status": "pending",
            "owner_id": ada.pk,
            "ready": True,
            "blockers": [],
        },
        {
            "id": pack.pk,
            "title": "Pack",
            "status": "pending",
            "owner_id": ada.pk,
            "ready": False,
            "blockers": [sew.pk, dye.pk],
        },
    ]
    assert body["edges"] == [
        {"order": sew.pk, "depends_on": cut.pk, "waived": False},
        {"order": pack.pk, "depends_on": sew.pk, "waived": False},
    ]
    assert body["topological_order"] == [cut.pk, sew.pk, pack.pk]
    assert body["critical_path"] == [sew.pk, pack.pk]
    assert body["truncated"] is False
    assert body["edges_truncated"] is False


def test_says_why_an_order_waits(ada: User, client: APIClient) -> None:
    with time_machine.travel(datetime(2024, 2, 14, 10, tzinfo=UTC), tick=False):
        root = make_order(ada, title="Root")
    middle = make_order(ada, root, title="Middle")
    last = make_order(ada, middle, title="Last")

    body = client.get(f"/api/orders/{last.pk}/blockers").json()

    assert body["waiting"] is True
    assert [blocker["id"] for blocker in body["blockers"]] == [middle.pk]
    assert body["root_blockers"] == [
        {
            "id": root.pk,
            "title": "Root",
            "status": "pending",
            "since": "2024-02-14T10:00:00",
            "owner": {"id": ada.pk, "name": "", "email": "ada@example.com"},
        }
    ]


def test_the_first_cause_of_a_wait_is_the_cancelled_order(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    cancelled = make_order(ada, first)
    last = make_order(ada, cancelled)
    move_order(order_id=cancelled.pk, status="cancelled", by=ada)

    body = client.get(f"/api/orders/{last.pk}/blockers").json()

    assert [blocker["id"] for blocker in body["root_blockers"]] == [cancelled.pk]
    assert body["blockers"] == body["root_blockers"]
    itself = client.get(f"/api/orders/{cancelled.pk}/blockers").json()
    assert (itself["waiting"], itself["blockers"]) == (False, [])


def test_an_order_that_waits_for_nothing_has_no_blockers(ada: User, client: APIClient) -> None:
    order = make_order(ada)

    assert client.get(f"/api/orders/{order.pk}/blockers").json() == {
        "order_id": order.pk,
        "status": "pending",
        "waiting": False,
        "blockers": [],
        "root_blockers": [],
        "waived": [],
        "truncated": False,
    }


def test_tells_an_orders_history(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Lamp")
    client.put(f"/api/orders/{order.pk}", {"title": "Lamps", "status": "active"})

    response = client.get(f"/api/orders/{order.pk}/events")

    assert response["X-Total-Count"] == "3"
    assert [(event["type"], event["actor_id"], event["data"]) for event in response.json()] == [
        (
            "order_created",
            ada.pk,
            {"title": "Lamp", "status": "pending", "dependencies": []},
        ),
        (
            "order_updated",
            ada.pk,
            {
                "title": "Lamps",
                "status": "active",
                "changes": {"title": {"from": "Lamp", "to": "Lamps"}},
            },
        ),
        (
            "order_status_changed",
            ada.pk,
            {
                "title": "Lamps",
                "status": "active",
                "old_status": "pending",
                "new_status": "active",
            },
        ),
    ]
