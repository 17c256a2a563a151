"""One order of a project on the hub: making, changing and deleting it, and its chain."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Membership, Project, User
from accounts.services import create_project, set_member
from accounts.tests.factories import client_of, make_user
from catalog.tests.factories import make_product
from orderchainer.core.moments import seconds
from orders.models import Order
from orders.services import move_order, update_order, waive_dependency
from orders.stream.models import Event
from orders.tests.api.hub import path, place, titles
from orders.tests.shopping import ledger_of, stock_of

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture
def store(ada: User) -> Project:
    return create_project(owner=ada, name="My Store", currency="EUR")


def refusal(response: Any) -> tuple[int, dict[str, Any]]:
    """Return status and body without the timestamp. Fails if there is no timestamp."""
    body = response.json()
    assert body.pop("timestamp").endswith("Z")
    return response.status_code, body


# --- making -----------------------------------------------------------------------------------


def test_makes_an_order_by_hand(store: Project, ada: User, client: APIClient) -> None:
    awaited = place(store)

    response = client.post(
        path(store),
        {
            "customer": {"name": "John Doe", "email": "john@example.com", "phone": None},
            "items": [
                {"name": "Product A", "quantity": 2, "price": 29.99, "sku": "A-1"},
                {"name": "Product B", "quantity": 1, "price": "0.10", "product_id": None},
            ],
            "total": 60.08,
            "order_date": "2026-01-12T10:00:00Z",
            "dependencies": [str(awaited.uuid)],
            "notes": " as it is \n",
            "link": "https://example.com/1",
        },
    )

    order = Order.objects.latest("pk")
    assert response.status_code == 201
    body = response.json()
    assert body == client.get(path(store, order.uuid)).json()
    assert (
        body.items()
        >= {
            "id": str(order.uuid),
            "provider": "manual",
            "external_id": None,
            "status": "pending",
            "customer": {"name": "John Doe", "email": "john@example.com", "phone": None},
            "items": [
                {
                    "name": "Product A",
                    "quantity": 2,
                    "price": 29.99,
                    "sku": "A-1",
                    "product_id": None,
                },
                {
                    "name": "Product B",
                    "quantity": 1,
                    "price": 0.1,
                    "sku": "",
                    "product_id": None,
                },
            ],
            "total": 60.08,
            "currency": "EUR",
            "order_date": "2026-01-12T10:00:00Z",
            "title": "Product A and 1 more",
            "dependencies": [str(awaited.uuid)],
            "ready": False,
            "open_moves": ["draft", "failed", "cancelled"],
            "notes": " as it is \n",
        }.items()
    )
    assert b'"total":60.08,' in response.content
    assert b'"price":0.10,' in response.content
    assert response["Location"] == path(store, order.uuid)
    assert response["ETag"] == client.get(path(store, order.uuid))["ETag"]
    assert (order.owner, order.project) == (ada, store)


def test_a_repeated_request_gets_the_same_bytes_and_makes_one_order(
    store: Project, client: APIClient
) -> None:
    body = {"title": "Once", "total": 12500.5}

    first, second = (
        client.post(path(store), body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    other = client.post(path(store), {**body, "total": 1}, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 409)
    assert first.content == second.content
    assert b'"total":12500.50,' in second.content
    assert second["Idempotent-Replayed"] == "true"
    assert (first["ETag"], first["Location"]) == (second["ETag"], second["Location"])
    assert Order.objects.count() == 1


def test_items_with_a_product_take_stock(store: Project, client: APIClient) -> None:
    lamp = make_product(store, name="Lamp", sku="LAMP-1", price=Decimal("19.90"), stock=5)
    body = {
        "items": [
            {"product_id": str(lamp.uuid), "quantity": 2},
            {"product_id": str(lamp.uuid), "quantity": 1, "name": "Lamp, scratched", "price": 9},
        ]
    }

    response = client.post(path(store), body)

    shown = response.json()
    assert response.status_code == 201, shown
    assert [
        (item["name"], item["price"], item["sku"], item["product_id"]) for item in shown["items"]
    ] == [
        ("Lamp", 19.9, "LAMP-1", str(lamp.uuid)),
        ("Lamp, scratched", 9.0, "LAMP-1", str(lamp.uuid)),
    ]
    assert shown["total"] == 48.8
    assert stock_of(lamp) == [2]
    order = Order.objects.get()
    # What was read can be sent back; other items cannot be sent.
    assert client.patch(path(store, order.uuid), shown).json() == shown
    frozen = client.patch(path(store, order.uuid), {"items": [], "total": 0})
    assert (frozen.status_code, frozen.json()["code"]) == (409, "ITEMS_FROZEN")
    short = client.post(path(store), body)
    assert refusal(short) == (
        409,
        {
            "detail": short.json()["detail"],
            "code": "INSUFFICIENT_STOCK",
            "shortages": [
                {
                    "product_id": lamp.pk,
                    "name": "Lamp",
                    "sku": "LAMP-1",
                    "requested": 3,
                    "available": 2,
                }
            ],
        },
    )
    assert (Order.objects.count(), stock_of(lamp)) == (1, [2])
    client.patch(path(store, order.uuid), {"status": "cancelled"})
    assert stock_of(lamp) == [5]
    assert len(ledger_of(lamp)) >= 3


def test_a_product_of_another_project_is_unknown(
    store: Project, ada: User, client: APIClient
) -> None:
    foreign = make_product(create_project(owner=ada, name="Another"))

    response = client.post(
        path(store), {"items": [{"product_id": str(foreign.uuid), "quantity": 1}]}
    )

    assert refusal(response) == (
        422,
        {
            "detail": "The input is not valid.",
            "code": "UNKNOWN_PRODUCTS",
            "errors": {"items": [f"Item 1: This project has no product {foreign.uuid}."]},
        },
    )
    assert not Order.objects.exists()


def test_a_role_that_is_taken_away_meanwhile_makes_no_order(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view has let the agent in; then the role goes."""
    agent = make_user()
    set_member(project=store, user=agent, role=Role.AGENT)
    client = client_of(agent)
    from orders import services

    create = services.create_order_in_project

    def late(**arguments: Any) -> Order:
        set_member(project=store, user=agent, role=Role.VIEWER)
        return create(**arguments)

    monkeypatch.setattr(services, "create_order_in_project", late)

    response = client.post(path(store), {"title": "Late"})

    assert (response.status_code, response.json()["code"]) == (403, "ROLE_NOT_ENOUGH")
    assert not Order.objects.exists()


TOO_LATE = "Must not be more than a day in the future."
TOO_EARLY = "Must not be before the year 1900."
NO_AMOUNT = "Must be an amount in digits, such as 1299.00."
NOT_FROM_STOCK = "This field is required for an item that is not sold from stock."


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"title": ["Give the order a title, or items from which we make one."]}),
        ({"title": " "}, {"title": ["This field may not be blank."]}),
        ({"title": 5}, {"title": ["Not a valid string."]}),
        ({"title": "A\x00"}, {"title": ["Null characters are not allowed."]}),
        ({"titel": "B"}, {"titel": ["There is no such field."]}),
        ({"id": str(uuid4())}, {"id": ["There is no such field."]}),
        ({"total": "NaN"}, {"total": [NO_AMOUNT]}),
        ({"total": True}, {"total": [NO_AMOUNT]}),
        ({"total": 10**30}, {"total": [NO_AMOUNT]}),
        ({"total": -0.01}, {"total": ["Must not be negative."]}),
        (
            {"title": "A", "total": 0.005},
            {"total": ["Amounts in EUR have at most two decimals, such as 100.50."]},
        ),
        (
            {"total": 5, "items": [{"name": "B", "quantity": 1, "price": 4}]},
            {"total": ["It must be the sum of the items, 4.00, or be left out."]},
        ),
        (
            {"items": [{"name": "B", "quantity": 0, "price": 4}]},
            {"items": {"0": {"quantity": ["Ensure this value is greater than or equal to 1."]}}},
        ),
        (
            {"items": [{"quantity": 1}]},
            {"items": {"0": {"name": [NOT_FROM_STOCK], "price": [NOT_FROM_STOCK]}}},
        ),
        (
            {"items": [{"quantity": 1, "product_id": 5}]},
            {"items": {"0": {"product_id": ["Must be a valid UUID."]}}},
        ),
        ({"items": {}}, {"items": {"body": ['Expected a list of items but got type "dict".']}}),
        ({"dependencies": [5]}, {"dependencies": {"0": ["Must be a valid UUID."]}}),
        (
            {"dependencies": ["x"] * 1001},
            {"dependencies": ["Ensure this field has no more than 1000 elements."]},
        ),
        (
            {"title": "A", "currency": "usd"},
            {"currency": ["Must be three capital letters as in ISO 4217, such as USD."]},
        ),
        ({"title": "A", "order_date": "2999-01-01T00:00:00Z"}, {"order_date": [TOO_LATE]}),
        ({"title": "A", "fulfilled_date": "2999-01-01T00:00Z"}, {"fulfilled_date": [TOO_LATE]}),
        ({"title": "A", "order_date": "0001-01-01T00:00:00Z"}, {"order_date": [TOO_EARLY]}),
        ({"title": "A", "fulfilled_date": "1899-12-31T23:59Z"}, {"fulfilled_date": [TOO_EARLY]}),
        (
            {"customer": {"email": "john"}},
            {"customer": {"email": ["Enter a valid email address."]}},
        ),
        ({"link": "javascript:alert(1)"}, {"link": ["Enter a valid URL."]}),
        ({"order_date": "9999-12-31T23:59:59-12:00"}, None),
        ({"title": "A", "order_date": "0001-01-01T00:00:00+14:00"}, None),
        ({"order_date": 5}, None),
        ({"customer": "John"}, None),
    ],
)
def test_a_wrong_order_is_a_422_that_names_the_field(
    store: Project, client: APIClient, body: dict[str, Any], errors: dict[str, Any] | None
) -> None:
    response = client.post(path(store), body)

    assert response.status_code == 422, response.content
    assert errors is None or response.json()["errors"] == errors
    assert not Order.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "{", '{"total": NaN}', "", '{"title": "\\ud800"}'])
def test_a_body_that_is_no_order_is_refused(store: Project, client: APIClient, body: str) -> None:
    response = client.post(path(store), body, content_type="application/json")

    assert response.status_code in {400, 422}
    assert not Order.objects.exists()


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
            "errors": {"fulfilled_date": [TOO_LATE]},
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
