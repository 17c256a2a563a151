"""What members of a project may do with its assistant."""

from accounts.access import AGENTS, EVERYBODY, changing, viewing

# Each tool also asks for its own operation, so nobody learns more from the assistant than from the
# API.
ASK_ASSISTANT = viewing("ask_assistant", EVERYBODY, model="integrations.assistantcall")
VIEW_ASSISTANT_USAGE = viewing(
    "view_assistant_usage", EVERYBODY, model="integrations.assistantcall"
)
# Have replies to customers written, and their messages judged.
SUGGEST_REPLIES = changing(
    "suggest_replies", AGENTS, staff_permission="notifications.change_conversation"
)
