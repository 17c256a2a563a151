"""The kinds of refusal. Apps derive their own errors from these; each surface decides their wire
format.

A domain error knows what went wrong and for which ids. It knows no HTTP: `surfaces.py` maps each
kind to a status and to the words of each document.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

Data = int | str | None | Sequence[int] | Sequence[str] | Sequence[Mapping[str, object]]


class DomainError(Exception):
    """A refusal for a reason of the domain.

    `message` is a whole sentence for people. `data` holds plain values (ids, names, numbers)
    that a surface adds to its documented text, under the same names.
    """

    code: ClassVar[str] = "error"
    # Clients can tell this refusal from others of its kind, even if a document has one text for
    # all.
    is_told_apart: ClassVar[bool] = False
    default_message: ClassVar[str] = "The request was refused."

    def __init__(self, message: str | None = None, **data: Data) -> None:
        self.message = message or self.default_message
        self.data = data
        super().__init__(self.message)

    @property
    def page_message(self) -> str:
        """What pages say: the `message`, unless that names something that only programs know."""
        return self.message


class Unauthenticated(DomainError):
    """The request has no credentials, or no valid ones."""

    code = "unauthenticated"
    default_message = "The credentials are missing or not valid."


class NotAllowed(DomainError):
    """The caller may see this but may not do that with it."""

    code = "not_allowed"
    default_message = "You may not do this."


class NotFound(DomainError):
    """It does not exist, or this caller may not see it: the answers are always the same."""

    code = "not_found"
    default_message = "There is no such thing."


class Conflict(DomainError):
    """The request is well-formed, but the current state does not allow it."""

    code = "conflict"
    default_message = "The current state does not allow this."


class AlreadyExists(Conflict):
    """Something that may exist only once exists already."""

    code = "already_exists"
    default_message = "This exists already."


class Stale(DomainError):
    """The caller refers to a version that has changed since."""

    code = "stale"
    default_message = "This has changed since you read it. Read it again and repeat the change."


class TooManyRequests(DomainError):
    """The caller sends too many requests. `retry_after`: seconds until the next one is allowed."""

    code = "rate_limit_exceeded"
    default_message = "Too many requests."

    def __init__(self, message: str | None = None, *, retry_after: int, **data: Data) -> None:
        self.retry_after = max(1, retry_after)
        unit = "second" if self.retry_after == 1 else "seconds"
        words = f"Too many requests. Try again in {self.retry_after} {unit}."
        super().__init__(message or words, **data)


class Unavailable(DomainError):
    """Something that this needs is not available now. `retry_after`: seconds, if that is known."""

    code = "unavailable"
    default_message = "This is not available at the moment."

    def __init__(
        self, message: str | None = None, *, retry_after: int | None = None, **data: Data
    ) -> None:
        self.retry_after = retry_after
        super().__init__(message, **data)


class UnusableAnswer(DomainError):
    """A service that we asked gave an answer that we cannot use."""

    code = "unusable_answer"
    default_message = "The other service gave an answer that cannot be used."


class Invalid(DomainError):
    """The input is invalid. `errors` holds messages by field name."""

    code = "invalid"
    default_message = "The input is not valid."

    def __init__(
        self,
        errors: Mapping[str, Sequence[str]],
        message: str | None = None,
        **data: Data,
    ) -> None:
        super().__init__(message, **data)
        self.errors = {field: list(messages) for field, messages in errors.items()}


class NothingToChange(Invalid):
    """A change without any field."""

    code = "missing_required_field"

    def __init__(self) -> None:
        words = "At least one field must be provided for update"
        super().__init__({"body": [words]}, words)
