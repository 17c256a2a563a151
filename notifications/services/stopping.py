"""Customers who want no more messages from rules: by a word in a chat, or by a link in an e-mail.

Members can still write to them.
"""

from hashlib import sha256

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils import timezone

from accounts.models import Project
from notifications.errors import LinkInvalid
from notifications.events import of_conversation
from notifications.models import Contact, Conversation, Message, StoppedAddress
from notifications.models.messages import ContentType, Direction
from orders.stream.models import Event

STOP_WORDS = ("stop", "/stop")
START_WORDS = ("start", "/start")
# Whoever presses a button says its title.
_SAID = (ContentType.TEXT, ContentType.BUTTON)
# Later messages among which we look for another word. Nobody sends more before the first arrives.
MAX_LATER = 100


# --- In a chat --------------------------------------------------------------------------------


def follow_word(message: Message, contact: Contact, conversation: Conversation) -> Event | None:
    """Stop a contact's messages from rules, or allow them again, if that is all a new message says.

    The caller holds the locks on contact and conversation. Return the unsaved event if anything
    changed.
    """
    wants = _wish_in(message.content) if message.content_type in _SAID else None
    if wants is None or _has_said_more(message, contact):
        return None
    since = None if wants else message.written_at
    rows = Contact.objects.filter(pk=contact.pk, stopped_at__isnull=not wants)
    if not rows.update(stopped_at=since, updated_at=timezone.now()):
        return None
    contact.stopped_at = since
    return of_conversation(conversation, {"is_stopped": not wants})


def _wish_in(content: str) -> bool | None:
    """Return whether a text asks for messages; None if it says something else."""
    word = content.strip().casefold()
    if word in {*STOP_WORDS, *_folded(settings.MESSAGES_STOP_WORDS)}:
        return False
    if word in {*START_WORDS, *_folded(settings.MESSAGES_START_WORDS)}:
        return True
    return None


def _folded(words: list[str]) -> list[str]:
    return [word.strip().casefold() for word in words if word.strip()]


def _has_said_more(message: Message, contact: Contact) -> bool:
    """Tell whether the contact wrote another such word later, which arrived before this one."""
    later = Message.objects.filter(
        conversation__contact=contact,
        direction=Direction.INBOUND,
        content_type__in=_SAID,
        written_at__gt=message.written_at,
    )
    texts = later.order_by("-written_at").values_list("content", flat=True)[:MAX_LATER]
    return any(_wish_in(text) is not None for text in texts)


# --- By a link in an e-mail -------------------------------------------------------------------


def stop_link(project: Project, address: str) -> str:
    """Return the link that stops e-mails from rules to an address. It stays valid for ever.

    It names the address only by a digest, because addresses of pages are logged.
    """
    token = _signer().sign(f"{project.uuid}.{digest_of_address(address)}")
    return f"{settings.PUBLIC_URL}/stop-messages/{token}"


def project_in_link(token: str) -> Project:
    """Return the project that a link is about. Raises `LinkInvalid`."""
    return _read(token)[0]


@transaction.atomic
def stop_by_link(token: str) -> None:
    """Stop e-mails from rules to the address that a link names. Repeating it changes nothing.

    Raises `LinkInvalid`.
    """
    project, digest = _read(token)
    StoppedAddress.objects.get_or_create(project=project, digest=digest)


@transaction.atomic
def start_by_link(token: str) -> None:
    """Allow e-mails from rules to the address that a link names again. Raises `LinkInvalid`."""
    project, digest = _read(token)
    StoppedAddress.objects.filter(project=project, digest=digest).delete()


def digest_of_address(address: str) -> str:
    """Return the digest by which we recognise an e-mail address, however it is capitalised."""
    return sha256(address.strip().lower().encode()).hexdigest()


def _read(token: str) -> tuple[Project, str]:
    try:
        project_uuid, _, digest = _signer().unsign(token).partition(".")
    except BadSignature as exc:
        raise LinkInvalid from exc
    project = Project.objects.filter(uuid=project_uuid).first()
    if project is None:
        raise LinkInvalid
    return project, digest


def _signer() -> Signer:
    return Signer(sep=".", salt="notifications.stop_link")
