"""Which feeds an event belongs to."""

from itertools import combinations

import pytest

from accounts.tests.factories import make_user
from integrations.registrations import OF_INTEGRATIONS
from notifications.registrations import OF_MESSAGES
from notifications.sockets.audiences import (
    AUDIENCES,
    OF_ORDERS,
    ONLY_ORDERS,
    Audiences,
    further_audiences,
)
from notifications.sockets.feeds import Feed, OwnerFeed, ProjectFeed, feeds_of
from notifications.sockets.messages import body_of, message_of
from orders.stream.models import ORDER, Event
from orders.tests.factories import make_event_of_another_kind, make_order

WITH_INTEGRATIONS = frozenset({OF_ORDERS, OF_INTEGRATIONS})
WITH_MESSAGES = frozenset({OF_ORDERS, OF_MESSAGES})
WITH_REPORTS = frozenset({OF_ORDERS, AUDIENCES["report"]})
WITH_ALL = WITH_INTEGRATIONS | WITH_MESSAGES | WITH_REPORTS


def test_these_are_the_audiences_of_a_project() -> None:
    assert {OF_ORDERS, *further_audiences()} == WITH_ALL


def test_an_order_belongs_to_its_owner_and_to_everybody_who_follows_the_project() -> None:
    event = Event(subject_kind=ORDER, owner_id=7, project_id=8)

    own, *of_project = feeds_of(event)
    assert own == OwnerFeed(7)
    every = {
        ONLY_ORDERS.union(*some)
        for size in range(4)
        for some in combinations([WITH_INTEGRATIONS, WITH_MESSAGES, WITH_REPORTS], size)
    }
    assert set(of_project) == {ProjectFeed(8, audiences) for audiences in every}
    assert len(of_project) == 8


@pytest.mark.parametrize(
    ("kind", "narrowest"),
    [
        ("integration", WITH_INTEGRATIONS),
        ("sync_run", WITH_INTEGRATIONS),
        ("message", WITH_MESSAGES),
        ("conversation", WITH_MESSAGES),
        ("report", WITH_REPORTS),
    ],
)
def test_everything_else_belongs_to_those_who_may_view_it(kind: str, narrowest: Audiences) -> None:
    found = feeds_of(Event(subject_kind=kind, project_id=8))

    assert all(narrowest <= feed.audiences for feed in found if isinstance(feed, ProjectFeed))
    assert ProjectFeed(8, narrowest) in found
    assert ProjectFeed(8, WITH_ALL) in found
    assert len(found) == 4


@pytest.mark.django_db
def test_what_is_read_from_the_past_is_what_is_told_live() -> None:
    order = make_order(make_user())
    about_order = order.events.get()
    Event.objects.filter(pk=about_order.pk).update(position=1)
    linked = make_event_of_another_kind(order, subject_kind="integration", position=2)
    of_nobody = make_event_of_another_kind(order, position=3)

    assert feeds_of(of_nobody) == []
    heard_in: dict[Feed, list[Event]] = {
        OwnerFeed(order.owner_id): [about_order],
        ProjectFeed(order.project_id, ONLY_ORDERS): [about_order],
        ProjectFeed(order.project_id, WITH_INTEGRATIONS): [about_order, linked],
    }
    for feed, heard in heard_in.items():
        assert feed.after(0, limit=9) == heard
        assert [
            each for each in (about_order, linked, of_nobody) if feed in feeds_of(each)
        ] == heard


@pytest.mark.django_db
def test_an_event_of_an_unknown_type_gets_a_plain_message() -> None:
    order = make_order(make_user())
    event = make_event_of_another_kind(order, position=1)

    assert message_of(event).position == 1
    assert body_of(event) == {
        "type": "parcel_lost",
        "subject_kind": "parcel",
        "subject_id": str(event.subject_uuid),
        "order_id": order.pk,
        "message": "Something changed",
        "event_id": str(event.event_id),
        "position": 1,
    }
