"""What a project's socket is told of integrations and syncs, word for word."""

from uuid import UUID

import pytest

from accounts.tests.projects import Team
from integrations.events import INTEGRATION, SYNC_RUN, EventType
from integrations.services import change_integration, disconnect_integration, report_trouble
from integrations.tests.factories import make_integration
from integrations.tests.pretend.shop import Shop
from notifications.sockets.messages import body_of
from orders.stream.models import Event
from orders.stream.queries import stream_after
from orders.stream.relay import relay_events
from orders.stream.types import sentence_of

EVENT_ID = "6f8a3f5e-2b7c-4c57-9f5a-0a3f6f2a7d11"
INTEGRATION_ID = "5f0c1c3e-6a0f-4a53-9d7c-2a4d5e6f7a8b"
RUN_ID = "9a4f2b1c-0d3e-4f5a-8b6c-7d8e9f0a1b2c"
SHOP = {"provider": "shopify", "account": "north.myshopify.com"}


def status_changed(
    old: str | None, new: str, *, is_paused: bool = False, error: str = ""
) -> dict[str, object]:
    """Return the message about a status as the app records it."""
    data = {
        **SHOP,
        "status": new,
        "previous_status": old,
        "is_paused": is_paused,
        "error": error,
    }
    return body_of(
        Event(
            event_id=UUID(EVENT_ID),
            type=EventType.STATUS_CHANGED,
            subject_kind=INTEGRATION,
            subject_uuid=UUID(INTEGRATION_ID),
            project_id=6,
            data=data,
            position=42,
        )
    )


def sync_finished(status: str, *, refused: int = 0, error: str = "") -> dict[str, object]:
    """Return the message about the end of a sync as the app records it."""
    counts = {"seen": 12, "created": 3, "changed": 2, "refused": refused}
    data = {
        "integration_id": INTEGRATION_ID,
        **SHOP,
        "status": status,
        **counts,
        "error": error,
    }
    return body_of(
        Event(
            event_id=UUID(EVENT_ID),
            type=EventType.SYNC_FINISHED,
            subject_kind=SYNC_RUN,
            subject_uuid=UUID(RUN_ID),
            project_id=6,
            data=data,
            position=43,
        )
    )


def test_a_new_status() -> None:
    assert list(status_changed("connecting", "connected").items()) == [
        ("type", "integration_status_changed"),
        ("subject_kind", "integration"),
        ("subject_id", INTEGRATION_ID),
        ("integration_id", INTEGRATION_ID),
        ("provider", "shopify"),
        ("account", "north.myshopify.com"),
        ("old_status", "connecting"),
        ("new_status", "connected"),
        ("is_paused", False),
        ("message", "The shopify integration north.myshopify.com is connected"),
        ("event_id", EVENT_ID),
        ("position", 42),
    ]


@pytest.mark.parametrize(
    ("old", "new", "error", "sentence"),
    [
        (None, "connecting", "", "is being connected"),
        ("connected", "error", "The app was removed.", "does not work: The app was removed."),
        ("connected", "error", "", "does not work"),
        ("error", "disconnected", "", "was disconnected"),
    ],
)
def test_every_status_is_said_in_a_sentence(
    old: str | None, new: str, error: str, sentence: str
) -> None:
    body = status_changed(old, new, error=error)

    assert (body["old_status"], body["new_status"]) == (old, new)
    assert body.get("error", "") == error
    assert body["message"] == f"The shopify integration north.myshopify.com {sentence}"


@pytest.mark.parametrize(
    ("is_paused", "sentence"), [(True, "is paused"), (False, "goes on after a pause")]
)
def test_a_pause_is_no_new_status(is_paused: bool, sentence: str) -> None:
    body = status_changed("connected", "connected", is_paused=is_paused)

    assert body["is_paused"] is is_paused
    assert body["message"] == f"The shopify integration north.myshopify.com {sentence}"


def test_a_finished_sync() -> None:
    assert list(sync_finished("done").items()) == [
        ("type", "sync_finished"),
        ("subject_kind", "sync_run"),
        ("subject_id", RUN_ID),
        ("integration_id", INTEGRATION_ID),
        ("provider", "shopify"),
        ("account", "north.myshopify.com"),
        ("status", "done"),
        ("seen", 12),
        ("created", 3),
        ("changed", 2),
        ("refused", 0),
        (
            "message",
            "The shopify integration north.myshopify.com was synced: 12 seen, 3 new, 2 changed",
        ),
        ("event_id", EVENT_ID),
        ("position", 43),
    ]


@pytest.mark.parametrize(
    ("status", "refused", "error", "sentence"),
    [
        ("done", 1, "Bad.", "was synced: 12 seen, 3 new, 2 changed, 1 refused"),
        ("failed", 0, "No answer.", "could not be synced: No answer."),
        ("cancelled", 0, "Paused.", "was not synced to the end: Paused."),
    ],
)
def test_every_end_of_a_sync_is_said_in_a_sentence(
    status: str, refused: int, error: str, sentence: str
) -> None:
    body = sync_finished(status, refused=refused, error=error)

    assert (body["status"], body["refused"], body["error"]) == (status, refused, error)
    assert body["message"] == f"The shopify integration north.myshopify.com {sentence}"


def test_the_life_of_an_integration_is_told_as_it_is_recorded(team: Team, shop: Shop) -> None:
    integration = make_integration(team)
    report_trouble(integration=integration, reason="The app was removed.")
    integration = change_integration(integration=integration, is_paused=True, by=team.owner)
    integration = change_integration(integration=integration, is_paused=False, by=team.owner)
    disconnect_integration(integration=integration, by=team.owner)
    relay_events()

    events = stream_after(0, limit=100)
    messages = list(map(body_of, events))
    assert [message["message"] for message in messages] == list(map(sentence_of, events))
    assert {message["integration_id"] for message in messages} == {str(integration.uuid)}
    assert [message["message"] for message in messages] == [
        f"The shopify integration {integration.account} {happened}"
        for happened in (
            "is being connected",
            "is connected",
            "was synced: 3 seen, 3 new, 0 changed",
            "does not work: The app was removed.",
            "is paused",
            "goes on after a pause",
            "was not synced to the end: The integration was disconnected.",
            "was disconnected",
        )
    ]


def test_an_event_with_other_data_is_shown_without_words() -> None:
    event = Event(type=EventType.SYNC_FINISHED, subject_kind=SYNC_RUN, data={"status": "done"})
    event.position = 1

    assert sentence_of(event) == ""
    assert body_of(event)["message"] == "Something changed"
