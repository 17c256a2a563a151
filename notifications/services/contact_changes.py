"""What members write about a contact."""

from typing import TypedDict

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import require_operation
from notifications.access import SEND_MESSAGES
from notifications.events import of_conversation
from notifications.locks import lock_contact
from notifications.models import Contact
from notifications.services.blocking import set_blocked
from orderchainer.core.errors import NothingToChange
from orders.stream.recording import record


class ContactChanges(TypedDict, total=False):
    """What a member changes of a contact; a missing key changes nothing."""

    name: str
    language: str
    notes: str
    is_blocked: bool
    # Whether the contact wants no messages that rules send.
    is_stopped: bool


@transaction.atomic
def change_contact(*, contact: Contact, by: User, changes: ContactChanges) -> Contact:
    """Change a contact. Blocking does what `set_blocked` does.

    Records `conversation_changed` for each conversation if the contact is stopped by this, or no
    longer stopped. Raises `ContactNotFound` if the contact was merged into another one since it was
    read, `NothingToChange` and `RoleNotEnough`.
    """
    require_operation(by, contact.project, SEND_MESSAGES)
    if not changes:
        raise NothingToChange
    contact = lock_contact(contact.pk)
    if "is_blocked" in changes:
        contact = set_blocked(contact=contact, is_blocked=changes["is_blocked"], by=by)
    contact.name = changes.get("name", contact.name)
    contact.language = changes.get("language", contact.language)
    contact.notes = changes.get("notes", contact.notes)
    is_stopped = contact.stopped_at is not None
    wants_stop = changes.get("is_stopped", is_stopped)
    if wants_stop != is_stopped:
        contact.stopped_at = timezone.now() if wants_stop else None
    contact.updated_at = timezone.now()
    contact.save(update_fields=["name", "language", "notes", "stopped_at", "updated_at"])
    if wants_stop != is_stopped:
        talks = contact.conversations.order_by("pk").select_for_update(no_key=True)
        record([of_conversation(talk, {"is_stopped": wants_stop}, by=by) for talk in talks])
    return contact
