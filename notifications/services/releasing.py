"""Conversations that are assigned to somebody who no longer answers customers of their project."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.access import roles_that_may
from accounts.models import Membership
from notifications.access import SEND_MESSAGES
from notifications.events import of_conversation
from notifications.locks import lock_conversations
from notifications.models import Conversation
from orders.stream.recording import record

MAX_AT_ONCE = 1000


def release_assigned_conversations(*, project_id: int | None = None) -> int:
    """Assign to nobody the conversations of people who may no longer send messages.

    Looks at one project or at all of them. Returns how many conversations these were. Records
    `conversation_changed` for each.
    """
    released = 0
    while ids := _left_behind(project_id):
        with transaction.atomic():
            # They may have come back while we waited for the locks.
            locked = lock_conversations(ids)
            still = _left_behind(project_id, among=list(locked))
            released += _release([locked[pk] for pk in still])
    return released


def _left_behind(project_id: int | None, *, among: Sequence[int] | None = None) -> list[int]:
    answerers = Membership.objects.filter(
        project=OuterRef("project"),
        user=OuterRef("assignee"),
        user__is_active=True,
        role__in=roles_that_may(SEND_MESSAGES),
    )
    conversations = Conversation.objects.filter(~Exists(answerers), assignee__isnull=False)
    if project_id is not None:
        conversations = conversations.filter(project=project_id)
    if among is not None:
        conversations = conversations.filter(pk__in=among)
    return list(conversations.order_by("pk").values_list("pk", flat=True)[:MAX_AT_ONCE])


def _release(conversations: Sequence[Conversation]) -> int:
    now = timezone.now()
    for conversation in conversations:
        conversation.assignee = None
        conversation.version += 1
        conversation.updated_at = now
    Conversation.objects.bulk_update(
        conversations, ["assignee", "version", "updated_at"], batch_size=100
    )
    record([of_conversation(each, {"assignee": None}) for each in conversations])
    return len(conversations)
