"""Every refusal that the assistant raises.

Each says with `outcome` how the receipt of the call ends; see `AssistantCall.Outcome`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from orderchainer.core.errors import DomainError, TooManyRequests, Unavailable, UnusableAnswer
from orderchainer.core.moments import seconds


class AssistantNotConfigured(Unavailable):
    """The operator has not said yet whose models answer, or with which key."""

    code = "assistant_not_configured"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"The assistant is not configured. The operator has to set {' and '.join(missing)}."
        )


class AssistantCrowded(Unavailable):
    """This process works on as many answers as it may."""

    code = "assistant_busy"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(
            "The assistant is answering as many questions as it can right now. "
            f"Try again in {retry_after} seconds.",
            retry_after=retry_after,
        )


class BudgetExhausted(TooManyRequests):
    """The project's budget for the month is used up, or set aside for calls that run right now."""

    code = "budget_exhausted"

    def __init__(self, *, retry_after: int, resets_at: datetime, in_use: bool = False) -> None:
        anew = seconds(resets_at)
        words = (
            "What is left of the project's assistant budget for this month is set aside for "
            "answers that are being written right now. Try again in a minute."
            if in_use
            else "The project has used up its assistant budget for this month. The next month "
            f"begins at {anew}."
        )
        super().__init__(words, retry_after=retry_after, resets_at=anew)
        self.in_use = in_use


# --- While a model is asked -------------------------------------------------------------------


class ClientLeft(Unavailable):
    """Whoever asked has closed the connection, so nobody would read the answer."""

    code = "client_left"
    outcome: ClassVar = "left"
    default_message = "The client has closed the connection."


class TookTooLong(Unavailable):
    """The answer was not complete in time."""

    code = "assistant_timeout"
    outcome: ClassVar = "too_late"
    default_message = "The assistant could not finish its answer in time. Ask for less at once."


class ModelBusyNow(Unavailable):
    """The model service refuses for now: our quota there is used up, or it is overloaded."""

    code = "model_busy"
    outcome: ClassVar = "busy"
    default_message = "The model service takes no more questions at the moment."


class ModelNotReached(Unavailable):
    """The model service gave no answer, or one that nobody can read."""

    code = "model_unavailable"
    outcome: ClassVar = "unavailable"
    default_message = "The model service did not answer."


class ModelRefusedUs(Unavailable):
    """The model service refuses our key, our model or our request."""

    code = "model_refused"
    outcome: ClassVar = "refused"
    default_message = "The model service refuses our request. The log says why."


class ModelKeyRefused(ModelRefusedUs):
    """The model service does not accept our key."""

    code = "model_key_refused"
    default_message = (
        "The model service does not accept the key of this installation. The operator has to set "
        "another one."
    )


class ModelUnknown(ModelRefusedUs):
    """The model service does not have the model that the settings name."""

    code = "model_unknown"

    def __init__(self, model: str, setting: str) -> None:
        super().__init__(
            f"The model service has no model {model}, or no longer. The operator has to change "
            f"{setting}."
        )


class AnswerBlocked(UnusableAnswer):
    """The model's own rules forbid the question or the answer."""

    code = "answer_blocked"
    outcome: ClassVar = "blocked"
    default_message = "The model refuses to answer this."


class AnswerCut(UnusableAnswer):
    """The model had to stop in the middle of its answer."""

    code = "answer_cut"
    outcome: ClassVar = "cut"
    default_message = "The model had no room left to finish its answer. Ask for less at once."


class AnswerMalformed(UnusableAnswer):
    """The answer is not in the form that we asked for."""

    code = "answer_malformed"
    outcome: ClassVar = "malformed"
    default_message = "The model's answer cannot be read. Try again."


class AnswerEmpty(UnusableAnswer):
    """The model answered without a word."""

    code = "answer_empty"
    outcome: ClassVar = "empty"
    default_message = "The model gave an empty answer. Try again."


class AnswerTooLong(UnusableAnswer):
    """The model asked for more and more data, until our bounds ended it."""

    code = "answer_too_long"
    outcome: ClassVar = "too_long"
    default_message = "The assistant did not come to an answer. Ask for less at once."


def outcome_of(error: BaseException) -> str:
    """Return how a call ends that this error ended."""
    if isinstance(error, DomainError):
        return str(getattr(error, "outcome", "failed"))
    return "failed"
