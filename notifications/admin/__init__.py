"""The back office of conversations, and of the rules that tell customers. Services write."""

from notifications.admin.contacts import ContactAdmin
from notifications.admin.conversations import ConversationAdmin
from notifications.admin.messages import MessageAdmin
from notifications.admin.rules import NotificationRuleAdmin, RuleOutcomeAdmin
from notifications.admin.team import DigestAdmin, NotificationPreferenceAdmin

__all__ = [
    "ContactAdmin",
    "ConversationAdmin",
    "DigestAdmin",
    "MessageAdmin",
    "NotificationPreferenceAdmin",
    "NotificationRuleAdmin",
    "RuleOutcomeAdmin",
]
