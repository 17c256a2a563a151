"""Keep that a reply was suggested, and use it for one message."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Project, User
from notifications.errors import SuggestionUsed
from notifications.models import Message, SuggestedReply
from orderchainer.core.errors import Invalid


@transaction.atomic
def keep_suggestion(*, project: Project, by: User, order_id: int | None = None) -> SuggestedReply:
    """Keep that a reply was suggested to `by`; `order_id` is the order that it is about."""
    return SuggestedReply.objects.create(project=project, suggested_to=by, order_id=order_id)


def use_suggestion(message: Message, suggestion_id: UUID) -> None:
    """Use a suggestion for an outbound message that is being stored, in its transaction.

    Raises `Invalid` if the project has no such suggestion, and `SuggestionUsed` if another message
    came first.
    """
    found = SuggestedReply.objects.filter(project=message.project_id, uuid=suggestion_id)
    if found.filter(used_at=None).update(used_at=timezone.now(), message=message):
        return
    if found.exists():
        raise SuggestionUsed
    raise Invalid({"suggestion_id": ["The project has no such suggestion."]})
