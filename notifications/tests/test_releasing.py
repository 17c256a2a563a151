"""Who answers no more customers cares for no conversation."""

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.access import Role
from accounts.models import User
from accounts.services import deactivate_user, remove_member, set_member
from accounts.tests.projects import Team, make_team
from notifications import subscribers, tasks
from notifications.channels import Line
from notifications.models import Conversation
from notifications.services import change_conversation, receive_message
from notifications.tests.factories import ADA, incoming
from notifications.tests.pages.scenes import somebody
from notifications.tests.pretend import Pretend
from orderchainer.core.errors import Invalid
from orders.stream.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def line(team: Team, pretend: Pretend) -> Line:
    return pretend.add_line(team.project)


@pytest.fixture
def agent(team: Team) -> User:
    return team.members["agent"]


def assigned_to(user: User, team: Team, line: Line, **who: Any) -> Conversation:
    message = receive_message(line=line, incoming=incoming(**{"person": ADA, **who}))
    assert message is not None
    return change_conversation(
        conversation=message.conversation, by=team.owner, changes={"assignee": user}
    )


@pytest.mark.parametrize("how", ["leaves", "loses the role", "is deactivated"])
def test_whoever_answers_no_more_cares_for_nothing(
    team: Team, line: Line, agent: User, how: str
) -> None:
    left = assigned_to(agent, team, line)
    kept = assigned_to(team.owner, team, line, person=somebody("Ben"))
    match how:
        case "leaves":
            remove_member(project=team.project, user=agent, by=team.owner)
        case "loses the role":
            set_member(project=team.project, user=agent, role=Role.VIEWER)
        case _:
            deactivate_user(user=agent)

    tasks.release_conversations(team.project.pk)
    tasks.release_conversations()

    before = left.version
    left.refresh_from_db()
    assert (left.assignee, left.version) == (None, before + 1)
    last = Event.objects.filter(type="conversation_changed").latest("pk")
    assert (last.subject_uuid, last.data["changes"]) == (left.uuid, {"assignee": None})
    assert last.actor_id is None
    assert Conversation.objects.get(pk=kept.pk).assignee == team.owner


def test_nobody_else_is_released(team: Team, line: Line, agent: User) -> None:
    conversation = assigned_to(agent, team, line)

    tasks.release_conversations()

    now = Conversation.objects.get()
    assert (now.assignee, now.version) == (agent, conversation.version)


def test_a_deactivated_member_is_not_assigned(team: Team, line: Line, agent: User) -> None:
    deactivate_user(user=agent)

    with pytest.raises(Invalid):
        assigned_to(agent, team, line)

    assert Conversation.objects.get().assignee is None


@pytest.mark.parametrize("is_deactivated", [True, False])
def test_a_worker_hears_of_it(
    team: Team,
    agent: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    is_deactivated: bool,
) -> None:
    nudged: list[tuple[object, ...]] = []
    monkeypatch.setattr(subscribers, "nudge", lambda *asked: nudged.append(asked))
    monkeypatch.setattr("orders.subscribers.nudge", lambda *asked: nudged.append(asked))

    with django_capture_on_commit_callbacks(execute=True):
        if is_deactivated:
            deactivate_user(user=agent)
        else:
            remove_member(project=team.project, user=agent, by=team.owner)

    about = () if is_deactivated else (team.project.pk,)
    # Orders and conversations.
    assert {each[1:] for each in nudged} == {about}
    assert len(nudged) == 2
