"""Sending a reply that was suggested."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Membership
from accounts.services import create_project
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from integrations.assistant.contracts import Turn
from integrations.assistant.services import Draft, draft_reply
from integrations.assistant.tests.scripted.service import Scripted, says
from notifications.channels import Line
from notifications.models import Message, SuggestedReply
from notifications.tests.api.hub import JOHN, arrive, path
from notifications.tests.pretend import PRETEND, Pretend, pretending
from notifications.work.suggestions import forget_suggestions
from orderchainer.core.errors import DomainError
from orderchainer.testing.races import race

SENDING: dict[str, Any] = {
    "recipient": {"phone": "+1234567890"},
    "content": "It is on its way!",
    "provider": PRETEND,
}


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    with pretending(monkeypatch) as provider:
        yield provider


@pytest.fixture
def message(pretend: Pretend, team: Team) -> Message:
    line: Line = pretend.add_line(team.project)
    return arrive(line, "Where is my order?", person=JOHN)


@pytest.fixture
def draft(team: Team, model: Scripted) -> Draft:
    model.steps = [says('{"reply": "It is on its way.", "language": "en"}')]
    return draft_reply(
        project=team.project, by=team.members["agent"], customer_message="Where is my order?"
    )


def send(team: Team, **more: object) -> Any:
    """Send as an agent."""
    return team.client("agent").post(path(team, "send"), {**SENDING, **more}, format="json")


@pytest.mark.django_db
def test_a_message_that_is_sent_with_its_suggestion_is_marked(
    team: Team, message: Message, draft: Draft
) -> None:
    answer = send(team, suggestion_id=str(draft.suggestion_id))

    assert answer.status_code == 201, answer.content
    assert answer.json()["ai_generated"] is True
    suggestion = SuggestedReply.objects.get()
    assert suggestion.message == Message.objects.get(direction="outbound")
    assert suggestion.used_at is not None
    assert send(team).json()["ai_generated"] is False


@pytest.mark.django_db
def test_whoever_is_removed_while_the_model_writes_gets_no_draft(
    team: Team, model: Scripted
) -> None:
    agent = team.members["agent"]

    def writes() -> Turn:
        Membership.objects.get(user=agent, project=team.project).delete()
        return says('{"reply": "It is on its way.", "language": "en"}')

    model.steps = [writes]

    with pytest.raises(DomainError):
        draft_reply(project=team.project, by=agent, customer_message="Where is my order?")

    assert not SuggestedReply.objects.exists()


@pytest.mark.django_db
def test_a_suggestion_can_be_sent_once(team: Team, message: Message, draft: Draft) -> None:
    send(team, suggestion_id=str(draft.suggestion_id))

    again = send(team, suggestion_id=str(draft.suggestion_id))

    assert (again.status_code, again.json()["code"]) == (409, "SUGGESTION_USED")
    assert Message.objects.filter(direction="outbound").count() == 1


@pytest.mark.django_db
def test_a_suggestion_of_another_project_does_not_exist(
    team: Team, message: Message, model: Scripted
) -> None:
    owner = make_user()
    elsewhere = create_project(owner=owner, name="Another")
    model.steps = [says('{"reply": "Hi.", "language": "en"}')]
    foreign = draft_reply(project=elsewhere, by=owner, customer_message="Hi?")

    for wrong in (foreign.suggestion_id, uuid4()):
        answer = send(team, suggestion_id=str(wrong))

        assert answer.status_code == 422
        assert answer.json()["errors"] == {"suggestion_id": ["The project has no such suggestion."]}
    assert SuggestedReply.objects.get().used_at is None
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_send_it_at_once_send_it_once(team: Team, message: Message, draft: Draft) -> None:
    send(team)

    answers = race(*[lambda: send(team, suggestion_id=str(draft.suggestion_id))] * 2)

    assert sorted(each.status_code for each in answers) == [201, 409]  # type: ignore[union-attr]
    assert Message.objects.filter(ai_generated=True).count() == 1


@pytest.mark.django_db
def test_what_nobody_sent_is_forgotten_after_a_month(
    team: Team, message: Message, draft: Draft
) -> None:
    send(team, suggestion_id=str(draft.suggestion_id))
    draft_reply(project=team.project, by=team.owner, customer_message="And now?")

    assert forget_suggestions() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert forget_suggestions() == 1
    assert SuggestedReply.objects.get().used_at is not None
