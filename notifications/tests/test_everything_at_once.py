"""Everything that can happen to two customers, at the same moment: nothing is lost or blocked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from notifications.channels import Line, Person, Report
from notifications.models import Contact, ContactAddress, Conversation, Message, MessageSend
from notifications.models.messages import ContentType, MessageStatus
from notifications.services import (
    Recipient,
    accept_invitation,
    change_contact,
    change_conversation,
    change_person,
    invite,
    link_to_order,
    mark_conversation_read,
    mark_read,
    merge_contacts,
    receive_deletion,
    receive_edit,
    receive_reaction,
    receive_report,
    retry_message,
    set_blocked,
    set_reachable,
)
from notifications.tests.factories import ADA
from notifications.tests.pretend import Pretend, pretending
from notifications.tests.test_conversations import receive
from notifications.tests.test_sending import send, work
from notifications.work import sending
from orderchainer.core.errors import DomainError
from orderchainer.testing.races import on_postgresql, race
from orders.services import delete_order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = [on_postgresql, pytest.mark.django_db(transaction=True)]

BOB = Person("US.2", "4930123456", name="Bob")
NEW = Person("US.2", "4930999999", name="Bob")


@pytest.mark.parametrize("attempt", range(4))
def test_nothing_is_lost_and_nobody_waits_for_ever(
    agent: User, monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    with pretending(monkeypatch, invitation=lambda line, token: token) as pretend:
        line = pretend.add_line(agent.personal_project)
        elsewhere = pretend.add_line(agent.personal_project)
        acts = _acts(agent, line, elsewhere, pretend)
        # Another beginning each time.
        acts = acts[attempt * 5 :] + acts[: attempt * 5]

        outcomes = race(*acts)

        strange = [
            each
            for each in outcomes
            if isinstance(each, Exception) and not isinstance(each, DomainError)
        ]
        assert strange == []
        work()
    _require_consistency()


def _acts(agent: User, line: Line, elsewhere: Line, pretend: Pretend) -> list[Callable[[], object]]:
    now = timezone.now()
    first = receive(line, "Ada", provider_id="a-0")
    other = receive(line, "Bob", BOB, provider_id="b-0")
    receive(elsewhere, "Bob elsewhere", BOB, provider_id="c-0")
    ada, bob = first.conversation.contact, other.conversation.contact
    order = make_order(agent)
    sent, failed = send(agent, "sent"), send(agent, "failed")
    work()
    MessageSend.objects.filter(message=failed).update(state="failed")
    Message.objects.filter(pk=failed.pk).update(status=MessageStatus.FAILED)
    token = invite(line=elsewhere, contact=ada, order=order)

    def merge(kept: Contact, gone: Contact) -> Callable[[], object]:
        return lambda: merge_contacts(contact=kept, other=gone, by=agent)

    def write(number: int, person: Person) -> Callable[[], object]:
        return lambda: receive(line, "more", person, provider_id=f"d-{number}")

    parts: dict[str, Any] = {"content_type": ContentType.TEXT}
    return [
        *[write(number, (ADA, BOB, NEW)[number % 3]) for number in range(6)],
        merge(ada, bob),
        lambda: send(agent, "to Ada", **parts),
        lambda: receive_edit(
            line=line, provider_id="a-0", content="Ada!", edited_at=now + timedelta(seconds=1)
        ),
        lambda: receive_deletion(line=line, provider_id="b-0", deleted_at=now),
        lambda: receive_reaction(
            line=line, provider_id=sent.provider_id or "id-1", person=ADA, emoji="👍", set_at=now
        ),
        lambda: mark_read(message=other, by=agent),
        lambda: change_person(line=line, old=BOB, new=NEW, changed_at=now),
        lambda: send(agent, "to Bob", recipient=Recipient(contact_id=bob.uuid), **parts),
        lambda: mark_conversation_read(conversation=other.conversation, by=agent),
        lambda: change_conversation(
            conversation=other.conversation, by=agent, changes={"status": "closed"}
        ),
        lambda: link_to_order(message=other, order=order, by=agent),
        lambda: delete_order(order_id=order.pk, by=agent),
        merge(bob, ada),
        lambda: change_contact(contact=bob, by=agent, changes={"notes": "Pays late."}),
        lambda: set_blocked(contact=ada, is_blocked=False, by=agent),
        lambda: set_reachable(line=line, person=BOB, is_reachable=False, at=now),
        lambda: accept_invitation(line=elsewhere, token=token, person=BOB),
        lambda: retry_message(message=failed, by=agent),
        lambda: receive_report(
            line=line,
            report=Report(
                MessageStatus.DELIVERED, now, sent.provider_id or "id-1", message_uuid=sent.uuid
            ),
        ),
        sending.settle_lost,
        work,
    ]


def _require_consistency() -> None:
    """Check what must be true whatever happened in which order."""
    for talk in Conversation.objects.all():
        inbound = talk.messages.filter(direction="inbound")
        assert talk.unread == inbound.filter(is_read=False).count()
        assert talk.address.contact_id == talk.contact_id
        assert not talk.messages.exclude(address__contact=talk.contact_id).exists()
        told = Event.objects.filter(type="conversation_changed", subject_uuid=talk.uuid)
        if last := told.order_by("pk").last():
            assert last.data["status"] == talk.status
    sent = {"a-0", "b-0", "c-0", *(f"d-{number}" for number in range(6))}
    kept = Message.objects.filter(direction="inbound").values_list("provider_id", flat=True)
    assert set(kept) == sent
    assert not MessageSend.objects.filter(state="pending").exists()
    assert not MessageSend.objects.exclude(
        conversation__in=Conversation.objects.values("pk")
    ).exists()
    assert ContactAddress.objects.filter(contact__isnull=True).count() == 0
