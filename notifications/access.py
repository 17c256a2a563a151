"""What members of a project may do with its customers' messages."""

from accounts.access import AGENTS, EVERYBODY, changing, viewing

VIEW_MESSAGES = viewing("view_messages", EVERYBODY, model="notifications.message")
SEND_MESSAGES = changing(
    "send_messages", AGENTS, staff_permission="notifications.change_conversation"
)
