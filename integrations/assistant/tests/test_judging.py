"""Messages that are judged as they come, where a project has switched that on."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Project
from accounts.services import update_project
from accounts.tests.factories import client_of
from accounts.tests.projects import Team
from integrations.assistant.bulkhead import BULKHEAD
from integrations.assistant.contracts import KeyRefused, ModelBusy, ModelUnavailable
from integrations.assistant.models import AssistantCall
from integrations.assistant.subscribers import SUBSCRIBER
from integrations.assistant.tests.scripted.service import Scripted, says
from notifications.models import Message
from notifications.models.messages import ContentType, Sentiment, Urgency
from notifications.services import judging, note_mood, receive_edit
from notifications.tests.api.hub import arrive, path
from notifications.tests.factories import make_line
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.deliveries import deliver
from orders.stream.models import DeliveryTarget, Event, EventDelivery
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db

MOOD = '{"sentiment": "negative", "urgency": "high", "concerns": [], "recommended_tone": "calm"}'


def edit(message: Message, content: str) -> None:
    """Have the customer change a message."""
    receive_edit(
        line=make_line(message.project, uuid=message.line),
        provider_id=message.provider_id,
        content=content,
        edited_at=timezone.now(),
    )


def switch_on(team: Team, **more: object) -> Project:
    """Have the project's messages judged."""
    return update_project(
        project=team.project, changes={"settings": {"assistant_reads_sentiment": True, **more}}
    )


def work() -> list[EventDelivery]:
    """Relay events and try each delivery to the assistant once; return the deliveries."""
    relay_events()
    rows = list(EventDelivery.objects.filter(subscriber=SUBSCRIBER).order_by("id"))
    for row in rows:
        deliver(row.pk)
        row.refresh_from_db()
    return rows


def receive(team: Team, content: str = "Where is it?!", **parts: Any) -> Message:
    """Receive a message."""
    return arrive(make_line(team.project), content, **parts)


def test_a_message_keeps_how_it_sounds(team: Team, model: Scripted) -> None:
    switch_on(team)
    message = receive(team)
    model.steps = [says(MOOD)]

    [row] = work()

    assert row.state == EventDelivery.State.SENT
    message.refresh_from_db()
    assert (message.sentiment, message.urgency) == ("negative", "high")
    receipt = AssistantCall.objects.get()
    assert (receipt.kind, receipt.user, receipt.outcome) == ("sentiment", None, "answered")
    [event] = Event.objects.filter(type="conversation_changed")
    judged = {"message_id": str(message.uuid), "sentiment": "negative", "urgency": "high"}
    assert event.data["changes"] == {"judged": judged}
    client = team.client("viewer")
    [shown] = client.get(path(team, "inbox?urgency=high&sentiment=negative")).json()
    assert (shown["sentiment"], shown["urgency"]) == ("negative", "high")
    assert client.get(path(team, "inbox?urgency=low")).json() == []


def test_no_message_is_judged_in_a_project_that_has_not_asked_for_it(
    team: Team, model: Scripted
) -> None:
    receive(team)

    assert work() == []
    assert not model.questions


def test_a_picture_without_a_word_is_not_judged(team: Team, model: Scripted) -> None:
    switch_on(team)
    receive(team, "", content_type=ContentType.IMAGE)

    [row] = work()

    assert row.state == EventDelivery.State.DROPPED
    assert not model.questions


def test_judging_stays_within_the_budget_of_the_project(team: Team, model: Scripted) -> None:
    switch_on(team, assistant_monthly_budget_usd=0)
    message = receive(team)

    [row] = work()

    assert row.state == EventDelivery.State.DROPPED
    message.refresh_from_db()
    assert message.sentiment == ""
    assert not model.questions


def test_what_running_calls_set_aside_is_waited_for(team: Team, model: Scripted) -> None:
    project = switch_on(team, assistant_monthly_budget_usd=1)
    receive(team)
    AssistantCall.objects.create(
        project=project, kind="query", provider="scripted", model_asked="x", reserved=1
    )

    [row] = work()

    assert (row.state, row.attempts) == (EventDelivery.State.PENDING, 0)
    assert not model.questions


def test_nothing_that_waits_is_judged_after_a_project_has_switched_it_off(
    team: Team, model: Scripted
) -> None:
    switch_on(team)
    receive(team)
    relay_events()
    update_project(project=team.project, changes={"settings": {"assistant_reads_sentiment": False}})

    [row] = work()

    assert row.state == EventDelivery.State.DROPPED
    assert not model.questions


def test_nothing_that_waits_is_judged_after_a_project_is_closed(
    team: Team, model: Scripted
) -> None:
    project = switch_on(team)
    receive(team)
    relay_events()
    Project.objects.filter(pk=project.pk).update(is_active=False)

    [row] = work()

    assert row.state == EventDelivery.State.DROPPED
    assert not model.questions


def test_a_busy_model_is_asked_again_later(team: Team, model: Scripted) -> None:
    switch_on(team)
    receive(team)
    model.steps = [ModelBusy("quota", after_seconds=60)]

    [row] = work()

    assert (row.state, row.attempts) == (EventDelivery.State.PENDING, 1)


def test_a_model_that_is_busy_for_too_long_is_not_waited_for(team: Team, model: Scripted) -> None:
    switch_on(team)
    receive(team)
    model.steps = [ModelBusy("quota", after_seconds=999_999_999)]

    [row] = work()

    assert row.state == EventDelivery.State.DROPPED


def test_a_model_that_hangs_takes_one_worker_and_is_paused(team: Team, model: Scripted) -> None:
    switch_on(team)
    receive(team)
    receive(team, "And this?")
    model.steps = [ModelUnavailable("timed out")]

    first, second = work()

    assert first.target == second.target
    assert (first.attempts, second.attempts) == (1, 0)
    assert len(model.questions) == 1
    target = DeliveryTarget.objects.get(subscriber=SUBSCRIBER)
    assert target.paused_until is not None
    assert target.paused_until > timezone.now()


def test_people_who_ask_go_first(team: Team, model: Scripted) -> None:
    switch_on(team)
    receive(team)

    with BULKHEAD.place(wait_seconds=0), BULKHEAD.place(wait_seconds=0):
        [row] = work()

    assert row.state == EventDelivery.State.PENDING
    assert not model.questions


@pytest.mark.parametrize(
    "step", [says("no JSON"), KeyRefused("401")], ids=["unreadable", "refused"]
)
def test_what_another_try_would_not_mend_is_given_up(
    team: Team, model: Scripted, step: Any
) -> None:
    switch_on(team)
    message = receive(team)
    model.steps = [step]

    [row] = work()

    assert row.state == EventDelivery.State.FAILED
    message.refresh_from_db()
    assert message.sentiment == ""


def test_an_edited_message_is_judged_anew(team: Team, model: Scripted) -> None:
    switch_on(team)
    message = receive(team, "Thank you!")
    model.steps = [says(MOOD.replace("negative", "positive"))]
    work()

    edit(message, "Where is it?!")

    message.refresh_from_db()
    assert (message.sentiment, message.urgency) == ("", "")
    model.steps = [says(MOOD)]
    assert [row.state for row in work()] == [EventDelivery.State.SENT] * 2
    message.refresh_from_db()
    assert (message.sentiment, message.urgency) == ("negative", "high")
    assert AssistantCall.objects.count() == 2


def test_an_edit_that_changes_no_word_is_not_judged_anew(team: Team, model: Scripted) -> None:
    switch_on(team)
    message = receive(team, "Where is it?!")
    model.steps = [says(MOOD)]
    work()

    edit(message, "Where is it?!")

    work()
    message.refresh_from_db()
    assert message.sentiment == "negative"
    assert AssistantCall.objects.count() == 1


def test_a_judgement_of_words_that_were_edited_meanwhile_is_not_kept(team: Team) -> None:
    judged = receive(team, "Thank you!")
    edit(judged, "Where is it?!")

    assert not note_mood(message=judged, sentiment=Sentiment.POSITIVE, urgency=Urgency.LOW)

    judged.refresh_from_db()
    assert (judged.content, judged.sentiment) == ("Where is it?!", "")


def test_the_first_judgement_counts(team: Team) -> None:
    message = receive(team)

    assert note_mood(message=message, sentiment=Sentiment.MIXED, urgency=Urgency.LOW)
    assert not note_mood(message=message, sentiment=Sentiment.POSITIVE, urgency=Urgency.HIGH)
    message.refresh_from_db()
    assert (message.sentiment, message.urgency) == ("mixed", "low")
    assert Event.objects.filter(type="conversation_changed").count() == 1


def test_the_settings_are_checked_when_they_are_saved(team: Team) -> None:
    answer = client_of(team.owner).patch(
        team.path(), {"settings": {"assistant_reads_sentiment": "yes"}}, format="json"
    )

    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "settings": ["assistant_reads_sentiment: Must be true or false."]
    }


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "without-the-lock"])
def test_two_judgements_at_once_are_one(
    team: Team, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    message = receive(team)
    if not is_locked:
        unlocked = Message.objects.select_related("conversation")
        monkeypatch.setattr(judging, "lock_message_in_conversation", lambda pk: unlocked.get(pk=pk))

    outcomes = race(
        lambda: note_mood(message=message, sentiment=Sentiment.MIXED, urgency=Urgency.LOW),
        lambda: note_mood(message=message, sentiment=Sentiment.POSITIVE, urgency=Urgency.HIGH),
        meeting=Meeting('UPDATE "notifications_message"'),
    )

    assert sorted(outcomes, key=bool) == ([False, True] if is_locked else [True, True])
    events = Event.objects.filter(type="conversation_changed").count()
    assert events == (1 if is_locked else 2)
