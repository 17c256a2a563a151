"""The rows of the stream: orders are one kind of subject among others."""

import pytest
from django.db import IntegrityError, models, transaction

from accounts.tests.factories import make_user
from orderchainer.core.windows import Window
from orders.lifecycle import EventType
from orders.queries import history_for
from orders.stream import types
from orders.stream.models import Event
from orders.stream.relay import relay_events
from orders.stream.types import register_types, registered_types
from orders.tests.factories import make_event_of_another_kind, make_order

pytestmark = pytest.mark.django_db


def test_an_event_about_an_order_names_it_as_its_subject() -> None:
    order = make_order(make_user())

    event = Event.objects.get()

    assert (event.subject_kind, event.subject_uuid) == ("order", order.uuid)
    assert event.is_of_order


def test_events_of_all_kinds_share_one_stream() -> None:
    ada = make_user()
    order = make_order(ada)
    other = make_event_of_another_kind(order)

    relay_events()

    other.refresh_from_db()
    assert other.position == 2
    assert not other.is_of_order


def test_an_event_needs_no_order_and_no_owner() -> None:
    order = make_order(make_user())
    event = make_event_of_another_kind(order)
    event.order = event.owner_id = None
    event.save()

    assert str(event) == f"event parcel_lost of parcel {event.subject_uuid}"


@pytest.mark.parametrize(
    "changes",
    [
        {"order": None},
        {"owner_id": None},
        {"subject_kind": ""},
    ],
)
def test_an_event_about_an_order_needs_order_and_owner(
    changes: dict[str, object],
) -> None:
    make_order(make_user())

    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(**changes)


def test_an_orders_history_tells_of_the_order_only() -> None:
    ada = make_user()
    order = make_order(ada)
    make_event_of_another_kind(order)

    events, total = history_for(ada, order.pk, Window(skip=0, limit=9))

    assert ([event.type for event in events], total) == (["order_created"], 1)


def test_apps_register_types_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parcels(models.TextChoices):
        LOST = "parcel_lost"

    class Stranger(models.TextChoices):
        CREATED = "order_created", "Something else"

    monkeypatch.setattr(types, "_labels", dict(types._labels))
    before = registered_types()
    register_types(Parcels)
    register_types(Parcels)

    assert before[: len(EventType)] == EventType.choices
    assert registered_types() == [*before, *Parcels.choices]
    with pytest.raises(ValueError, match="order_created"):
        register_types(Stranger)
