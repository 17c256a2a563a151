"""Every refusal that this app raises."""

from collections.abc import Sequence

from orderchainer.core.errors import AlreadyExists, Conflict, NotFound


class ContactNotFound(NotFound):
    """The project has no such contact."""

    code = "contact_not_found"
    default_message = "Contact not found"


class ConversationNotFound(NotFound):
    """The project has no such conversation."""

    code = "conversation_not_found"
    default_message = "Conversation not found"


class MessageNotFound(NotFound):
    """The project has no such message."""

    code = "message_not_found"
    default_message = "Message not found"


class AttachmentNotFound(NotFound):
    """The project has no such file, or it is not stored yet."""

    code = "attachment_not_found"
    default_message = "Attachment not found"


class LineUnusable(Conflict):
    """The project has no line over which the message could go now."""

    code = "line_unusable"


class WindowClosed(Conflict):
    """The person wrote too long ago. `allowed` names the content types that may be sent."""

    code = "window_closed"
    is_told_apart = True

    def __init__(self, *, allowed: Sequence[str]) -> None:
        instead = f"Send a {' or '.join(allowed)} instead." if allowed else "They must write first."
        super().__init__(
            f"The customer wrote too long ago for a free message. {instead}", allowed=list(allowed)
        )


class ContactNeeded(Conflict):
    """The person must write first. `invitation` is a link for doing so; it can be empty."""

    code = "contact_needed"
    is_told_apart = True

    def __init__(self, *, channel: str, invitation: str) -> None:
        how = f" Send them this link: {invitation}" if invitation else ""
        super().__init__(f"On {channel} the customer must write first.{how}", invitation=invitation)


class ContactUnreachable(Conflict):
    """The contact is blocked here, has asked for no more messages, or has blocked us."""

    code = "contact_unreachable"
    is_told_apart = True


class SuggestionUsed(Conflict):
    """A suggested reply can be sent once."""

    code = "suggestion_used"
    is_told_apart = True
    default_message = "This suggestion was sent already. Ask for another one, or send without it."


class CannotRetry(Conflict):
    """Only a message that failed or is uncertain can be sent again."""

    code = "cannot_retry"


class CannotFetch(Conflict):
    """Only a file that could not be fetched, or that waits, can be fetched again."""

    code = "cannot_fetch"
    default_message = "Only a file that is missing can be fetched. Reload to see how it is now."


class RuleNotFound(NotFound):
    """The project has no such rule."""

    code = "rule_not_found"
    default_message = "Rule not found"


class RuleExists(AlreadyExists):
    """The project has a rule for this occasion and channel already."""

    code = "rule_exists"
    is_told_apart = True
    default_message = (
        "There is a rule for this occasion on this channel already. Change that one: with two, "
        "customers would be told twice."
    )


class LinkInvalid(NotFound):
    """We did not make this link, or its project is gone."""

    code = "link_invalid"
    default_message = "This link does not work. Open the newest e-mail and use the link in it."
