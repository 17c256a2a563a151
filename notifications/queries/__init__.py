"""Reads of a project's messages, conversations, contacts and rules."""

from notifications.queries.contacts import (
    contact_for,
    contact_row_for,
    contact_rows_of,
    contacts_of,
    listed_contacts,
)
from notifications.queries.conversations import (
    conversation_for,
    conversation_row_for,
    conversation_rows_of,
    conversations_of,
    count_unread,
    listed_conversations,
    unread_conversations,
)
from notifications.queries.messages import (
    attachment_for,
    listed,
    message_for,
    messages_of,
    row_for,
    rows_of,
    without_blocked,
)
from notifications.queries.rules import (
    listed_outcomes,
    listed_rules,
    outcomes_of,
    rule_for,
    rules_of,
)
from notifications.queries.searching import (
    contacts_found,
    conversations_found,
    found_by_text,
    with_customer,
)

__all__ = [
    "attachment_for",
    "contact_for",
    "contact_row_for",
    "contact_rows_of",
    "contacts_found",
    "contacts_of",
    "conversation_for",
    "conversation_row_for",
    "conversation_rows_of",
    "conversations_found",
    "conversations_of",
    "count_unread",
    "found_by_text",
    "listed",
    "listed_contacts",
    "listed_conversations",
    "listed_outcomes",
    "listed_rules",
    "message_for",
    "messages_of",
    "outcomes_of",
    "row_for",
    "rows_of",
    "rule_for",
    "rules_of",
    "unread_conversations",
    "with_customer",
    "without_blocked",
]
