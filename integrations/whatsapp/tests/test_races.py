"""What happens when workers store the same things at once."""

import pytest

from accounts.tests.factories import make_user
from integrations.inbound import working
from integrations.models import InboundDelivery
from integrations.whatsapp.tests.pretend import ADA, PretendWhatsApp, make_integration, raw_value
from notifications.models import Contact, Conversation, Message, ParkedStatus
from notifications.services import Recipient, send_message
from notifications.work import sending
from orderchainer.testing.races import race
from orders.stream.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_first_messages_and_repeats_at_once_lose_and_double_nothing(
    whatsapp: PretendWhatsApp,
) -> None:
    make_integration(whatsapp, make_user())
    # Ten messages of one new person, and each again in a call with another order of items.
    messages = [
        {
            "from": "16505551234",
            "from_user_id": ADA,
            "id": f"wamid.{number}",
            "timestamp": str(1763600000 + number),
            "type": "text",
            "text": {"body": f"message {number}"},
        }
        for number in range(10)
    ]
    for message in messages:
        whatsapp.emulator.notify([raw_value(whatsapp, message)])
    for message in messages[::-1]:
        whatsapp.emulator.notify([raw_value(whatsapp, message, {**message, "type": "text"})])
    due = working.due_deliveries()
    assert len(due) == 20

    race(*[lambda pk=pk: working.work_on(pk) for pk in due])

    assert Contact.objects.count() == 1
    assert Conversation.objects.get().unread == 10
    thread = Message.objects.order_by("written_at").values_list("content", flat=True)
    assert list(thread) == [f"message {number}" for number in range(10)]
    assert Event.objects.filter(type="message_received").count() == 10
    assert set(InboundDelivery.objects.values_list("state", flat=True)) == {"done"}


def test_reports_that_overtake_the_answer_of_the_send_are_not_lost(
    whatsapp: PretendWhatsApp,
) -> None:
    owner = make_user()
    make_integration(whatsapp, owner)
    whatsapp.write("Hello")
    message = send_message(
        project=owner.personal_project,
        by=owner,
        recipient=Recipient(user_id=ADA),
        channel="whatsapp",
        content="On its way",
    )
    whatsapp.emulator.statuses_first = True
    whatsapp.emulator.statuses = ["read", "delivered", "sent"]

    for part_id in sending.due_parts():
        sending.send_part(part_id)

    assert whatsapp.emulator.answers == [200, 200, 200, 200]
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("read", whatsapp.emulator.messages[-1].id)
    assert not ParkedStatus.objects.exists()
