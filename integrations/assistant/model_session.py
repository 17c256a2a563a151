"""One call of the assistant, from its place in the bulkhead to its receipt.

While a model is asked, this thread has neither a transaction nor a connection to the database.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connections

from accounts.models import Project, User
from integrations.assistant import contracts, receipts
from integrations.assistant.bulkhead import BULKHEAD, MAX_WAIT_SECONDS
from integrations.assistant.contracts import (
    Finish,
    History,
    Limits,
    Model,
    ModelService,
    ToolDescription,
    Turn,
)
from integrations.assistant.errors import (
    AnswerBlocked,
    AnswerCut,
    AnswerEmpty,
    AnswerMalformed,
    AnswerTooLong,
    AssistantNotConfigured,
    ClientLeft,
    ModelBusyNow,
    ModelKeyRefused,
    ModelNotReached,
    ModelRefusedUs,
    ModelUnknown,
    TookTooLong,
    outcome_of,
)
from integrations.assistant.models import AssistantCall
from integrations.assistant.receipts import Notes
from integrations.assistant.sizes import size_of_entry, size_of_frame
from integrations.assistant.tally import Tally, ceiling_of
from integrations.providers import provider_named
from orderchainer.core.errors import DomainError

logger = structlog.get_logger(__name__)

# What a model may write in one turn, including what it thinks.
MAX_TOKENS_OF_A_TURN = 4_096
# A busy service is asked once more after this pause, or after the one that it names if that is
# short. A longer one would only hold the thread.
PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 5.0

# A client's own timer may fire a little early.
TIMER_SLACK_SECONDS = 0.25

Stop = Callable[[], bool]

MODEL_SETTINGS: Mapping[str, str] = {
    AssistantCall.Kind.QUERY: "ASSISTANT_MODEL",
    AssistantCall.Kind.REPLY: "ASSISTANT_MODEL",
    AssistantCall.Kind.SENTIMENT: "ASSISTANT_SENTIMENT_MODEL",
}

_UNUSABLE: Mapping[Finish, type[DomainError]] = {
    Finish.BLOCKED: AnswerBlocked,
    Finish.CUT: AnswerCut,
    Finish.MALFORMED: AnswerMalformed,
    Finish.EMPTY: AnswerEmpty,
}


def never() -> bool:
    """Go on whatever happens: there is no client who could leave."""
    return False


def service_in_use() -> ModelService:
    """Return the service that `ASSISTANT_PROVIDER` names.

    Raises `AssistantNotConfigured` while settings are missing.
    """
    provider = provider_named(settings.ASSISTANT_PROVIDER)
    if provider is None or provider.models is None:
        raise AssistantNotConfigured(["ASSISTANT_PROVIDER"])
    if missing := provider.models.missing():
        raise AssistantNotConfigured(missing)
    return provider.models


class ModelSession:
    """Asks one model as often as an answer takes, within the bounds of one call."""

    def __init__(self, model: Model, call: AssistantCall, tally: Tally, stop: Stop) -> None:
        self._model = model
        self._call = call
        self._stop = stop
        self._ends_at = time.monotonic() + settings.ASSISTANT_TIMEOUT
        self._may_ask_again = True
        # The tokens of the last turn, which the next one reads again, and how many entries of the
        # conversation these are.
        self._known_tokens = 0
        self._known_entries = 0
        self.tally = tally
        self.notes = Notes()

    @property
    def receipt_id(self) -> UUID:
        """The id of the call's receipt."""
        return self._call.uuid

    @property
    def room(self) -> int:
        """How many characters the next turn may read beside what it has read already.

        It then still has the tokens that a turn may write.
        """
        used = self.tally.total + self._known_tokens
        return int(settings.ASSISTANT_MAX_TOKENS) - used - MAX_TOKENS_OF_A_TURN

    def ask(
        self,
        history: History,
        tools: Sequence[ToolDescription] = (),
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Return the model's next turn, which says something or calls tools.

        Raises the refusals of `integrations.assistant.errors`.
        """
        reads = self._reads(history, tools, schema)
        turn = self._turn(history, tools, schema, reads)
        before = self.tally.total
        self.tally.add(turn)
        # A model that does not tell its tokens may have taken as many as it could.
        self._known_tokens = self.tally.total - before or reads + MAX_TOKENS_OF_A_TURN
        self._known_entries = len(history.entries) + 1
        if turn.finish in _UNUSABLE:
            raise _UNUSABLE[turn.finish](**_reason(turn))
        if not turn.calls and not turn.text.strip():
            raise AnswerEmpty(**_reason(turn))
        return turn

    def _turn(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        schema: Mapping[str, Any] | None,
        reads: int,
    ) -> Turn:
        limits = self._limits(reads)
        let_go_of_the_database()
        try:
            return self._model.answer(history, tools, limits, schema=schema)
        except contracts.ModelBusy as exc:
            self._pause_or_refuse(exc)
            return self._turn(history, tools, schema, reads)
        except contracts.ModelUnavailable as exc:
            # It may have answered when we no longer listened, and billed that.
            self.tally.add_unanswered()
            self._log(exc)
            if time.monotonic() >= self._ends_at - TIMER_SLACK_SECONDS:
                raise TookTooLong from exc
            raise ModelNotReached from exc
        except contracts.KeyRefused as exc:
            self._log(exc)
            raise ModelKeyRefused from exc
        except contracts.UnknownModel as exc:
            self._log(exc)
            raise ModelUnknown(self._call.model_asked, MODEL_SETTINGS[self._call.kind]) from exc
        except contracts.ModelError as exc:
            self._log(exc)
            raise ModelRefusedUs from exc

    def _reads(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        schema: Mapping[str, Any] | None,
    ) -> int:
        """Return how many tokens the next turn reads at most."""
        new = sum(map(size_of_entry, history.entries[self._known_entries :]))
        frame = size_of_frame(history.instructions, tools, schema)
        return self._known_tokens + new if self._known_entries else frame + new

    def _limits(self, reads: int) -> Limits:
        """Return what the next turn, which reads so many tokens, may take of what is left."""
        if self._stop():
            raise ClientLeft
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise TookTooLong
        tokens = settings.ASSISTANT_MAX_TOKENS - self.tally.total - reads
        if tokens <= 0:
            raise AnswerTooLong
        return Limits(min(tokens, MAX_TOKENS_OF_A_TURN), seconds)

    def _pause_or_refuse(self, exc: contracts.ModelBusy) -> None:
        """Wait before the one more try that a call has, or say how long people have to wait."""
        pause = PAUSE_SECONDS if exc.after_seconds is None else exc.after_seconds
        left = self._ends_at - time.monotonic()
        if not self._may_ask_again or pause > MAX_PAUSE_SECONDS or pause >= left:
            self._log(exc)
            named = None if exc.after_seconds is None else max(1, round(exc.after_seconds))
            raise ModelBusyNow(retry_after=named) from exc
        self._may_ask_again = False
        time.sleep(pause)

    def _log(self, exc: contracts.ModelError) -> None:
        logger.warning(
            "model_gave_no_answer",
            call=str(self._call.uuid),
            model=self._call.model_asked,
            kind=type(exc).__name__,
            error=str(exc),
        )


@contextmanager
def model_session(
    *,
    project: Project,
    by: User | None,
    kind: AssistantCall.Kind,
    stop: Stop = never,
    wait_seconds: float = MAX_WAIT_SECONDS,
) -> Iterator[ModelSession]:
    """Give the block a call with a place and a receipt. The block asks the model.

    Raises `AssistantNotConfigured`, `AssistantCrowded` and `BudgetExhausted` before anything is
    asked.
    """
    service = service_in_use()
    name: str = getattr(settings, MODEL_SETTINGS[kind])
    model = service.model(name)
    let_go_of_the_database()
    with BULKHEAD.place(wait_seconds=wait_seconds):
        if stop():
            raise ClientLeft
        day = receipts.today()
        call = receipts.begin(
            project=project,
            by=by,
            kind=kind,
            provider=settings.ASSISTANT_PROVIDER,
            model=name,
            ceiling=ceiling_of(service.prices, name, day, settings.ASSISTANT_MAX_TOKENS),
        )
        tally = Tally(service.prices, day)
        session = ModelSession(model, call, tally, stop)
        outcome, error = str(AssistantCall.Outcome.ANSWERED), ""
        try:
            yield session
        except BaseException as exc:
            outcome, error = outcome_of(exc), getattr(exc, "code", type(exc).__name__)
            raise
        finally:
            receipts.settle(call, outcome=outcome, tally=tally, notes=session.notes, error=error)


def let_go_of_the_database() -> None:
    """Give this thread's connections back, so that others can use them while a model thinks.

    Tests run inside a transaction, which has to keep its connection.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _reason(turn: Turn) -> dict[str, str]:
    return {"finish_reason": turn.reason} if turn.reason else {}
