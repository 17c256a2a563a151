"""What members of a project may do with its customers' messages."""

from accounts.access import AGENTS, EVERYBODY, MANAGERS, changing, viewing

VIEW_MESSAGES = viewing("view_messages", EVERYBODY, model="notifications.message")
SEND_MESSAGES = changing(
    "send_messages", AGENTS, staff_permission="notifications.change_conversation"
)
# Decide of the rules by which customers are told of their orders.
MANAGE_MESSAGING = changing(
    "manage_messaging", MANAGERS, staff_permission="notifications.change_notificationrule"
)
# Members choose for themselves what they are told of. Staff who are not members are told nothing.
CHOOSE_NEWS = changing("choose_news", EVERYBODY, staff_permission=None)
