"""Judge how a customer feels, so that people see whom to answer first."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Project, User
from integrations.assistant.bulkhead import MAX_WAIT_SECONDS
from integrations.assistant.contracts import History
from integrations.assistant.errors import AnswerMalformed
from integrations.assistant.instructions import (
    FOR_SENTIMENT,
    SENTIMENT_SCHEMA,
    data,
)
from integrations.assistant.model_session import Stop, model_session, never
from integrations.assistant.models import AssistantCall
from integrations.assistant.reading import object_in, text_in, word_in
from notifications.models.messages import Sentiment, Urgency

MAX_CONCERNS = 10
MAX_WORDS_LENGTH = 200


@dataclass(frozen=True)
class Mood:
    """How a message sounds, and how to answer it."""

    sentiment: Sentiment
    urgency: Urgency
    concerns: Sequence[str]
    recommended_tone: str


def judge_message(
    *,
    project: Project,
    by: User | None,
    message: str,
    stop: Stop = never,
    wait_seconds: float = MAX_WAIT_SECONDS,
) -> Mood:
    """Return how a customer's message sounds. `by` is None for a task.

    Raises the refusals of `integrations.assistant.errors`; `AnswerMalformed` if the model says
    anything but what we asked for.
    """
    with model_session(
        project=project,
        by=by,
        kind=AssistantCall.Kind.SENTIMENT,
        stop=stop,
        wait_seconds=wait_seconds,
    ) as session:
        session.notes.question = message
        turn = session.ask(
            History(FOR_SENTIMENT, data({"message": message})), schema=SENTIMENT_SCHEMA
        )
        session.notes.answer = turn.text
        answer = object_in(turn.text)
        concerns = answer.get("concerns")
        if not isinstance(concerns, list):
            raise AnswerMalformed
        return Mood(
            sentiment=Sentiment(word_in(answer, "sentiment", Sentiment.values)),
            urgency=Urgency(word_in(answer, "urgency", Urgency.values)),
            concerns=[
                text_in({"concern": each}, "concern", max_length=MAX_WORDS_LENGTH)
                for each in concerns[:MAX_CONCERNS]
            ],
            recommended_tone=text_in(answer, "recommended_tone", max_length=MAX_WORDS_LENGTH),
        )
