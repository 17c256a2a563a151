"""Keep what a member has begun to write, so that they find it again on any device."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import require_operation
from accounts.services import was_answered
from notifications.access import SEND_MESSAGES
from notifications.locks import lock_conversation
from notifications.models import Conversation, Draft
from notifications.models.drafts import MAX_DRAFT_LENGTH
from orderchainer.core.errors import Invalid, Stale


@transaction.atomic
def keep_draft(
    *,
    conversation: Conversation,
    by: User,
    content: str,
    suggestion: UUID | None = None,
    key: str = "",
    known: Collection[str] | None = None,
) -> bool:
    """Keep what `by` has written so far; an empty text forgets it.

    `suggestion` is the suggested reply that the text began with. `key` is that of the form: if an
    answer with it was sent meanwhile, keep nothing and return False. `known` are the drafts that
    the page of the form knows. Any other one was written on another page of the same person, and
    is not replaced; without `known`, the last call counts. Nobody is told: a draft is its writer's
    own. Raises `ConversationNotFound`, `Invalid`, `RoleNotEnough`, and `Stale`.
    """
    require_operation(by, conversation.project, SEND_MESSAGES)
    if len(content) > MAX_DRAFT_LENGTH:
        raise Invalid({"content": [f"A text has at most {MAX_DRAFT_LENGTH} characters."]})
    conversation = lock_conversation(conversation.pk)
    # Only now, because sending holds this lock: before it, the answer could still be on its way.
    if key and was_answered(user=by, key=key):
        return False
    kept = Draft.objects.filter(conversation=conversation, author=by).first()
    if known is not None and kept and not _is_among(kept.content, [content, *known]):
        raise Stale("You have written something else here on another page.")
    if not content.strip():
        Draft.objects.filter(conversation=conversation, author=by).delete()
        return True
    Draft.objects.update_or_create(
        conversation=conversation,
        author=by,
        defaults={"content": content, "suggestion": suggestion, "updated_at": timezone.now()},
    )
    return True


@transaction.atomic
def forget_draft(*, conversation: Conversation, by: User, known: Collection[str] | None) -> None:
    """Forget what `by` has written here, but keep a draft that is not among the `known` ones.

    Raises `ConversationNotFound`.
    """
    conversation = lock_conversation(conversation.pk)
    for draft in Draft.objects.filter(conversation=conversation, author=by):
        if known is None or _is_among(draft.content, known):
            draft.delete()


@transaction.atomic
def add_to_draft(
    *, conversation: Conversation, by: User, text: str, suggestion: UUID | None = None
) -> None:
    """Add a text below what `by` has written so far.

    `suggestion` is the suggested reply that the text is. If the draft has it already, because
    somebody has pressed the button twice, nothing is added; nor is a text that is no such reply if
    the draft ends with it. Raises as `keep_draft` does.
    """
    conversation = lock_conversation(conversation.pk)
    draft = Draft.objects.filter(conversation=conversation, author=by).first()
    before = _plain(draft.content) if draft else ""
    text = text.replace("\r\n", "\n")
    if suggestion is None:
        is_there = f"\n\n{before}".endswith(f"\n\n{text.rstrip()}")
    else:
        is_there = draft is not None and draft.suggestion == suggestion and text.rstrip() in before
    if is_there:
        return
    content = "\n\n".join(filter(None, [before, text]))
    keep_draft(conversation=conversation, by=by, content=content, suggestion=suggestion)


def move_drafts(*, gone: Conversation, kept: Conversation) -> None:
    """Move the drafts of one locked conversation into another, in the transaction of a merge.

    A member who has written something in both finds both texts in one draft.
    """
    for draft in Draft.objects.filter(conversation=gone):
        other = Draft.objects.filter(conversation=kept, author=draft.author_id).first()
        if other is None:
            draft.conversation = kept
            draft.save(update_fields=["conversation"])
            continue
        other.content = f"{other.content}\n\n{draft.content}"[:MAX_DRAFT_LENGTH]
        other.save(update_fields=["content"])


def _is_among(text: str, texts: Collection[str]) -> bool:
    return _plain(text) in map(_plain, texts)


def _plain(text: str) -> str:
    """Return a text without what browsers change of it when they send it."""
    return text.replace("\r\n", "\n").rstrip()
