"""Queue messages to people. Nothing is sent here: `notifications.work.sending` does that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Project, User
from accounts.queries import require_operation
from notifications import tasks
from notifications.access import SEND_MESSAGES
from notifications.channels import CHANNELS, Channel, Line, Person, lines_of
from notifications.errors import (
    ContactNeeded,
    ContactNotFound,
    ContactUnreachable,
    LineUnusable,
    WindowClosed,
)
from notifications.events import EventType, of_message
from notifications.models import (
    Attachment,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    MessageSend,
)
from notifications.models.messages import ContentType, Direction, FileState, MessageStatus
from notifications.numbers import digits_of, is_number, spellings_of
from notifications.services.contacts import address_of, hold_address, hold_address_of
from notifications.services.inviting import invite
from notifications.services.receiving import hold_conversation
from notifications.services.suggesting import use_suggestion
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.errors import Invalid
from orders.locks import lock_orders
from orders.models import Order
from orders.stream.recording import record

WITH_FILE = frozenset({ContentType.IMAGE, ContentType.DOCUMENT})
# What members may send. We only receive the other kinds.
SENDABLE = (ContentType.TEXT, ContentType.TEMPLATE, ContentType.IMAGE, ContentType.DOCUMENT)
MAX_CONTENT_LENGTH = 20_000


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


@transaction.atomic
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
    suggestion: UUID | None = None,
) -> Message:
    """Queue a message and return it. A rule of the project sends with `by` None.

    `line` can be left out if the contact has a conversation on this channel, or if the project has
    only one usable line of it. `suggestion` is the suggested reply that is sent, changed or not. It
    marks the message as written with the assistant, and can be used once.

    Records `message_status_changed` with the status `queued`.

    Raises `Invalid` if the input is wrong or the message exceeds a limit of the channel, and the
    refusals `LineUnusable`, `WindowClosed`, `ContactNeeded`, `ContactUnreachable`,
    `ContactNotFound`, `SuggestionUsed`, and `RoleNotEnough`.
    """
    if by is not None:
        require_operation(by, project, SEND_MESSAGES)
    way = _channel_named(channel)
    require_within_limits(way, content_type, content, details or {}, attachment)
    order = hold_order(project, order) or _order_answered(project, reply_to)
    _require_one(recipient)
    contact = _contact_named(project, recipient)
    ours = _line_for(project, way, line, recipient, contact)
    address = _hold_address(way, ours, recipient, contact, order)
    # A conversation that a rule begins needs nobody's attention until the customer answers.
    begins_as = Conversation.Status.OPEN if by else Conversation.Status.CLOSED
    conversation = hold_conversation(ours, address, begins_as=begins_as)
    require_open(way, address, content_type, by)
    if reply_to is not None and reply_to.conversation_id != conversation.pk:
        raise Invalid({"reply_to": ["The message is of another conversation."]})
    message = _store(
        Message(
            project=project,
            conversation=conversation,
            address=address,
            direction=Direction.OUTBOUND,
            channel=ours.channel,
            line=ours.uuid,
            content_type=content_type,
            content=content,
            details=dict(details or {}),
            order=order,
            reply_to=reply_to,
            author=by,
            ai_generated=suggestion is not None,
            status=MessageStatus.QUEUED,
        ),
        attachment,
    )
    if suggestion is not None:
        use_suggestion(message, suggestion)
    queue_parts(message, parts_of(way, content_type, content))
    record([of_message(EventType.MESSAGE_STATUS_CHANGED, message, by=by)])
    return message


def hold_order(project: Project, order: Order | None) -> Order | None:
    """Lock an order that a message is to be about, so that nobody deletes it meanwhile.

    Orders are locked before contacts. Raises `Invalid` if the project has no such order any more.
    """
    if order is None:
        return None
    locked = lock_orders([order.pk]).get(order.pk)
    if locked is None or locked.project_id != project.pk:
        raise Invalid({"order_id": ["The project has no such order."]})
    return locked


def _order_answered(project: Project, reply_to: Message | None) -> Order | None:
    """Return the order that the question is about, because the answer is about it too."""
    if reply_to is None or reply_to.order_id is None:
        return None
    return lock_orders([reply_to.order_id]).get(reply_to.order_id)


# --- What is sent -----------------------------------------------------------------------------


def require_within_limits(
    channel: Channel,
    content_type: ContentType,
    content: str,
    details: Mapping[str, object],
    attachment: Enclosure | None,
) -> None:
    """Raise `Invalid` if a message exceeds a limit of the channel. The error names the limit."""
    if content_type not in SENDABLE or content_type not in channel.content_types:
        can = ", ".join(kind for kind in SENDABLE if kind in channel.content_types)
        raise Invalid({"content_type": [f"{channel.label} takes these from here: {can}."]})
    if content_type in WITH_FILE:
        _require_file(channel, content_type, attachment)
    elif attachment is not None:
        raise Invalid({"attachment": ["Only an image or a document has a file."]})
    if content_type == ContentType.TEXT and not content.strip():
        raise Invalid({"content": ["Write a text."]})
    if content_type == ContentType.TEMPLATE and channel.template_errors is not None:
        errors = channel.template_errors(details)
        if errors:
            raise Invalid(errors)
    _require_length(channel, content_type, content)


def _require_file(
    channel: Channel, content_type: ContentType, attachment: Enclosure | None
) -> None:
    if attachment is None or not (attachment.link or attachment.file):
        raise Invalid({"attachment": ["Name a link, or upload a file."]})
    if attachment.link and not attachment.link.startswith("https://"):
        raise Invalid({"attachment": ["The link must begin with https://."]})
    limit = channel.file_limits.get(content_type)
    if not attachment.file or limit is None:
        return
    if limit.media_types is not None and attachment.media_type not in limit.media_types:
        can = ", ".join(sorted(limit.media_types))
        raise Invalid(
            {
                "attachment": [
                    f"{channel.label} takes these files as {content_type}: {can}. "
                    f"This one is {attachment.media_type}."
                ]
            }
        )
    if (attachment.size or 0) > limit.max_bytes:
        raise Invalid(
            {
                "attachment": [
                    f"{channel.label} takes at most {limit.max_bytes:,} bytes as {content_type}."
                ]
            }
        )


def _require_length(channel: Channel, content_type: ContentType, content: str) -> None:
    is_caption = content_type in WITH_FILE
    most = channel.max_caption if is_caption else channel.max_text
    may_split = channel.split is not None and content_type == ContentType.TEXT
    length = channel.length_of(content)
    if len(content) > MAX_CONTENT_LENGTH or (length > most and not may_split):
        most = MAX_CONTENT_LENGTH if may_split else most
        what = "caption" if is_caption else "text"
        raise Invalid(
            {"content": [f"A {what} on {channel.label} has at most {most} characters."]},
            max_length=most,
            length=length,
        )


def parts_of(channel: Channel, content_type: ContentType, content: str) -> Sequence[str]:
    """Return the texts of the parts in which a message goes out."""
    if (
        content_type == ContentType.TEXT
        and channel.split is not None
        and channel.length_of(content) > channel.max_text
    ):
        return channel.split(content)
    return [content]


# --- To whom, and over which line -------------------------------------------------------------


def _channel_named(name: str) -> Channel:
    if name not in CHANNELS:
        raise Invalid({"provider": ["There is no such channel."]})
    return CHANNELS[name]


def _require_one(recipient: Recipient) -> None:
    named = [recipient.phone, recipient.contact_id, recipient.user_id]
    if sum(bool(each) for each in named) != 1:
        raise Invalid({"recipient": ["Name one of phone, contact_id and user_id."]})
    if recipient.phone and not is_number(recipient.phone):
        raise Invalid(
            {"recipient": ["Write the phone number with its country's code: +16505551234."]}
        )


def _contact_named(project: Project, recipient: Recipient) -> Contact | None:
    if recipient.contact_id is None:
        return None
    contact = Contact.objects.filter(project=project, uuid=recipient.contact_id).first()
    if contact is None:
        raise ContactNotFound
    return contact


def _line_for(
    project: Project,
    channel: Channel,
    named: UUID | None,
    recipient: Recipient,
    contact: Contact | None,
) -> Line:
    """Return the line over which a message goes.

    That is the named line; else the only usable one; else the usable one with the latest activity
    between the person and us.
    """
    lines = [line for line in lines_of(project) if line.channel == channel.name]
    if named is not None:
        found = next((line for line in lines if line.uuid == named), None)
        if found is None:
            raise Invalid({"line": [f"The project has no such line on {channel.label}."]})
        return _usable(found)
    if not lines:
        raise LineUnusable(f"The project is not connected to {channel.label}.")
    usable = [line for line in lines if not line.trouble]
    if not usable:
        return _usable(lines[0])
    if len(usable) == 1:
        return usable[0]
    talks = _talks_with(recipient, contact).filter(line__in=[line.uuid for line in usable])
    last = talks.order_by("-last_activity_at").values_list("line", flat=True).first()
    if last is None:
        names = ", ".join(f"{line.name} ({line.uuid})" for line in usable)
        raise Invalid({"line": [f"Name one of the project's lines: {names}."]})
    return next(line for line in usable if line.uuid == last)


def _usable(line: Line) -> Line:
    if line.trouble:
        raise LineUnusable(f"{line.name} cannot be used: {line.trouble}")
    return line


def _talks_with(recipient: Recipient, contact: Contact | None) -> QuerySet[Conversation]:
    if contact is not None:
        return Conversation.objects.filter(contact=contact)
    if recipient.user_id:
        return Conversation.objects.filter(address__provider_id=recipient.user_id)
    return Conversation.objects.filter(address__number__in=spellings_of(recipient.phone))


def _hold_address(
    channel: Channel,
    line: Line,
    recipient: Recipient,
    contact: Contact | None,
    order: Order | None,
) -> ContactAddress:
    """Return the address of the person, with its locked contact, or make it.

    Raises `ContactNeeded` if they must write first.
    """
    if contact is not None:
        address = hold_address_of(line, contact, may_make=not channel.needs_contact)
        if address is None and not channel.needs_contact:
            raise Invalid({"recipient": ["The contact has no phone number."]})
    else:
        person = Person(
            provider_id=recipient.user_id,
            number=digits_of(recipient.phone),
            name=recipient.name,
        )
        is_known = not channel.needs_contact or address_of(line, person) is not None
        address = hold_address(line, person) if is_known else None
    if address is None:
        link = invite(line=line, contact=contact, order=order)
        raise ContactNeeded(channel=channel.label, invitation=link)
    return address


def require_open(
    channel: Channel, address: ContactAddress, content_type: ContentType, by: User | None
) -> None:
    """Raise `ContactUnreachable` or `WindowClosed` if a message may not go out now."""
    contact = address.contact
    if contact.is_blocked:
        raise ContactUnreachable("The contact is blocked. Unblock them first.")
    if by is None and contact.stopped_at is not None:
        raise ContactUnreachable("The contact asked for no more messages.")
    if channel.needs_contact and address.unreachable_since is not None:
        raise ContactUnreachable(f"The contact has blocked us on {channel.label}.")
    if channel.window is None or content_type == ContentType.TEMPLATE:
        return
    until = address.window_until
    if until is None or until <= timezone.now():
        has_templates = ContentType.TEMPLATE in channel.content_types
        raise WindowClosed(allowed=[str(ContentType.TEMPLATE)] if has_templates else [])


# --- The rows ---------------------------------------------------------------------------------


def _store(message: Message, attachment: Enclosure | None) -> Message:
    message.save()
    if attachment is not None:
        # Nobody has to fetch it: we have the file, or the provider follows the link.
        Attachment.objects.create(
            message=message,
            state=FileState.STORED,
            link=attachment.link,
            file=attachment.file,
            media_type=attachment.media_type,
            filename=attachment.filename[:255],
            size=attachment.size,
        )
    conversation = message.conversation
    conversation.last_activity_at = conversation.updated_at = message.created_at
    conversation.version += 1
    if message.author_id is not None:
        # What a rule sends is no answer.
        conversation.waiting_since = None
    conversation.save(update_fields=["last_activity_at", "updated_at", "version", "waiting_since"])
    return message


def queue_parts(message: Message, texts: Sequence[str], *, round_: int = 1) -> None:
    """Put all parts of a new message at the end of the lane of its locked conversation."""
    queue_sends(
        [
            MessageSend(
                message=message,
                conversation=message.conversation,
                part=number,
                round=round_,
                text=text,
            )
            for number, text in enumerate(texts, start=1)
        ]
    )


def queue_sends(sends: Sequence[MessageSend]) -> None:
    """Store parts in their order, and wake a worker for the first after the commit."""
    rows = MessageSend.objects.bulk_create(sends)
    nudge_on_commit(tasks.send_part, rows[0].pk)
