"""Queue messages to people. Nothing is sent here: `notifications.work` does that."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from accounts.models import Project, User
from notifications.models import Message
from notifications.models.messages import ContentType
from orders.models import Order


@dataclass(frozen=True)
class Recipient:
    """Who gets a message: exactly one of a phone number, a contact, or the provider's key."""

    phone: str = ""
    contact_id: UUID | None = None
    # The provider's own key of the person, for example the id of a Telegram user.
    user_id: str = ""
    # What to call a person who is new to us.
    name: str = ""


@dataclass(frozen=True)
class Enclosure:
    """The file of a message: an https link, or one that `notifications.files` has stored."""

    link: str = ""
    file: str = ""
    media_type: str = ""
    filename: str = ""
    size: int | None = None


def send_message(
    *,
    project: Project,
    by: User | None,
    recipient: Recipient,
    channel: str,
    line: UUID | None = None,
    content_type: ContentType = ContentType.TEXT,
    content: str = "",
    details: Mapping[str, object] | None = None,
    order: Order | None = None,
    reply_to: Message | None = None,
    attachment: Enclosure | None = None,
    ai_generated: bool = False,
) -> Message:
    """Queue a message and return it. A rule of the project sends with `by` None.

    Records `message_status_changed` with the status `queued`.

    Raises `Invalid` (wrong input, or a limit of the channel that the message exceeds), and the
    refusals `LineUnusable`, `WindowClosed`, `ContactNeeded`, `ContactUnreachable`,
    `ContactNotFound`, and `RoleNotEnough`.
    """
    raise NotImplementedError
