"""The pages of events and deliveries: staff read both, and can retry deliveries."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.admin.browsers import shown
from integrations.models import Integration
from integrations.work.statuses import record_status
from orders.services import delete_order, move_order
from orders.stream.models import Event, EventDelivery
from orders.tests.admin.pages import page, run
from orders.tests.factories import make_delivery, make_event_of_another_kind, make_order

pytestmark = pytest.mark.django_db

# --- events -----------------------------------------------------------------------------------


def test_events_of_a_deleted_order_are_still_shown(client: Client, ada: User) -> None:
    order = make_order(ada, title="Gone for good")
    delete_order(order_id=order.pk, by=ada)

    text = shown(client, page("event_changelist"), q=f"#{order.pk}")
    event = Event.objects.latest("pk")
    event_page = shown(client, page("event_change", event.pk))

    assert "order_created" in text or "Created" in text
    assert text.count("Gone for good") == 2
    assert "Gone for good" in event_page
    assert str(event.event_id) in event_page


def test_an_event_is_found_by_its_id(client: Client, ada: User) -> None:
    make_order(ada, title="Sought")
    sought = Event.objects.latest("pk")
    make_order(ada, title="Other")

    text = shown(client, page("event_changelist"), q=str(sought.event_id))

    assert "Sought" in text
    assert "Other" not in text


def test_events_of_other_apps_are_said_in_a_sentence(client: Client, ada: User) -> None:
    shop, of_nobody = make_order(ada).project, make_event_of_another_kind(make_order(ada))
    integration = Integration(
        project=shop, provider="shopify", account="north.myshopify.com", status="connected"
    )
    record_status(integration, before="connecting", by=None)

    text = shown(client, page("event_changelist"))

    assert "The shopify integration north.myshopify.com is connected" in text
    assert of_nobody.type in text


def test_events_cannot_be_written(client: Client, ada: User) -> None:
    make_order(ada)
    event = Event.objects.get()

    for response in (
        client.get(page("event_add")),
        client.post(page("event_add"), {"type": "order_created"}),
        client.post(page("event_change", event.pk), {"type": "order_deleted"}),
        client.post(page("event_delete", event.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
    run(client, "delete_selected", event, model="event", post="yes")
    event.refresh_from_db()
    assert event.type == "order_created"


# --- deliveries -------------------------------------------------------------------------------


def test_retries_unsent_deliveries_and_leaves_the_rest(
    client: Client, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    failed = make_delivery(make_order(ada), "failed", attempts=10, last_error="No.")
    dropped = make_delivery(make_order(ada), "dropped")
    sent = make_delivery(make_order(ada), "sent", attempts=1)

    with django_capture_on_commit_callbacks() as nudges:
        text = run(client, "retry_now", failed, dropped, sent, model="eventdelivery")

    found = {
        delivery.pk: (delivery.state, delivery.attempts) for delivery in EventDelivery.objects.all()
    }
    assert found == {
        failed.pk: ("pending", 0),
        dropped.pk: ("pending", 0),
        sent.pk: ("sent", 1),
    }
    assert len(nudges) == 2
    assert "Due now: 2." in text
    assert "Already sent, not retried: 1." in text


def test_a_delivery_that_is_being_sent_is_shown_and_cannot_be_retried(
    client: Client, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    delivery = make_delivery(
        make_order(ada),
        target="webhook 7",
        attempts=1,
        claimed_until=soon,
        next_attempt_at=soon,
    )

    for url in (
        page("eventdelivery_changelist"),
        page("eventdelivery_change", delivery.pk),
        page("order_change", delivery.event.order_id),
    ):
        text = shown(client, url)
        assert "being sent" in text.lower()
        assert "webhook 7" in text
    with django_capture_on_commit_callbacks() as nudges:
        text = run(client, "retry_now", delivery, model="eventdelivery")

    assert "Being sent right now, not retried: 1." in text
    assert nudges == []
    delivery.refresh_from_db()
    assert delivery.attempts == 1


def test_deliveries_show_how_they_stand_and_lead_to_their_order(client: Client, ada: User) -> None:
    order = make_order(ada, title="Walnut desk")
    delivery = make_delivery(order, "failed", attempts=3, last_error="Discord: 404.")

    for url in (
        page("eventdelivery_changelist"),
        page("eventdelivery_change", delivery.pk),
    ):
        text = shown(client, url)
        for words in ("discord", "Walnut desk", "failed", "Discord: 404."):
            assert words in text
        assert f'href="{page("order_change", order.pk)}"' in text


@pytest.mark.parametrize(
    "query",
    [
        {"state__exact": "failed"},
        {"subscriber": "discord"},
        {"event__type__exact": "order_status_changed"},
        {"q": "#{order}"},
        {"q": "unknown webhook"},
    ],
)
def test_deliveries_are_filtered_and_found(
    client: Client, ada: User, query: dict[str, str]
) -> None:
    make_delivery(make_order(ada, title="Plain"), subscriber="elsewhere")
    order = make_order(ada, title="Sought")
    move_order(order_id=order.pk, status="active", by=ada)
    make_delivery(order, "failed", last_error="Unknown webhook")

    text = shown(
        client,
        page("eventdelivery_changelist"),
        **{name: value.format(order=order.pk) for name, value in query.items()},
    )

    assert "Sought" in text
    assert "Plain" not in text


def test_deliveries_cannot_be_written(client: Client, ada: User) -> None:
    delivery = make_delivery(make_order(ada), "failed")

    for response in (
        client.get(page("eventdelivery_add")),
        client.post(page("eventdelivery_change", delivery.pk), {"state": "sent"}),
        client.post(page("eventdelivery_delete", delivery.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "failed"
