"""A form that is sent twice at the same moment, and two processes at one change."""

from contextlib import suppress

import pytest

from accounts.errors import IdempotencyKeyReused
from accounts.models import Project
from accounts.services import create_project
from accounts.tests.projects import make_team
from orderchainer.core.errors import DomainError
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.bulk import asking, working
from orders.lifecycle import EventType
from orders.models import BulkChange
from orders.services import move_order
from orders.stream.models import Event
from orders.tests.pages.scenes import place

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_requests_and_a_worker_move_each_order_once() -> None:
    team = make_team()
    orders = [place(team) for _ in range(4)]

    def send() -> int:
        change = asking.request_bulk_move(
            project=team.project,
            by=team.members["agent"],
            status="active",
            orders=lambda: {order.pk: order.version for order in orders},
            key="k",
            digest="d",
        )
        asking.begin_bulk_change(change)
        return change.pk

    def sweep() -> None:
        for change_id in working.due_changes():
            working.work_on(change_id)

    first, second, _swept = race(send, send, sweep)

    change = BulkChange.objects.get()
    assert first == second == change.pk
    assert (change.state, change.changed, change.refused) == ("done", 4, 0)
    assert Event.objects.filter(type=EventType.STATUS_CHANGED).count() == 4


@on_postgresql
def test_one_key_in_two_projects_at_once_asks_for_one_change() -> None:
    team = make_team()
    other = create_project(owner=team.owner, name="Harbour")
    order = place(team)

    def send(project: Project) -> BulkChange:
        return asking.request_bulk_move(
            project=project,
            by=team.owner,
            status="active",
            orders=lambda: {order.pk: None},
            key="k",
            digest="d",
        )

    meeting = Meeting.of_all('INSERT INTO "orders_bulkchange"')
    told = race(lambda: send(team.project), lambda: send(other), meeting=meeting)

    assert meeting.was_complete
    assert {type(each) for each in told} == {BulkChange, IdempotencyKeyReused}
    assert BulkChange.objects.count() == 1


def test_a_change_and_moves_of_the_same_chain_never_wait_for_each_other() -> None:
    team = make_team()
    first = place(team)
    chain = [first]
    for _ in range(5):
        chain.append(place(team, chain[-1], auto_activate=True))
    for order in chain:
        place(team, order)

    def send(status: str) -> None:
        change = asking.request_bulk_move(
            project=team.project,
            by=team.members["agent"],
            status=status,
            orders=lambda: dict.fromkeys(order.pk for order in chain),
            key=status,
            digest="d",
        )
        asking.begin_bulk_change(change)

    def one_by_one() -> None:
        for order in reversed(chain):
            with suppress(DomainError):
                move_order(order_id=order.pk, status="failed", by=team.owner)
            with suppress(DomainError):
                move_order(order_id=order.pk, status="pending", by=team.owner)

    told = race(lambda: send("fulfilled"), lambda: send("failed"), one_by_one)

    assert told == [None, None, None]
    changes = BulkChange.objects.values_list("state", "position", "last_error")
    assert list(changes) == [("done", len(chain), "")] * 2
