"""Customers of a project, and what is said between them and the project's members."""

from notifications.models.bell import BellMark
from notifications.models.contacts import (
    ChatInvitation,
    Contact,
    ContactAddress,
    MergedContact,
)
from notifications.models.conversations import Conversation
from notifications.models.drafts import Draft
from notifications.models.messages import (
    Attachment,
    Message,
    MessageSend,
    MessageVersion,
    ParkedStatus,
    Reaction,
    StatusReport,
)
from notifications.models.pauses import LinePause
from notifications.models.rules import NotificationRule, RuleOutcome, StoppedAddress
from notifications.models.suggestions import SuggestedReply
from notifications.models.team import Digest, DigestEntry, NewsKind, NotificationPreference

__all__ = [
    "Attachment",
    "BellMark",
    "ChatInvitation",
    "Contact",
    "ContactAddress",
    "Conversation",
    "Digest",
    "DigestEntry",
    "Draft",
    "LinePause",
    "MergedContact",
    "Message",
    "MessageSend",
    "MessageVersion",
    "NewsKind",
    "NotificationPreference",
    "NotificationRule",
    "ParkedStatus",
    "Reaction",
    "RuleOutcome",
    "StatusReport",
    "StoppedAddress",
    "SuggestedReply",
]
