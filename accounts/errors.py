"""Ways in which accounts can refuse."""

from orderchainer.api.errors import (
    AlreadyExists,
    Conflict,
    NotAllowed,
    Unauthenticated,
)


class EmailTaken(AlreadyExists):
    """Somebody signs in with this e-mail already, in whatever case it is written."""

    code = "user_already_exists"
    default_message = "User with this email already exists"


class InvalidCredentials(Unauthenticated):
    """E-mail and password do not belong together, or the user may not sign in.

    Which of the two, or whether there is such a user at all, is never told apart.
    """

    code = "invalid_credentials"
    default_message = "Invalid credentials"


class TokenRefused(Unauthenticated):
    """A token that is not ours, not of this kind, out of date, used up, or of an ended session."""


class IdempotencyKeyReused(Conflict):
    """The key has answered another request before; a key names one request for its whole life."""

    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used for another request. Take a new key for a new request."


class LastOwner(Conflict):
    """A project always has an owner; a personal one always its own."""

    code = "last_owner"
    default_message = "A project keeps at least one owner, and a personal project the user whose it is."


class OwnAccount(NotAllowed):
    """Nobody locks themselves out."""

    code = "own_account"
    default_message = "You cannot deactivate the account that you are signed in with."
