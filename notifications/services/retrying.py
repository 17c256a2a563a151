"""Send again what did not arrive. Only people decide that."""

from accounts.models import User
from notifications.models import Message


def retry_message(*, message: Message, by: User) -> Message:
    """Queue a message that failed or is uncertain once more; the provider gives it a new id.

    Records `message_status_changed`. Raises `CannotRetry`, the refusals of `send_message`, and
    `RoleNotEnough`.
    """
    raise NotImplementedError
