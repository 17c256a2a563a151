"""`PATCH` and `DELETE /api/v1/orders/{project_id}/{order_id}`, and who cares for an order."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.access import Role
from accounts.models import Project, User
from accounts.services import create_project, set_member
from accounts.tests.factories import client_of, make_user
from orderchainer.core.moments import seconds
from orders.models import Order
from orders.services import update_order
from orders.tests.api.hub import path, place, titles
from orders.tests.api.hub_orders.refusals import refusal

pytestmark = pytest.mark.django_db


# --- changing ---------------------------------------------------------------------------------


def test_changes_the_open_fields(store: Project, client: APIClient) -> None:
    first, second = place(store, title="First"), place(store, title="Second")
    order = place(store, first, total_price=Decimal(5))

    response = client.patch(
        path(store, order.uuid),
        {
            "title": "Changed",
            "notes": "Soon",
            "customer": {"name": "John Doe", "phone": None},
            "items": [{"name": "A", "quantity": 3, "price": 1.5, "sku": "", "product_id": None}],
            "total": 4.5,
            "dependencies": [str(second.uuid)],
            "shipping_address": "1 Main Street",
            "link": "https://example.com/",
            "auto_activate": True,
            "failure_policy": "fail",
        },
    )

    shown = response.json()
    assert response.status_code == 200, shown
    assert shown == client.get(path(store, order.uuid)).json()
    assert shown["customer"] == {"name": "John Doe", "email": None, "phone": None}
    assert (shown["total"], shown["items"][0]["price"]) == (4.5, 1.5)
    assert shown["dependencies"] == [str(second.uuid)]
    assert (shown["auto_activate"], shown["failure_policy"]) == (True, "fail")
    order.refresh_from_db()
    assert (order.title, order.notes, order.version) == ("Changed", "Soon", 2)


def test_keeps_the_fulfilled_date_as_it_was_sent(store: Project, client: APIClient) -> None:
    order = place(store)
    soon = timezone.now() + timedelta(hours=23)

    sent = client.patch(
        path(store, order.uuid), {"status": "fulfilled", "fulfilled_date": soon.isoformat()}
    )
    again = client.patch(path(store, order.uuid), {"fulfilled_date": "2020-02-29T23:30:00+05:45"})
    without = client.patch(path(store, order.uuid), {"fulfilled_date": None})
    too_late = client.patch(
        path(store, order.uuid),
        {"fulfilled_date": (soon + timedelta(hours=2)).isoformat(), "title": "No"},
    )

    assert sent.json()["fulfilled_date"] == seconds(soon)
    assert again.json()["fulfilled_date"] == "2020-02-29T17:45:00Z"
    assert without.json()["fulfilled_date"] is None
    assert refusal(too_late) == (
        422,
        {
            "detail": "The input is not valid.",
            "code": "VALIDATION_ERROR",
            "errors": {"fulfilled_date": ["Must not be more than a day in the future."]},
        },
    )
    order.refresh_from_db()
    assert (order.title, order.fulfilled_at) == ("An order", None)


def test_an_order_that_becomes_fulfilled_without_a_date_is_so_now(
    store: Project, client: APIClient
) -> None:
    order = place(store)

    shown = client.patch(
        path(store, order.uuid), {"status": "fulfilled", "fulfilled_date": None}
    ).json()

    assert shown["fulfilled_date"] == shown["updated_at"]


def test_a_refused_move_names_the_open_ones_and_the_blockers(
    store: Project, client: APIClient
) -> None:
    first = place(store)
    order = place(store, first)

    response = client.patch(path(store, order.uuid), {"status": "shipped", "title": "No"})

    assert refusal(response) == (
        409,
        {
            "detail": f"Order #{order.pk} cannot be shipped while it waits for #{first.pk}.",
            "code": "ORDER_BLOCKED",
            "blockers": [first.pk],
            "open_moves": ["draft", "failed", "cancelled"],
        },
    )
    order.refresh_from_db()
    assert (order.title, order.version) == ("An order", 1)


def test_a_cycle_is_refused_with_its_numbers(store: Project, client: APIClient) -> None:
    first = place(store)
    second = place(store, first)

    response = client.patch(path(store, first.uuid), {"dependencies": [str(second.uuid)]})

    status, body = refusal(response)
    assert (status, body["code"], body["cycle"]) == (422, "DEPENDENCY_CYCLE", [first.pk, second.pk])


def test_dependencies_that_the_caller_cannot_see_are_unknown_like_missing_ones(
    store: Project, ada: User, client: APIClient
) -> None:
    order = place(store)
    hidden = place(create_project(owner=make_user(), name="Another"))

    for uuid in (hidden.uuid, uuid4()):
        response = client.patch(path(store, order.uuid), {"dependencies": [str(uuid)]})

        assert refusal(response) == (
            422,
            {
                "detail": "The input is not valid.",
                "code": "UNKNOWN_DEPENDENCIES",
                "errors": {
                    "dependencies": [f"There is no order {uuid} that this one could wait for."]
                },
            },
        )
    order.refresh_from_db()
    assert order.version == 1


def test_a_hidden_dependency_can_be_sent_back_among_others(store: Project) -> None:
    """The owner made the order wait for one in another project; the agent sees only its id."""
    owner = store.memberships.get(role="owner").user
    hidden = place(create_project(owner=owner, name="Another"))
    order, other = place(store, hidden), place(store)
    agent = make_user()
    set_member(project=store, user=agent, role=Role.AGENT)

    response = client_of(agent).patch(
        path(store, order.uuid), {"dependencies": [str(hidden.uuid), str(other.uuid)]}
    )

    assert response.status_code == 200, response.content
    assert response.json()["dependencies"] == [str(hidden.uuid), str(other.uuid)]


def test_a_stale_change_changes_nothing(store: Project, client: APIClient) -> None:
    order = place(store)
    url = path(store, order.uuid)
    tag = client.get(url)["ETag"]
    update_order(order_id=order.pk, by=order.owner, fields={"title": "By another"})

    stale = client.patch(url, {"title": "Mine"}, headers={"If-Match": tag})
    gone = client.delete(url, headers={"If-Match": tag})
    now = client.get(url)["ETag"]
    fresh = client.patch(url, {"title": "Mine"}, headers={"If-Match": now})
    unchanged = client.get(url, headers={"If-None-Match": fresh["ETag"]})

    assert (stale.status_code, stale.json()["code"]) == (412, "STALE")
    assert (gone.status_code, fresh.status_code, unchanged.status_code) == (412, 200, 304)
    assert fresh.json()["title"] == "Mine"


def test_fields_that_never_change_are_refused_and_others_of_the_answer_ignored(
    store: Project, client: APIClient
) -> None:
    order = place(store)
    url = path(store, order.uuid)

    for name in ("id", "project_id", "number", "provider", "external_id", "order_date", "is_test"):
        response = client.patch(url, {name: "another"})
        assert refusal(response)[1]["errors"] == {name: ["This field is read-only."]}
    for name in ("updated_at", "ready", "open_moves", "source_details"):
        assert client.patch(url, {name: "another"}).status_code == 200
    order.refresh_from_db()
    assert order.version == 1


# --- deleting ---------------------------------------------------------------------------------


def test_deletes_an_order_for_which_none_waits(store: Project, client: APIClient) -> None:
    first = place(store)
    second = place(store, first)

    refused = client.delete(path(store, first.uuid))
    deleted = client.delete(path(store, second.uuid))
    again = client.delete(path(store, second.uuid))

    assert refusal(refused) == (
        409,
        {
            "detail": f"Order #{first.pk} cannot be deleted: #{second.pk} waits for it.",
            "code": "ORDER_HAS_DEPENDENTS",
            "dependents": [second.pk],
        },
    )
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert again.status_code == 404
    assert list(Order.objects.all()) == [first]


# --- who cares for it -------------------------------------------------------------------------


def test_an_order_names_its_assignee_and_lists_filter_by_it(
    ada: User, store: Project, client: APIClient
) -> None:
    first, second = place(store, title="First"), place(store, title="Second")
    url = path(store, first.uuid)
    stranger = make_user()

    assigned = client.patch(url, {"assignee": str(ada.uuid), "status": "active"})

    assert assigned.status_code == 200, assigned.content
    shown = assigned.json()["assignee"]
    assert shown == {"id": str(ada.uuid), "name": ada.name or ada.email}
    # What was read can be sent back.
    assert client.patch(url, client.get(url).json()).status_code == 200
    assert Order.objects.get(pk=first.pk).version == 2
    for value, found in [("me", ["First"]), (ada.uuid, ["First"]), ("none", ["Second"])]:
        assert titles(client, store, f"assignee={value}") == found
    assert titles(client, store, f"assignee={stranger.uuid}") == []
    assert client.get(f"{path(store)}?assignee=x").status_code == 422

    for wrong in (str(stranger.uuid), "8d9f0c4e-7f0d-4a57-9d9c-0f6b1c8f2a11"):
        refused = client.patch(path(store, second.uuid), {"assignee": wrong, "title": "Not this"})
        assert refusal(refused)[1]["errors"] == {
            "assignee": ["Must be a member of the project who may handle its orders."]
        }
        refused = client.post(path(store), {"title": "Third", "assignee": wrong})
        assert refused.status_code == 422
    assert titles(client, store) == ["Second", "First"]

    assert client.patch(url, {"assignee": None}).json()["assignee"] is None
    created = client.post(path(store), {"title": "Third", "assignee": str(ada.uuid)})
    assert created.json()["assignee"]["id"] == str(ada.uuid)
