"""Two tabs that mark things at the bell at once lose neither mark."""

import pytest

from accounts.tests.projects import Team, make_team
from notifications.models import BellMark
from notifications.services import bell
from notifications.services.bell import mark_all_seen, mark_seen
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.services import create_order
from orders.stream.queries import stream_head
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db(transaction=True)


def a_team_with_news() -> Team:
    """Return a team in whose project four orders are new."""
    team = make_team()
    for _ in range(4):
        create_order(by=team.owner, project=team.project, fields={"title": "Sails"})
    relay_events()
    return team


def mark_two_things_at_once(team: Team) -> Meeting:
    """Mark two things as seen at the same moment, if nothing keeps them apart."""
    agent, head = team.members["agent"], stream_head()
    mark_seen(project=team.project, user=agent, name="order-0", until=1)
    meeting = Meeting('UPDATE "notifications_bellmark"')
    outcomes = race(
        lambda: mark_seen(project=team.project, user=agent, name="order-1", until=head),
        lambda: mark_seen(project=team.project, user=agent, name="order-2", until=head),
        meeting=meeting,
    )
    assert outcomes == [None, None]
    return meeting


def test_two_things_that_are_marked_at_once_are_both_seen(db: None) -> None:
    meeting = mark_two_things_at_once(a_team_with_news())

    assert not meeting.was_complete
    assert BellMark.objects.get().seen.keys() == {"order-0", "order-1", "order-2"}


@on_postgresql
def test_without_the_lock_one_mark_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    team = a_team_with_news()

    def not_locked(project: object, user: object) -> BellMark:
        return BellMark.objects.get_or_create(
            membership=team.project.memberships.get(user=team.members["agent"])
        )[0]

    monkeypatch.setattr(bell, "_locked", not_locked)
    meeting = mark_two_things_at_once(team)

    assert meeting.was_complete
    assert len(BellMark.objects.get().seen) == 2


def test_the_first_two_marks_of_a_member_make_one_row() -> None:
    team = a_team_with_news()
    agent, head = team.members["agent"], stream_head()
    meeting = Meeting('INSERT INTO "notifications_bellmark"')

    outcomes = race(
        lambda: mark_all_seen(project=team.project, user=agent, until=head - 1),
        lambda: mark_all_seen(project=team.project, user=agent, until=head),
        meeting=meeting,
    )

    assert outcomes == [None, None]
    assert not meeting.was_complete
    assert BellMark.objects.get().seen_until == head
