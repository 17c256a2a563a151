"""Judges inbound messages as they come, for projects that have switched that on."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from accounts.models import Project
from integrations.assistant.errors import (
    AssistantCrowded,
    AssistantNotConfigured,
    BudgetExhausted,
    ModelBusyNow,
    ModelNotReached,
    TookTooLong,
)
from integrations.assistant.preferences import wants_judging
from integrations.assistant.services import judge_message
from notifications.errors import MessageNotFound
from notifications.events import EventType
from notifications.models import Message
from notifications.models.messages import Direction
from notifications.services import note_mood
from orderchainer.core.errors import DomainError
from orders.stream.models import Event
from orders.stream.subscribers import Drop, GiveUp, Subscriber, TryAgain, Wanted, subscribe

SUBSCRIBER, TARGET = "assistant", "model"
# Later than this, nobody needs to be told which message is urgent.
NEWS_FOR = timedelta(hours=6)
# A place is free again when somebody's question is answered.
CROWDED_SECONDS = 5.0


def connect() -> None:
    """Subscribe to events."""
    subscribe(Subscriber(SUBSCRIBER, wants=wants, deliver=deliver))


def wants(events: Sequence[Event]) -> Iterable[Wanted]:
    """Pick what customers wrote or edited in projects that want it judged, in one query.

    All have one target, the service of models. So a model that hangs takes one worker, and is
    paused like any target that does not answer.
    """
    written = [event for event in events if _written_message(event)]
    if not written:
        return []
    projects = Project.objects.filter(pk__in={event.project_id for event in written})
    # We compare in Python: SQLite and PostgreSQL read JSON differently, and these are few rows.
    wanting = {each.pk for each in projects.only("is_active", "settings") if wants_judging(each)}
    return [(event, TARGET) for event in written if event.project_id in wanting]


def _written_message(event: Event) -> str | None:
    """Return the uuid of the message whose text a customer has written or edited, if one has."""
    if event.type == EventType.CONVERSATION_CHANGED:
        edited: str | None = event.data["changes"].get("edited")
        return edited
    if event.type != EventType.MESSAGE_RECEIVED or event.data.get("direction") != Direction.INBOUND:
        return None
    return str(event.subject_uuid)


def deliver(event: Event, target: str, /) -> None:
    """Have one message judged, within the budget of its project, and keep what it says.

    A worker that dies after the model has answered asks again; the first judgement counts.
    """
    uuid = _written_message(event) or event.subject_uuid
    message = Message.objects.select_related("project").filter(uuid=uuid).first()
    if message is None or message.deleted_at or not message.content.strip():
        raise Drop("There is no text to judge.")
    if message.sentiment:
        return
    # It may have waited for hours. Nothing goes to a model after a project has switched this off.
    if not wants_judging(message.project):
        raise Drop("The project does not want its messages judged any more.")
    if timezone.now() - message.created_at > NEWS_FOR:
        raise Drop("The message is too old to be urgent.")
    try:
        # No waiting: people who ask go first, and a task can come back.
        mood = judge_message(
            project=message.project, by=None, message=message.content, wait_seconds=0
        )
    except AssistantCrowded as exc:
        raise TryAgain(exc.message, after_seconds=CROWDED_SECONDS, counts=False) from exc
    except BudgetExhausted as exc:
        if exc.in_use:
            raise TryAgain(exc.message, after_seconds=exc.retry_after, counts=False) from exc
        raise Drop(exc.message) from exc
    except AssistantNotConfigured as exc:
        raise Drop(exc.message) from exc
    except ModelBusyNow as exc:
        if (exc.retry_after or 0) > NEWS_FOR.total_seconds():
            raise Drop(exc.message) from exc
        raise TryAgain(exc.message, after_seconds=exc.retry_after) from exc
    except (ModelNotReached, TookTooLong) as exc:
        raise TryAgain(exc.message, timed_out=True) from exc
    except DomainError as exc:
        raise GiveUp(exc.message) from exc
    try:
        note_mood(message=message, sentiment=mood.sentiment, urgency=mood.urgency)
    except MessageNotFound as exc:
        raise Drop("The message was deleted in the meantime.") from exc
