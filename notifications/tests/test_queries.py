"""Lists run statements that are compiled once. They show the rows of the plain querysets."""

import pytest

from notifications import queries
from notifications.channels import Line, Person
from notifications.models import Attachment, Contact, Conversation, Message, Reaction
from notifications.services import receive_message
from notifications.tests.factories import incoming
from orderchainer.core.windows import Window

pytestmark = pytest.mark.django_db
WINDOW = Window(skip=1, limit=3)


@pytest.fixture(autouse=True)
def talks(ours: Line) -> None:
    """Five people who have written, and something of everything that a row shows."""
    for number in range(5):
        person = Person(provider_id=f"US.{number}", number=f"1650555123{number}", name="Ada")
        for content in ("Where is my order?", "Hello?"):
            receive_message(line=ours, incoming=incoming(content, person=person))
    for message in Message.objects.all():
        Attachment.objects.create(message=message, provider_id="1", filename="bill.pdf")
        Reaction.objects.create(message=message, emoji="👍", set_at=message.written_at)


@pytest.mark.parametrize("ordering", [("-created_at", "-id"), ("written_at", "id")])
def test_messages(ordering: tuple[str, ...]) -> None:
    everything = Message.objects.order_by(*ordering)

    for _ in "compiled", "kept":
        rows, total = queries.listed(everything, WINDOW)
        assert rows == list(queries.rows_of(everything)[1:4])
        assert total == 10


def test_conversations() -> None:
    everything = Conversation.objects.order_by("-last_activity_at", "-id")

    for _ in "compiled", "kept":
        rows, total = queries.listed_conversations(everything, WINDOW)
        assert rows == list(queries.conversation_rows_of(everything)[1:4])
        assert total == 5


def test_contacts() -> None:
    everything = Contact.objects.order_by("-id")

    for _ in "compiled", "kept":
        rows, total = queries.listed_contacts(everything, WINDOW)
        assert rows == list(queries.contact_rows_of(everything)[1:4])
        assert total == 5
