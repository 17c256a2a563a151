"""Which feeds an event belongs to."""

import pytest

from accounts.tests.factories import make_user
from notifications.feeds import OwnerFeed, ProjectFeed, feeds_of
from notifications.messages import body_of, message_of
from orders.tests.factories import make_event_of_another_kind, make_order


@pytest.mark.django_db
def test_an_owner_hears_of_orders_only_and_a_project_of_everything() -> None:
    order = make_order(make_user())
    event = make_event_of_another_kind(order, position=1)

    assert list(feeds_of(event)) == [ProjectFeed(order.project_id)]
    assert OwnerFeed(order.owner_id).after(0, limit=9) == []
    assert ProjectFeed(order.project_id).after(0, limit=9) == [event]
    assert message_of(event).position == 1
    assert body_of(event)["message"] == "Something changed"
