"""What follows from a failed call that can safely be repeated."""

from integrations.failures import Failed, NoAnswer
from integrations.telegram import client
from orderchainer.core.outbox import GiveUp, TryAgain

BAD_TOKEN = "Telegram knows no bot with this token. Paste the one that @BotFather shows now."
DEFAULT_WAIT_SECONDS = 5.0


def outcome_of(failure: Failed) -> TryAgain | GiveUp:
    """Return whether to try again or to give up, in words for people."""
    match failure:
        case client.Refused(is_broken=True):
            return GiveUp(BAD_TOKEN)
        case client.Refused(status=429):
            return TryAgain(
                "Telegram asks us to wait.", after_seconds=wait_seconds(failure), counts=False
            )
        case client.Refused(status=408 | 409 | 425):
            return TryAgain(words_of(failure))
        case client.Refused():
            return GiveUp(words_of(failure))
        case NoAnswer():
            return TryAgain(str(failure), timed_out=failure.timed_out)
    return TryAgain(str(failure))


def wait_seconds(failure: client.Refused) -> float:
    """Return how long Telegram asks us to wait, never less."""
    asked = failure.after_seconds
    return DEFAULT_WAIT_SECONDS if asked is None else asked + 0.2


def words_of(failure: client.Refused) -> str:
    """Return what people read about a refusal."""
    return f"Telegram said: {failure or 'nothing'} ({failure.status})"
