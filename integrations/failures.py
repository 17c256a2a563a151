"""How a call to a provider's API fails. The clients of providers raise these.

    NotConnected   no connection came about, so nothing was sent
    NoAnswer       the call was sent, and no answer came that says what became of it
    Refused        the provider says no

Each has a sentence for people, which names no secret.
"""

from integrations import transport


class Failed(Exception):
    """The call did not bring what we asked for."""


class NotConnected(Failed):
    """No connection came about, so nothing was sent."""


class NoAnswer(Failed):
    """The call was sent. What became of it is unknown."""

    def __init__(self, words: str, *, timed_out: bool = False) -> None:
        super().__init__(words)
        self.timed_out = timed_out


class Refused(Failed):
    """The provider answered with an error. A provider's own kind may know more about it."""

    def __init__(self, words: str, *, status: int, after_seconds: float | None = None) -> None:
        super().__init__(words)
        self.status = status
        # For how long the provider asks us to wait, if it says so.
        self.after_seconds = after_seconds


def failure_of(exc: transport.CallFailed, provider: str) -> NotConnected | NoAnswer:
    """Return what a call without an answer means. The sentence names the provider."""
    words = f"{provider} {exc}."
    if isinstance(exc, transport.NotConnected):
        return NotConnected(words)
    return NoAnswer(words, timed_out=isinstance(exc, transport.TooLate))
