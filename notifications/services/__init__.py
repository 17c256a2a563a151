"""Every write to conversations: one public function per thing that a user or the system can do."""

from notifications.services.blocking import set_blocked
from notifications.services.contact_changes import ContactChanges, change_contact
from notifications.services.conversations import (
    ConversationChanges,
    change_conversation,
    link_conversation,
    link_to_order,
    mark_conversation_read,
    mark_read,
    unlink_order,
)
from notifications.services.drafting import add_to_draft, forget_draft, keep_draft
from notifications.services.inviting import accept_invitation, invite
from notifications.services.judging import note_mood
from notifications.services.merging import merge_contacts
from notifications.services.people import change_person, set_reachable
from notifications.services.receiving import (
    receive_deletion,
    receive_edit,
    receive_message,
    receive_reaction,
)
from notifications.services.refetching import fetch_again
from notifications.services.reporting import receive_report
from notifications.services.retrying import retry_message
from notifications.services.rules import (
    RuleFields,
    change_rule,
    create_rule,
    delete_rule,
    drafted_rule,
)
from notifications.services.sending import Enclosure, Recipient, send_message
from notifications.services.stopping import project_in_link, start_by_link, stop_by_link
from notifications.services.suggesting import keep_suggestion
from notifications.services.telling import Preview, preview

__all__ = [
    "ContactChanges",
    "ConversationChanges",
    "Enclosure",
    "Preview",
    "Recipient",
    "RuleFields",
    "accept_invitation",
    "add_to_draft",
    "change_contact",
    "change_conversation",
    "change_person",
    "change_rule",
    "create_rule",
    "delete_rule",
    "drafted_rule",
    "fetch_again",
    "forget_draft",
    "invite",
    "keep_draft",
    "keep_suggestion",
    "link_conversation",
    "link_to_order",
    "mark_conversation_read",
    "mark_read",
    "merge_contacts",
    "note_mood",
    "preview",
    "project_in_link",
    "receive_deletion",
    "receive_edit",
    "receive_message",
    "receive_reaction",
    "receive_report",
    "retry_message",
    "send_message",
    "set_blocked",
    "set_reachable",
    "start_by_link",
    "stop_by_link",
    "unlink_order",
]
