"""`/api/order` as the envelope document has it: its examples, its curl lines, its refusals."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user
from orders.api.envelope.serializers import EnvelopeOrderData
from orders.models import Order
from orders.services import ItemDraft
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

CREATED_AT = datetime(2025, 11, 8, 5, 20, 12, 123456, tzinfo=UTC)
UPDATED_AT = datetime(2025, 11, 8, 5, 30, 45, 678999, tzinfo=UTC)

PREMIUM = {
    "title": "Premium Subscription",
    "price": "99.99",
    "link": "https://example.com/product/123",
    "status": "active",
}
UPDATED = {
    "title": "Updated Premium Subscription",
    "price": "149.99",
    "link": "https://example.com/product/456",
    "status": "draft",
}


def premium(owner: User) -> Order:
    """Make the document's order at the document's time."""
    with time_machine.travel(CREATED_AT, tick=False):
        response = client_of(owner).post("/api/order", PREMIUM)
    return Order.objects.get(uuid=response.json()["data"]["orderId"])


def refusal(response: Any) -> tuple[int, dict[str, Any]]:
    """Return status and body without the timestamp. Fails if there is no timestamp."""
    body = response.json()
    assert body.pop("timestamp").endswith("Z")
    return response.status_code, body


def refused(status: int, error: str, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"success": False, "error": error, "errorCode": code}


NOT_FOUND = refused(404, "Order not found", "ORDER_NOT_FOUND")
NOTHING = refused(400, "At least one field must be provided for update", "MISSING_REQUIRED_FIELD")
WRONG_PRICE = refused(
    400,
    "Price must be a valid number with up to 2 decimal places",
    "VALIDATION_FAILED",
)


# --- the document's examples ------------------------------------------------------------------


def test_creates_an_order_as_documented(ada: User) -> None:
    with time_machine.travel(CREATED_AT, tick=False):
        response = client_of(ada).post("/api/order", PREMIUM)

    order = Order.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "success": True,
        "data": {
            "orderId": str(order.uuid),
            **PREMIUM,
            "createdAt": "2025-11-08T05:20:12.123Z",
            "updatedAt": "2025-11-08T05:20:12.123Z",
        },
        "message": "Order created successfully",
    }
    assert response["Location"] == f"/api/order/{order.uuid}"
    assert (order.owner, order.project) == (ada, ada.personal_project)


def test_gets_an_order_as_documented(ada: User, client: APIClient) -> None:
    order = premium(ada)

    response = client.get(f"/api/order/{order.uuid}")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "orderId": str(order.uuid),
            **PREMIUM,
            "createdAt": "2025-11-08T05:20:12.123Z",
            "updatedAt": "2025-11-08T05:20:12.123Z",
        },
    }


def test_updates_an_order_as_documented(ada: User) -> None:
    order = premium(ada)

    with time_machine.travel(UPDATED_AT, tick=False):
        response = client_of(ada).patch(f"/api/order/{order.uuid}", UPDATED)

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "orderId": str(order.uuid),
            **UPDATED,
            "createdAt": "2025-11-08T05:20:12.123Z",
            "updatedAt": "2025-11-08T05:30:45.678Z",
        },
        "message": "Order updated successfully",
    }


def test_deletes_an_order_as_documented(ada: User, client: APIClient) -> None:
    order = make_order(ada)

    response = client.delete(f"/api/order/{order.uuid}")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Order deleted successfully",
    }
    assert not Order.objects.exists()
    assert refusal(client.get(f"/api/order/{order.uuid}")) == NOT_FOUND


def test_a_wrong_price_is_the_documented_400(client: APIClient) -> None:
    response = client.post("/api/order", {**PREMIUM, "price": "99.999"})

    assert refusal(response) == WRONG_PRICE
    assert not Order.objects.exists()


def test_an_unknown_order_is_the_documented_404(client: APIClient) -> None:
    path = f"/api/order/{uuid4()}"

    assert refusal(client.get(path)) == NOT_FOUND
    assert refusal(client.patch(path, {"title": "New"})) == NOT_FOUND
    assert refusal(client.delete(path)) == NOT_FOUND


def test_a_change_of_nothing_is_the_documented_400(ada: User, client: APIClient) -> None:
    order = make_order(ada)

    assert refusal(client.patch(f"/api/order/{order.uuid}", {})) == NOTHING


def test_a_missing_token_is_the_documented_401(ada: User) -> None:
    order = make_order(ada)

    for method, path in [
        ("get", "/api/order"),
        ("post", "/api/order"),
        ("get", f"/api/order/{order.uuid}"),
        ("patch", f"/api/order/{order.uuid}"),
        ("delete", f"/api/order/{order.uuid}"),
    ]:
        response = getattr(APIClient(), method)(path)
        assert refusal(response) == (
            401,
            {
                "success": False,
                "error": "Missing authorization",
                "errorCode": "UNAUTHORIZED",
                "message": "Authorization header is required. "
                "Format: Authorization: Bearer <token>",
            },
        ), (method, path)


# --- its curl lines ---------------------------------------------------------------------------


def test_the_curl_lines_work_one_after_the_other(client: APIClient) -> None:
    created = client.post(
        "/api/order",
        {
            "title": "Premium Package",
            "price": "99.99",
            "link": "https://example.com/product",
            "status": "active",
        },
    )
    path = f"/api/order/{created.json()['data']['orderId']}"
    got = client.get(path)
    updated = client.patch(path, {"status": "draft", "price": "149.99"})
    deleted = client.delete(path)

    assert [each.status_code for each in (created, got, updated, deleted)] == [
        201,
        200,
        200,
        200,
    ]
    assert got.json()["data"] == created.json()["data"]
    assert updated.json()["data"] == {
        **created.json()["data"],
        "status": "draft",
        "price": "149.99",
        "updatedAt": updated.json()["data"]["updatedAt"],
    }


# --- its rules --------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "price", "link", "status"])
@pytest.mark.parametrize("absence", ["left out", None])
def test_each_field_of_a_new_order_is_required(
    client: APIClient, field: str, absence: str | None
) -> None:
    body: dict[str, Any] = {**PREMIUM, field: absence}
    if absence is not None:
        del body[field]

    response = client.post("/api/order", body)

    assert refusal(response) == refused(
        400, f"{field.capitalize()} is required", "MISSING_REQUIRED_FIELD"
    )
    assert not Order.objects.exists()


STATUS = 'Status must be either "active" or "draft"'
LINK = "Link must be a valid URL that begins with http:// or https://"


@pytest.mark.parametrize(
    ("field", "value", "error", "code"),
    [
        ("title", 5, "Title must be a text", "VALIDATION_FAILED"),
        (
            "title",
            "x" * 256,
            "Title must have at most 255 characters",
            "VALIDATION_FAILED",
        ),
        ("link", "example.com", LINK, "VALIDATION_FAILED"),
        ("link", "ftp://example.com/", LINK, "VALIDATION_FAILED"),
        ("link", "javascript:alert(1)", LINK, "VALIDATION_FAILED"),
        ("link", "https://", LINK, "VALIDATION_FAILED"),
        ("link", {}, LINK, "VALIDATION_FAILED"),
        (
            "link",
            "https://example.com/" + "x" * 2048,
            "Link must have at most 2048 characters",
            "VALIDATION_FAILED",
        ),
        ("status", "", STATUS, "VALIDATION_FAILED"),
        ("status", "pending", STATUS, "VALIDATION_FAILED"),
        ("status", "completed", STATUS, "VALIDATION_FAILED"),
        ("status", "Active", STATUS, "VALIDATION_FAILED"),
        ("status", 1, STATUS, "VALIDATION_FAILED"),
        ("status", ["active"], STATUS, "VALIDATION_FAILED"),
        ("status", {}, STATUS, "VALIDATION_FAILED"),
        ("orderNumber", 1, "There is no field orderNumber", "VALIDATION_FAILED"),
    ],
)
def test_a_refusal_names_the_field_and_its_rule(
    ada: User, client: APIClient, field: str, value: object, error: str, code: str
) -> None:
    order = make_order(ada, status="draft")

    for response in (
        client.post("/api/order", {**PREMIUM, field: value}),
        client.patch(f"/api/order/{order.uuid}", {field: value}),
    ):
        assert refusal(response) == refused(400, error, code)
    assert Event.objects.count() == 1


@pytest.mark.parametrize("value", ["", "   ", None])
@pytest.mark.parametrize("field", ["title", "link"])
def test_an_empty_field_is_missing_in_a_new_order_and_invalid_in_a_change(
    ada: User, client: APIClient, field: str, value: str | None
) -> None:
    order = make_order(ada, link="https://example.com/")

    created = client.post("/api/order", {**PREMIUM, field: value})
    changed = client.patch(f"/api/order/{order.uuid}", {field: value})

    name = field.capitalize()
    assert refusal(created) == refused(400, f"{name} is required", "MISSING_REQUIRED_FIELD")
    assert refusal(changed) == refused(400, f"{name} must not be empty", "VALIDATION_FAILED")
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("99.99", "99.99"),
        ("0", "0.00"),
        ("7.5", "7.50"),
        (" 12.00 ", "12.00"),
        ("0009.10", "9.10"),
        ("9999999999.99", "9999999999.99"),
        (99.99, "99.99"),
        (100, "100.00"),
    ],
)
def test_a_price_is_text_or_a_number_and_comes_back_with_two_decimals(
    client: APIClient, sent: object, kept: str
) -> None:
    created = client.post("/api/order", {**PREMIUM, "price": sent})

    assert created.status_code == 201
    got = client.get(created["Location"])
    assert created.json()["data"]["price"] == kept == got.json()["data"]["price"]


@pytest.mark.parametrize(
    "price",
    [
        "",
        "-1",
        "+1",
        "1.",
        ".5",
        "1,00",
        "1.005",
        "10000000000",
        "1e2",
        "NaN",
        "Infinity",
        "1_000",
        "٣",
        "12 34",
        "$9.99",
        "9" * 5000,
        "1\n2",
        "1\x00",
        -1,
        1.005,
        0.1 + 0.2,
        1e22,
        True,
        [],
        {},
        ["1.00"],
    ],
)
def test_a_malformed_price_is_the_documented_refusal(
    ada: User, client: APIClient, price: object
) -> None:
    order = make_order(ada)

    created = client.post("/api/order", {**PREMIUM, "price": price})
    changed = client.patch(f"/api/order/{order.uuid}", {"price": price})

    assert refusal(created) == refusal(changed) == WRONG_PRICE
    assert Event.objects.count() == 1


# --- the same orders as on every surface ------------------------------------------------------


def test_an_order_of_one_surface_is_the_order_of_the_other(ada: User, client: APIClient) -> None:
    there = client.post(
        "/api/orders/",
        {"title": "Lamp", "total_price": "12.50", "status": "completed"},
    ).json()
    here = client.get(f"/api/order/{there['uuid']}").json()["data"]

    assert here == {
        "orderId": there["uuid"],
        "title": "Lamp",
        "price": "12.50",
        "link": "",
        "status": "completed",
        "createdAt": here["createdAt"],
        "updatedAt": here["updatedAt"],
    }
    changed = client.patch(f"/api/order/{there['uuid']}", {"price": "13.00"})
    seen = client.get(f"/api/orders/{there['id']}")
    assert changed.status_code == 200
    assert seen.json()["total_price"] == "13.00"
    assert seen["ETag"] == changed["ETag"]


def test_a_move_that_the_lifecycle_does_not_know_is_a_409(ada: User, client: APIClient) -> None:
    order = make_order(ada, status="fulfilled")

    response = client.patch(f"/api/order/{order.uuid}", {"status": "active"})

    assert refusal(response) == refused(
        409,
        f"Order #{order.pk} cannot move from fulfilled to active. Open moves: completed.",
        "MOVE_REFUSED",
    )


def test_a_blocked_order_is_a_409(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = client.patch(f"/api/order/{second.uuid}", {"status": "active"})

    assert refusal(response) == refused(
        409,
        f"Order #{second.pk} cannot be active while it waits for #{first.pk}.",
        "ORDER_BLOCKED",
    )


def test_what_others_wait_for_cannot_be_deleted(ada: User, client: APIClient) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = client.delete(f"/api/order/{first.uuid}")

    assert refusal(response) == refused(
        409,
        f"Order #{first.pk} cannot be deleted: #{second.pk} waits for it.",
        "ORDER_HAS_DEPENDENTS",
    )
    assert Order.objects.filter(pk=first.pk).exists()


def test_the_price_of_an_order_with_items_is_refused_under_this_surfaces_name(
    ada: User, client: APIClient
) -> None:
    order = make_order(ada, items=[ItemDraft("Lamp", Order().total_price + 5, 1)])

    response = client.patch(f"/api/order/{order.uuid}", {"price": "1.00"})

    assert refusal(response) == refused(
        400, "price: It is the sum of the items; change those.", "VALIDATION_FAILED"
    )
    assert client.patch(f"/api/order/{order.uuid}", {"price": "5.00", "title": "Lamp"}).json()[
        "data"
    ]["title"] == ("Lamp")


def test_what_was_read_can_be_sent_back_whole(ada: User, client: APIClient) -> None:
    created = client.post("/api/order", PREMIUM)

    response = client.patch(created["Location"], created.json()["data"])

    assert response.status_code == 200
    assert response.json()["data"] == created.json()["data"]
    assert response["ETag"] == created["ETag"]
    assert Event.objects.count() == 1


def test_fields_that_only_the_service_sets_are_read_only(ada: User, client: APIClient) -> None:
    order = make_order(ada)
    path = f"/api/order/{order.uuid}"

    response = client.patch(path, {"createdAt": "2020-01-01T00:00:00.000Z"})
    sent_back = client.patch(path, {"orderId": str(order.uuid)})

    assert refusal(response) == refused(400, "createdAt is read-only", "VALIDATION_FAILED")
    assert refusal(sent_back) == NOTHING


def test_each_path_answers_with_and_without_its_slash(ada: User, client: APIClient) -> None:
    order = make_order(ada)

    for path in ("/api/order", f"/api/order/{order.uuid}"):
        bare, slashed = client.get(path), client.get(f"{path}/")
        assert (bare.status_code, slashed.status_code) == (200, 200)
        assert bare.json() == slashed.json()
    assert client.post("/api/order/", PREMIUM).status_code == 201


def test_the_schema_names_the_fields_that_are_answered(client: APIClient) -> None:
    created = client.post("/api/order", PREMIUM).json()["data"]

    assert list(created) == list(EnvelopeOrderData().fields)


# --- conditions and repeats -------------------------------------------------------------------


def test_a_change_with_a_stale_etag_is_a_412(ada: User, client: APIClient) -> None:
    order = make_order(ada, title="Old")
    path = f"/api/order/{order.uuid}"
    etag = client.get(path)["ETag"]
    changed = client.patch(path, {"title": "New"}, headers={"If-Match": etag})

    stale = [
        client.patch(path, {"title": "Newest"}, headers={"If-Match": etag}),
        client.delete(path, headers={"If-Match": etag}),
    ]

    assert (changed.status_code, changed["ETag"] != etag) == (200, True)
    for response in stale:
        assert refusal(response) == refused(
            412,
            "This has changed since you read it. Read it again and repeat the change.",
            "STALE",
        )
    assert client.get(path).json()["data"]["title"] == "New"


def test_an_unchanged_order_is_a_304(ada: User, client: APIClient) -> None:
    path = f"/api/order/{make_order(ada).uuid}"
    etag = client.get(path)["ETag"]

    response = client.get(path, headers={"If-None-Match": etag})

    assert (response.status_code, response.content) == (304, b"")


def test_a_repeat_with_the_same_key_gets_the_first_answer(client: APIClient) -> None:
    headers = {"Idempotency-Key": "abc"}

    first = client.post("/api/order", PREMIUM, headers=headers)
    second = client.post("/api/order/", PREMIUM, headers=headers)
    other = client.post("/api/order", {**PREMIUM, "title": "Other"}, headers=headers)
    endless = client.post("/api/order", PREMIUM, headers={"Idempotency-Key": "x" * 256})

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert (second["ETag"], second["Location"]) == (first["ETag"], first["Location"])
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert refusal(other) == refused(
        409,
        "This Idempotency-Key was used for another request. Use a new key for a new request.",
        "IDEMPOTENCY_KEY_REUSED",
    )
    assert refusal(endless) == refused(
        400, "Idempotency-Key: Must have 1 to 255 characters.", "VALIDATION_FAILED"
    )
    assert Order.objects.count() == 1


# --- lists ------------------------------------------------------------------------------------


def test_lists_a_window_of_ones_own_orders(ada: User, client: APIClient) -> None:
    make_order(make_user(), title="Somebody else's")
    orders = [make_order(ada) for _ in range(5)]

    response = client.get("/api/order?skip=2&limit=2")

    body = response.json()
    assert response.status_code == 200
    assert [row["orderId"] for row in body.pop("data")] == [
        str(orders[2].uuid),
        str(orders[3].uuid),
    ]
    assert body == {
        "success": True,
        "pagination": {"total": 5, "skip": 2, "limit": 2},
    }
    assert response["X-Total-Count"] == "5"
    assert response["Link"] == (
        '<http://testserver/api/order?skip=4&limit=2>; rel="next", '
        '<http://testserver/api/order?skip=0&limit=2>; rel="prev"'
    )


def test_a_listed_order_has_the_same_body_as_a_single_one(ada: User, client: APIClient) -> None:
    order = premium(ada)

    listed = client.get("/api/order").json()

    assert listed["data"] == [client.get(f"/api/order/{order.uuid}").json()["data"]]


def test_lists_by_status(ada: User, client: APIClient) -> None:
    for status in ("draft", "pending", "completed"):
        make_order(ada, title=status, status=status)

    def titles(query: str) -> list[str]:
        rows = client.get(f"/api/order?{query}").json()["data"]
        return [row["title"] for row in rows]

    assert titles("status=draft") == ["draft"]
    assert titles("status=draft&status=completed") == ["draft", "completed"]
    assert titles("status=failed") == []
    assert titles("") == ["draft", "pending", "completed"]


STATUSES = "draft, pending, active, shipped, fulfilled, completed, failed, cancelled"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("skip=-1", "skip: Must be a whole number from 0 to 2147483647."),
        ("skip=abc", "skip: Must be a whole number from 0 to 2147483647."),
        ("limit=0", "limit: Must be a whole number from 1 to 200."),
        ("limit=201", "limit: Must be a whole number from 1 to 200."),
        ("limit=" + "9" * 5000, "limit: Must be a whole number from 1 to 200."),
        ("status=done", f'status: "done" is not one of {STATUSES}.'),
        ("status=%00", f'status: "\x00" is not one of {STATUSES}.'),
    ],
)
def test_a_malformed_list_query_is_a_400_that_names_the_parameter(
    client: APIClient, query: str, error: str
) -> None:
    response = client.get(f"/api/order?{query}")

    assert refusal(response) == refused(400, error, "VALIDATION_FAILED")
