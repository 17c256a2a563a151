"""What members of a project may do with its customers' messages."""

from accounts.access import AGENTS, EVERYBODY, MANAGERS, changing, viewing

VIEW_MESSAGES = viewing("view_messages", EVERYBODY, model="notifications.message")
SEND_MESSAGES = changing(
    "send_messages", AGENTS, staff_permission="notifications.change_conversation"
)
# Decide of what customers are told by themselves.
MANAGE_MESSAGING = changing(
    "manage_messaging", MANAGERS, staff_permission="notifications.change_notificationrule"
)
