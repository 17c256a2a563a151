"""Chains on the hub, and what holds at each of its paths of orders."""

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import create_project
from orderchainer.core.moments import seconds
from orders.services import move_order, waive_dependency
from orders.tests.api.hub import path, place
from orders.tests.api.hub_orders.refusals import refusal

pytestmark = pytest.mark.django_db


# --- chains -----------------------------------------------------------------------------------


def test_shows_the_chain_by_uuids(store: Project, ada: User, client: APIClient) -> None:
    cut, dye = place(store, title="Cut"), place(store, title="Dye")
    sew = place(store, cut, dye, title="Sew")
    waive_dependency(order_id=sew.pk, dependency_id=dye.pk, reason="Undyed.", by=ada)

    chain = client.get(path(store, sew.uuid, "chain"))
    blockers = client.get(path(store, sew.uuid, "blockers"))

    one, two, three = (str(order.uuid) for order in (cut, dye, sew))
    common = {"status": "pending", "ready": True, "blockers": []}
    assert chain.json() == {
        "order_id": three,
        "nodes": [
            {"id": one, "number": cut.pk, "title": "Cut", **common},
            {"id": two, "number": dye.pk, "title": "Dye", **common},
            {
                "id": three,
                "number": sew.pk,
                "title": "Sew",
                "status": "pending",
                "ready": False,
                "blockers": [one],
            },
        ],
        "edges": [
            {"order": three, "depends_on": one, "waived": False},
            {"order": three, "depends_on": two, "waived": True},
        ],
        "topological_order": [one, two, three],
        "critical_path": [one, three],
        "truncated": False,
        "edges_truncated": False,
    }
    blocker = {
        "id": one,
        "number": cut.pk,
        "title": "Cut",
        "status": "pending",
        "since": seconds(cut.status_changed_at),
        "owner": {"id": str(ada.uuid), "name": ada.name, "email": ada.email},
    }
    [waived] = blockers.json()["waived"]
    assert blockers.json() == {
        "order_id": three,
        "status": "pending",
        "waiting": True,
        "blockers": [blocker],
        "root_blockers": [blocker],
        "waived": [
            {
                "id": two,
                "number": dye.pk,
                "title": "Dye",
                "status": "pending",
                "waived_at": waived["waived_at"],
                "waived_by": str(ada.uuid),
                "reason": "Undyed.",
            }
        ],
        "truncated": False,
    }


def test_waives_a_dependency_once(store: Project, client: APIClient) -> None:
    first = place(store)
    order = place(store, first)
    body = {"dependency": str(first.uuid), "reason": "Not needed."}

    waived, again = (
        client.post(path(store, order.uuid, "waive"), body, headers={"Idempotency-Key": "w"})
        for _ in range(2)
    )
    unknown = client.post(path(store, order.uuid, "waive"), {**body, "dependency": str(order.uuid)})

    assert waived.status_code == 200
    assert waived.json()["ready"] is True
    assert waived.content == again.content
    assert refusal(unknown)[1]["errors"] == {
        "dependency": [f"Order #{order.pk} does not depend on an order #{order.pk}."]
    }
    missing = uuid4()
    unknown = client.post(path(store, order.uuid, "waive"), {**body, "dependency": str(missing)})
    assert refusal(unknown)[1]["errors"] == {
        "dependency": [f"Order #{order.pk} does not depend on an order {missing}."]
    }


def test_shows_the_history_of_an_order(store: Project, ada: User, client: APIClient) -> None:
    order = place(store)
    move_order(order_id=order.pk, status="completed", by=ada)

    response = client.get(f"{path(store, order.uuid, 'events')}?page=2&page_size=1")

    [event] = response.json()
    assert response["X-Total-Count"] == "2"
    assert event == {
        "event_id": event["event_id"],
        "position": None,
        "type": "order_status_changed",
        "order_id": str(order.uuid),
        "actor_id": str(ada.uuid),
        "created_at": event["created_at"],
        "data": {
            "title": "An order",
            "status": "completed",
            "old_status": "pending",
            "new_status": "completed",
        },
    }
    UUID(event["event_id"])


# --- everywhere -------------------------------------------------------------------------------

SUFFIXES = ("", "/chain", "/blockers", "/events")


@pytest.mark.parametrize(
    "order_id", ["1", "x", "9" * 40, "%00", "00000000-0000-0000-0000-000000000000", "stats"]
)
def test_an_id_that_names_no_order_of_the_project_is_a_404(
    store: Project, ada: User, client: APIClient, order_id: str
) -> None:
    other = place(create_project(owner=ada, name="Another"))

    for wanted in (order_id, str(other.uuid)):
        for suffix in SUFFIXES:
            response = client.get(f"{path(store)}/{wanted}{suffix}")
            assert refusal(response) == (
                404,
                {"detail": "Order not found", "code": "ORDER_NOT_FOUND"},
            )
        assert client.patch(f"{path(store)}/{wanted}", {"title": "No"}).status_code == 404
        assert client.delete(f"{path(store)}/{wanted}").status_code == 404
        body = {"dependency": str(other.uuid), "reason": "No."}
        assert client.post(f"{path(store)}/{wanted}/waive", body).status_code == 404
    other.refresh_from_db()
    assert other.version == 1


@pytest.mark.parametrize("suffix", [*SUFFIXES, "stats"])
def test_reads_take_the_same_number_of_statements_at_any_size(
    store: Project, client: APIClient, suffix: str
) -> None:
    counts = []
    order = place(store)
    for size in (3, 20):
        for _ in range(size):
            order = place(store, order)
        url = path(store, "stats/summary") if suffix == "stats" else path(store, order.uuid)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{url}{suffix.replace('stats', '')}").status_code == 200
        counts.append(len(queries))
    most = {"": 3, "stats": 3}.get(suffix, 5)
    assert counts[0] == counts[1] <= most
