"""What a socket is told of each event, word for word."""

from uuid import UUID

import orjson
import pytest

from notifications.sockets.messages import body_of, message_of
from orders.lifecycle import EventType
from orders.stream.models import ORDER, Event

EVENT_ID = "6f8a3f5e-2b7c-4c57-9f5a-0a3f6f2a7d11"


def event(type: str, **data: object) -> Event:
    return Event(
        event_id=UUID(EVENT_ID),
        type=type,
        subject_kind=ORDER,
        order_id=1,
        owner_id=5,
        project_id=6,
        data={"title": "An order", "status": "pending", **data},
        position=42,
    )


def test_shop_document_order_notification() -> None:
    body = body_of(event(EventType.CREATED, dependencies=[]))

    assert list(body.items()) == [
        ("type", "order_notification"),
        ("order_id", 1),
        ("message", "Order created successfully"),
        ("owner_id", 5),
        ("title", "An order"),
        ("event_id", EVENT_ID),
        ("position", 42),
    ]


def test_a_checkout_tells_the_merchant_the_total() -> None:
    recorded = {
        "dependencies": [],
        "provider": "storefront",
        "total_price": "1999.98",
        "currency": "USD",
        "total_items": 2,
    }

    body = body_of(event(EventType.CREATED, **recorded))

    assert list(body.items()) == [
        ("type", "order_notification"),
        ("order_id", 1),
        ("message", "Order created successfully"),
        ("owner_id", 5),
        ("title", "An order"),
        ("provider", "storefront"),
        ("total_price", "1999.98"),
        ("currency", "USD"),
        ("total_items", 2),
        ("event_id", EVENT_ID),
        ("position", 42),
    ]


def test_shop_document_order_status_update() -> None:
    changed = event(EventType.STATUS_CHANGED, old_status="pending", new_status="shipped")

    assert list(body_of(changed).items()) == [
        ("type", "order_status_update"),
        ("order_id", 1),
        ("old_status", "pending"),
        ("new_status", "shipped"),
        ("message", "Order #1 status updated from pending to shipped"),
        ("event_id", EVENT_ID),
        ("position", 42),
    ]


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (
            event(
                EventType.UPDATED,
                changes={
                    "title": {"from": "a", "to": "b"},
                    "notes": {"from": "", "to": "c"},
                },
            ),
            {
                "type": "order_updated",
                "changes": ["notes", "title"],
                "message": "Order #1 changed: notes, title",
            },
        ),
        (
            event(EventType.READY),
            {
                "type": "order_ready",
                "message": "Order #1 is ready: it no longer waits for any other order",
            },
        ),
        (
            event(EventType.BLOCKED, blockers=[2, 3]),
            {
                "type": "order_blocked",
                "blockers": [2, 3],
                "message": "Order #1 is blocked by #2, #3",
            },
        ),
        (
            event(EventType.BLOCKED, blockers=list(range(2, 10))),
            {
                "type": "order_blocked",
                "blockers": [2, 3, 4, 5, 6, 7, 8, 9],
                "message": "Order #1 is blocked by #2, #3, #4, #5, #6 and 3 more",
            },
        ),
        (
            event(EventType.DEPENDENCY_WAIVED, dependency=2, reason="Not needed."),
            {
                "type": "order_dependency_waived",
                "dependency": 2,
                "reason": "Not needed.",
                "message": "Order #1 no longer waits for #2",
            },
        ),
        (
            event(EventType.DELETED),
            {"type": "order_deleted", "message": "Order #1 was deleted"},
        ),
    ],
    ids=["updated", "ready", "blocked", "blocked by many", "waived", "deleted"],
)
def test_other_events_go_by_their_own_type(happened: Event, told: dict[str, object]) -> None:
    assert body_of(happened) == {
        "order_id": 1,
        "event_id": EVENT_ID,
        "position": 42,
        **told,
    }


@pytest.mark.parametrize(
    "strange",
    [event("order_teleported"), event(EventType.STATUS_CHANGED)],
    ids=["unknown type", "payload without its keys"],
)
def test_an_unknown_event_still_gets_a_message(
    strange: Event,
) -> None:
    assert body_of(strange)["message"] == "Order #1 changed"
    assert body_of(strange)["position"] == 42


def test_is_encoded_with_its_position() -> None:
    message = message_of(event(EventType.DELETED))

    assert message.position == 42
    assert orjson.loads(message.text) == body_of(event(EventType.DELETED))
