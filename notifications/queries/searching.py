"""Searches for messages, conversations and contacts by what somebody typed."""

from django.db.models import Q, QuerySet

from accounts.models import Project
from notifications.models import Contact, ContactAddress, Conversation, Message
from notifications.queries.conversations import conversations_of


def found_by_text(messages: QuerySet[Message], text: str, *, project: Project) -> QuerySet[Message]:
    """Keep the project's messages that contain `text`, and those with a contact whose name does.

    A part of a phone number also finds contacts by their number. The conversations are found first,
    because comparing names at each of their messages takes longer than reading the messages.
    """
    talks = conversations_found(conversations_of(project), text)
    return messages.filter(Q(content__icontains=text) | Q(conversation__in=talks.values("pk")))


def with_customer(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Keep the messages with customers who have `text` in their name, username or number."""
    return messages.filter(_is_with(text, "conversation__"))


def conversations_found(conversations: QuerySet[Conversation], text: str) -> QuerySet[Conversation]:
    """Keep the conversations with contacts who have `text` in their name or number."""
    return conversations.filter(_is_with(text))


def contacts_found(
    contacts: QuerySet[Contact], text: str, *, project: Project
) -> QuerySet[Contact]:
    """Keep the project's contacts who have `text` in their name, username or number."""
    reached = Q(username__icontains=text)
    if digits := _digits_of(text):
        reached |= Q(number__contains=digits)
    # Without the project, this would read the addresses of all projects.
    mine = ContactAddress.objects.filter(contact__project=project)
    addresses = mine.filter(reached).values("contact")
    return contacts.filter(Q(name__icontains=text) | Q(pk__in=addresses))


def _is_with(text: str, path: str = "") -> Q:
    found = Q((f"{path}contact__name__icontains", text))
    found |= Q((f"{path}address__username__icontains", text))
    if digits := _digits_of(text):
        found |= Q((f"{path}address__number__contains", digits))
    return found


def _digits_of(text: str) -> str:
    """Return the digits of a text that looks like a part of a phone number, else an empty text."""
    bare = "".join(sign for sign in text if sign not in " +-()./")
    return bare if len(bare) >= 3 and bare.isascii() and bare.isdecimal() else ""
