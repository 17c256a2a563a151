"""`/api/orders/` as the chain document has it, and what stands beside it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user
from orders.api.chain.serializers import OrderOutput
from orders.models import Order, OrderEvent
from orders.services import move_order
from orders.tests.factories import make_chain, make_order

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


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def client(ada: User) -> APIClient:
    return client_of(ada)


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
        order = make_order(
            ada, title="First Order", description="First order description"
        )
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
def test_every_documented_status_can_be_set(
    client: APIClient, ada: User, status: str
) -> None:
    created = client.post("/api/orders/", {"title": "Made so", "status": status})
    draft = make_order(ada)
    changed = client.put(f"/api/orders/{draft.pk}", {"status": status})

    assert (created.status_code, created.json()["status"]) == (201, status)
    assert (changed.status_code, changed.json()["status"]) == (200, status)


# --- the document's refusals ------------------------------------------------------------------


def test_a_body_that_cannot_be_meant_is_a_400_that_names_the_fields(
    client: APIClient,
) -> None:
    response = client.post("/api/orders/", {"status": "done", "dependancies": [1]})

    assert response.status_code == 400
    assert response.json() == {
        "detail": "Invalid request data",
        "code": "invalid",
        "errors": {
            "title": ["This field is required."],
            "status": ['"done" is not a valid choice.'],
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
        assert response.json() == {"detail": "Could not validate credentials"}
        assert response["WWW-Authenticate"].startswith("Bearer")


def test_to_a_stranger_an_order_is_not_there(ada: User) -> None:
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
        assert response.json() == {"detail": "Resource not found"}
    assert eve.get("/api/orders/").json() == []
    assert Order.objects.filter(pk=order.pk).exists()


def test_a_refused_move_names_the_open_moves(ada: User, client: APIClient) -> None:
    order = make_order(ada, status="fulfilled")

    response = client.put(f"/api/orders/{order.pk}", {"status": "active"})

    assert response.status_code == 409
    assert response.json() == {
        "detail": f"Order #{order.pk} cannot move from fulfilled to active. Open moves: completed.",
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
    assert response.json() == {
        "detail": (
            f"Order #{first.pk} cannot be deleted: #{second.pk} and #{third.pk} wait for it."
        ),
        "code": "order_has_dependents",
        "dependents": [second.pk, third.pk],
    }
    assert Order.objects.filter(pk=first.pk).exists()


# --- beside the document ----------------------------------------------------------------------


def test_items_add_up_to_the_total(client: APIClient) -> None:
    response = client.post(
        "/api/orders/",
        {
            "title": "Two lamps",
            "items": [
                {"name": "Lamp", "sku": "L1", "unit_price": "29.99", "quantity": 2},
                {"name": "Bulb", "price": 0.1, "quantity": 3},
            ],
            "customer": {"name": "John Doe", "email": "john@example.com"},
            "link": "https://example.com/lamps",
        },
    )

    assert response.status_code == 201
    body = response.json()
    assert body["total_price"] == "60.28"
    assert body["items"] == [
        {
            "name": "Lamp",
            "sku": "L1",
            "unit_price": "29.99",
            "quantity": 2,
            "total_price": "59.98",
        },
        {
            "name": "Bulb",
            "sku": "",
            "unit_price": "0.10",
            "quantity": 3,
            "total_price": "0.30",
        },
    ]
    assert body["customer"] == {
        "name": "John Doe",
        "email": "john@example.com",
        "phone": "",
    }


def test_without_its_items_an_order_costs_nothing_or_what_is_said(
    client: APIClient,
) -> None:
    lamp = {"name": "Lamp", "unit_price": "5.00", "quantity": 2}
    order = client.post("/api/orders/", {"title": "Lamps", "items": [lamp]}).json()
    path = f"/api/orders/{order['id']}"

    assert client.put(path, {"items": []}).json()["total_price"] == "0.00"
    client.put(path, {"items": [lamp]})
    stated = client.put(path, {"items": [], "total_price": "7.00"}).json()
    assert (stated["items"], stated["total_price"]) == ([], "7.00")


def test_a_total_that_the_items_do_not_add_up_to_is_refused(client: APIClient) -> None:
    response = client.post(
        "/api/orders/",
        {
            "title": "Lamp",
            "total_price": "10.00",
            "items": [{"name": "Lamp", "unit_price": "29.99", "quantity": 1}],
        },
    )

    assert response.status_code == 400
    assert response.json()["errors"] == {
        "total_price": ["It must be the sum of the items, 29.99, or be left out."]
    }


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
    assert OrderEvent.objects.filter(order=created.json()["id"]).count() == 1


def test_a_put_may_name_a_part(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Old", description="Kept")

    body = client.put(f"/api/orders/{order.pk}", {"title": "New"}).json()

    assert (body["title"], body["description"]) == ("New", "Kept")


def test_each_path_answers_with_and_without_its_slash(
    ada: User, client: APIClient
) -> None:
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
    assert list(listed["items"][0]) == list(schema.fields["items"].child.fields)  # type: ignore[attr-defined]
    assert list(listed["customer"]) == list(schema.fields["customer"].fields)  # type: ignore[attr-defined]


# --- lists ------------------------------------------------------------------------------------


def test_lists_a_window_with_its_total_and_links(ada: User, client: APIClient) -> None:
    orders = [make_order(ada) for _ in range(5)]

    response = client.get("/api/orders/?skip=2&limit=2")

    assert [row["id"] for row in response.json()] == [orders[2].pk, orders[3].pk]
    assert response["X-Total-Count"] == "5"
    assert response["Link"] == (
        '<http://testserver/api/orders/?skip=4&limit=2>; rel="next", '
        '<http://testserver/api/orders/?skip=0&limit=2>; rel="prev"'
    )


def test_a_window_past_the_end_is_empty_and_knows_the_total(
    ada: User, client: APIClient
) -> None:
    make_order(ada)

    response = client.get("/api/orders/?skip=10")

    assert response.json() == []
    assert response["X-Total-Count"] == "1"


@pytest.mark.parametrize(
    "query",
    [
        "skip=-1",
        "skip=abc",
        "skip=1.5",
        "limit=0",
        "limit=201",
        "limit=" + "9" * 5000,
        "limit=٣",
        "status=done",
        "ordering=owner__password",
        "search=%00",
        "up_to=abc",
        "up_to=NaN",
        "up_to=99999999999999999999999",
    ],
)
def test_a_list_that_cannot_be_meant_is_a_400_that_names_the_parameter(
    client: APIClient, query: str
) -> None:
    response = client.get(f"/api/orders/?{query}")

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [query.split("=")[0]]


def test_narrows_and_sorts(ada: User, client: APIClient) -> None:
    pear = make_order(ada, title="Pear", status="draft")
    apple = make_order(ada, title="Apple", description="a PEAR's cousin")
    plum = make_order(ada, title="Plum", status="completed")

    def ids(query: str) -> list[int]:
        return [row["id"] for row in client.get(f"/api/orders/?{query}").json()]

    assert ids("status=draft") == [pear.pk]
    assert ids("status=draft&status=completed") == [pear.pk, plum.pk]
    assert ids("search=pear") == [pear.pk, apple.pk]
    assert ids("ordering=title") == [apple.pk, pear.pk, plum.pk]
    assert ids("ordering=-title&limit=1") == [plum.pk]


def test_pages_stay_in_place_while_rows_are_inserted(
    ada: User, client: APIClient
) -> None:
    for number in range(6):
        make_order(ada, title=f"Old {number}")
    for query in ["limit=2", "limit=2&ordering=-created_at", "limit=2&ordering=-id"]:
        before = client.get(
            f"/api/orders/?{query.replace('limit=2', 'limit=200')}"
        ).json()
        seen: list[int] = []
        path: str | None = f"/api/orders/?{query}"
        while path and len(seen) < len(before):
            response = client.get(path)
            seen += [row["id"] for row in response.json()]
            make_order(ada, title="Inserted meanwhile")
            links = response.get("Link", "")
            following = [link for link in links.split(", ") if 'rel="next"' in link]
            path = following[0].split(">")[0][1:] if following else None
        assert seen == [row["id"] for row in before], query


@pytest.mark.parametrize(
    "path", ["/api/orders/?limit={n}", "/api/orders/?limit={n}&status=pending"]
)
def test_a_list_takes_three_statements_whatever_its_size(
    ada: User, client: APIClient, path: str
) -> None:
    for number in range(40):
        make_order(ada, title=str(number), items=())
    make_chain(ada, 20)

    for size in (2, 50):
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(path.format(n=size)).json()) == size
        assert len(queries) == 3


def test_a_single_order_takes_two_statements(ada: User, client: APIClient) -> None:
    chain = make_chain(ada, 30)

    for order in (chain[0], chain[-1]):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/orders/{order.pk}")
        assert len(queries) == 2


def test_creating_takes_at_most_eight_statements(ada: User, client: APIClient) -> None:
    first, second = make_order(ada), make_order(ada)

    with CaptureQueriesContext(connection) as queries:
        client.post(
            "/api/orders/",
            {
                "title": "All of it",
                "dependencies": [first.pk, second.pk],
                "items": [{"name": "Lamp", "unit_price": "1.00", "quantity": 1}] * 5,
            },
        )

    words = [query["sql"].split()[0] for query in queries]
    assert [word for word in words if word in {"SELECT", "INSERT", "UPDATE"}] == [
        "SELECT",  # the session
        "SELECT",  # the personal project
        "SELECT",  # the dependencies, locked
        "INSERT",  # the order,
        "INSERT",  # what it waits for,
        "INSERT",  # its lines
        "INSERT",  # and the event
        "SELECT",  # the answer
    ]


# --- the chain --------------------------------------------------------------------------------


def test_shows_a_chain_as_a_graph(ada: User, client: APIClient) -> None:
    cut = make_order(ada, title="Cut", status="completed")
    sew = make_order(ada, cut, title="Sew")
    dye = make_order(ada, cut, title="Dye")
    pack = make_order(ada, sew, dye, title="Pack")
    make_order(ada, title="Unrelated")

    body = client.get(f"/api/orders/{sew.pk}/chain").json()

    # Dye is neither above Sew nor below it, so it is not of its chain.
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
        {"order": sew.pk, "depends_on": cut.pk},
        {"order": pack.pk, "depends_on": sew.pk},
    ]
    assert body["topological_order"] == [cut.pk, sew.pk, pack.pk]
    assert body["critical_path"] == [sew.pk, pack.pk]
    assert body["truncated"] is False


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


def test_a_wait_for_what_was_cancelled_begins_there(
    ada: User, client: APIClient
) -> None:
    first = make_order(ada)
    cancelled = make_order(ada, first)
    last = make_order(ada, cancelled)
    move_order(order_id=cancelled.pk, status="cancelled", by=ada)

    body = client.get(f"/api/orders/{last.pk}/blockers").json()

    assert [blocker["id"] for blocker in body["root_blockers"]] == [cancelled.pk]
    assert body["blockers"] == body["root_blockers"]
    itself = client.get(f"/api/orders/{cancelled.pk}/blockers").json()
    assert (itself["waiting"], itself["blockers"]) == (False, [])


def test_an_order_that_waits_for_nothing_has_no_blockers(
    ada: User, client: APIClient
) -> None:
    order = make_order(ada)

    assert client.get(f"/api/orders/{order.pk}/blockers").json() == {
        "order_id": order.pk,
        "status": "pending",
        "waiting": False,
        "blockers": [],
        "root_blockers": [],
    }


def test_tells_an_orders_history(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Lamp")
    client.put(f"/api/orders/{order.pk}", {"title": "Lamps", "status": "active"})

    response = client.get(f"/api/orders/{order.pk}/events")

    assert response["X-Total-Count"] == "3"
    assert [
        (event["type"], event["actor_id"], event["data"]) for event in response.json()
    ] == [
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


@pytest.mark.parametrize("suffix", ["", "/chain", "/blockers", "/events"])
def test_reads_take_the_same_number_of_statements_at_any_size(
    ada: User, client: APIClient, suffix: str
) -> None:
    counts = []
    for size in (3, 60):
        chain = make_chain(ada, size)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/api/orders/{chain[-1].pk}{suffix}")
        assert response.status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 3


# --- conditions and repeats -------------------------------------------------------------------


def test_a_change_with_a_stale_etag_is_a_412(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Old")
    etag = client.get(f"/api/orders/{order.pk}")["ETag"]
    changed = client.put(
        f"/api/orders/{order.pk}", {"title": "New"}, headers={"If-Match": etag}
    )
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


def test_an_order_that_got_ready_is_not_unchanged(ada: User, client: APIClient) -> None:
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
    assert second.json() == first.json()
    assert (second["ETag"], second["Location"]) == (first["ETag"], first["Location"])
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert Order.objects.count() == 1


# --- hostile input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"title": NaN}',
        b'{"title": "\\ud800"}',
        b'{"title": "a\\u0000b"}',
        b'{"title": "\xff"}',
        b'{"title": ""}',
        b'{"title": "   "}',
        b'{"title": null}',
        b'{"title": {}}',
        b'{"title": ["a"]}',
        json.dumps({"title": "x" * 256}).encode(),
        json.dumps({"title": "a", "description": "x" * 10_001}).encode(),
        b'{"title": "a", "status": ["pending"]}',
        b'{"title": "a", "dependencies": 1}',
        b'{"title": "a", "dependencies": "1"}',
        b'{"title": "a", "dependencies": [0]}',
        b'{"title": "a", "dependencies": [-1]}',
        b'{"title": "a", "dependencies": [true]}',
        b'{"title": "a", "dependencies": [1.5]}',
        b'{"title": "a", "dependencies": [9223372036854775807]}',
        b'{"title": "a", "dependencies": [99999999999999999999999]}',
        b'{"title": "a", "dependencies": [[1]]}',
        b'{"title": "a", "dependencies": null}',
        b'{"title": "a", "auto_activate": "perhaps"}',
        b'{"title": "a", "failure_policy": "explode"}',
        b'{"title": "a", "items": {}}',
        b'{"title": "a", "items": [1]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1.00", "quantity": 0}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1.00", "quantity": -1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "-1.00", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "NaN", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1e400", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "1.005", "quantity": 1}]}',
        b'{"title": "a", "items": [{"name": "b", "unit_price": "9999999999.99", "quantity": 2}]}',
        b'{"title": "a", "total_price": "-0.01"}',
        b'{"title": "a", "total_price": "Infinity"}',
        b'{"title": "a", "currency": "euro"}',
        b'{"title": "a", "link": "javascript:alert(1)"}',
        b'{"title": "a", "link": "ftp://example.com/"}',
        b'{"title": "a", "customer": "John"}',
        b'{"title": "a", "customer": {"email": "john"}}',
        b'{"title": "a", "nonsense": 1}',
        b'{"title": "a", "\\u0000": 1}',
        b"[" * 100_000,
        # Deep enough for whatever writes a value out, by a loop or by recursion, to give up on it.
        *(
            b'{"title": "a", "%s": %s1%s}' % (name, b"[" * depth, b"]" * depth)
            for name in (b"title", b"status", b"total_price", b"dependencies", b"id")
            for depth in (33, 300, 1000)
        ),
        b'{"title": "a", "customer": %s1%s}' % (b'{"name": ' * 1000, b"}" * 1000),
    ],
)
def test_hostile_bodies_are_a_400_and_write_nothing(
    client: APIClient, body: bytes
) -> None:
    response = client.post("/api/orders/", body, content_type="application/json")

    assert response.status_code == 400, response.content
    assert response.json()["detail"] == "Invalid request data"
    assert response.json()["errors"]
    assert not Order.objects.exists()
    assert not OrderEvent.objects.exists()


def test_a_repeatable_request_with_a_deep_body_is_refused_as_any_other(
    client: APIClient,
) -> None:
    deep = b'{"title": "a", "id": %s1%s}' % (b"[" * 300, b"]" * 300)

    response = client.post(
        "/api/orders/",
        deep,
        content_type="application/json",
        headers={"Idempotency-Key": "deep"},
    )

    assert response.status_code == 400
    assert response.json()["errors"] == {
        "body": ["Values are nested deeper than 32 levels."]
    }


def test_too_many_dependencies_are_refused_without_reading_them(
    client: APIClient,
) -> None:
    response = client.post("/api/orders/", {"title": "a", "dependencies": [0] * 1001})

    assert response.status_code == 400
    assert response.json()["errors"] == {
        "dependencies": ["Ensure this field has no more than 1000 elements."]
    }


@pytest.mark.parametrize(
    "order_id",
    ["0", "99", "-1", "abc", "1.5", "9" * 19, "9" * 40, "%00", "1%00", "..%2F1"],
)
def test_wrong_ids_in_paths_are_a_404(client: APIClient, order_id: str) -> None:
    for suffix in ("", "/", "/chain", "/blockers", "/events"):
        response = client.get(f"/api/orders/{order_id}{suffix}")
        assert response.status_code == 404
        assert response.json() == {"detail": "Resource not found"}
    assert client.put(f"/api/orders/{order_id}", {"title": "a"}).status_code == 404
    assert client.delete(f"/api/orders/{order_id}").status_code == 404


def test_a_parameter_named_format_means_nothing(client: APIClient) -> None:
    assert client.get("/api/orders/?format=xml").json() == []


def test_another_content_type_is_a_415(client: APIClient) -> None:
    response = client.post("/api/orders/", b"title=a", content_type="text/plain")

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"
