"""The back office of conversations: read-only, with actions that call services."""

from notifications.admin.contacts import ContactAdmin
from notifications.admin.conversations import ConversationAdmin
from notifications.admin.messages import MessageAdmin

__all__ = ["ContactAdmin", "ConversationAdmin", "MessageAdmin"]
