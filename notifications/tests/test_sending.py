"""Messages to people: what is refused, what goes out in which order, what a crash leaves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from notifications.channels import Accepted, Line, NotDelivered, Outgoing, Person, Report, Uncertain
from notifications.errors import (
    ContactNeeded,
    ContactNotFound,
    ContactUnreachable,
    LineUnusable,
    WindowClosed,
)
from notifications.models import Contact, ContactAddress, Conversation, Message, MessageSend
from notifications.models.messages import ContentType, MessageStatus
from notifications.services import (
    Enclosure,
    Recipient,
    accept_invitation,
    link_to_order,
    merge_contacts,
    receive_message,
    receive_report,
    send_message,
)
from notifications.tests.factories import ADA, incoming
from notifications.tests.pretend import DAY, PRETEND, Pretend, pretending, split_at_ten
from notifications.work import sending
from orderchainer.core.errors import Invalid
from orderchainer.core.outbox import GiveUp, TryAgain
from orderchainer.testing.races import race
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

TO_ADA = Recipient(phone="+1 650 555 1234", name="Ada")


def send(agent: User, content: str = "Hello", **parts: Any) -> Message:
    """Queue a message from the agent to Ada."""
    usual: dict[str, Any] = {"recipient": TO_ADA, "channel": PRETEND, "by": agent}
    return send_message(project=agent.personal_project, **{"content": content} | usual | parts)


def work() -> None:
    """Send all that is due, as workers would."""
    while due := sending.due_parts():
        for part_id in due:
            sending.send_part(part_id)


def statuses(message: Message) -> list[str]:
    """Return the statuses that the events about a message told, in their order."""
    events = Event.objects.filter(subject_uuid=message.uuid, type="message_status_changed")
    return [event.data["status"] for event in events.order_by("pk")]


def lose_lease() -> None:
    """Let the leases of all workers run out."""
    MessageSend.objects.filter(claimed_until__isnull=False).update(
        claimed_until=timezone.now() - timedelta(seconds=1),
        next_attempt_at=timezone.now() - timedelta(seconds=1),
    )


# --- Going out --------------------------------------------------------------------------------


def test_a_message_is_queued_and_then_sent(agent: User, ours: Line, pretend: Pretend) -> None:
    order = make_order(agent)

    message = send(agent, "Your order has been shipped!", order=order)

    assert (message.status, message.author, message.order) == ("queued", agent, order)
    assert pretend.asked == []
    work()
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "id-1")
    [outgoing] = pretend.asked
    assert (outgoing.text, outgoing.number) == ("Your order has been shipped!", "16505551234")
    assert (outgoing.line, outgoing.message_uuid) == (ours.uuid, message.uuid)
    # That the provider took it does not mean that it arrived.
    assert statuses(message) == ["queued", "sent"]
    assert "shipped" not in str(list(Event.objects.values_list("data", flat=True)))


def test_an_answer_is_about_the_order_of_the_question(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    order, other = make_order(agent), make_order(agent)
    asked = receive_message(line=ours, incoming=incoming("Where is it?"))
    assert asked is not None
    link_to_order(message=asked, order=order, by=agent)
    asked.refresh_from_db()

    assert send(agent, reply_to=asked).order == order
    assert send(agent, reply_to=asked, order=other).order == other
    assert send(agent).order is None


def test_the_answer_to_a_customer_goes_to_the_number_that_the_provider_gave(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    asked = receive_message(
        line=ours, incoming=incoming(person=Person(number="525512345678", provider_id="MX.1"))
    )

    message = send(agent, recipient=Recipient(phone="+5215512345678"), reply_to=asked)

    work()
    assert asked is not None
    assert message.conversation == asked.conversation
    [outgoing] = pretend.asked
    assert (outgoing.number, outgoing.provider_id) == ("525512345678", "MX.1")
    assert outgoing.reply_to == asked.provider_id


def test_a_person_without_a_number_is_written_to_by_their_key(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    person = Person(provider_id="US.90071992547", username="sheena1")
    receive_message(line=ours, incoming=incoming(person=person))

    send(agent, "by key", recipient=Recipient(user_id="US.90071992547"))
    send(agent, "by contact", recipient=Recipient(contact_id=Contact.objects.get().uuid))

    work()
    assert pretend.texts == ["by key", "by contact"]
    assert {(each.provider_id, each.number) for each in pretend.asked} == {("US.90071992547", "")}
    assert Conversation.objects.count() == 1


def test_messages_of_a_conversation_go_out_in_their_order(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [TryAgain("Too many requests", after_seconds=0, counts=False)]
    for number in range(3):
        send(agent, f"message {number}")
    first, second, third = MessageSend.objects.order_by("pk")

    # The later ones may not overtake, even if a worker takes them up first.
    assert sending.send_part(third.pk) is None
    assert sending.send_part(second.pk) is None
    assert sending.send_part(first.pk) == sending.Followed(again_after_seconds=0)
    assert sending.send_part(second.pk) is None
    assert sending.send_part(first.pk) == sending.Followed(next_id=second.pk)
    work()

    assert pretend.texts == ["message 0", "message 0", "message 1", "message 2"]


def test_one_persons_trouble_holds_back_nobody_else(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [TryAgain("Too many requests", after_seconds=600)]
    send(agent, "to Ada")
    send(agent, "to Bob", recipient=Recipient(phone="+4930123456"))

    work()

    assert [each.status for each in Message.objects.order_by("pk")] == ["queued", "sent"]


@pytest.mark.parametrize("lost", [Uncertain("No answer"), NotDelivered("Gone", code="131026")])
def test_a_message_that_got_lost_does_not_block_the_next(
    agent: User, ours: Line, pretend: Pretend, lost: Exception
) -> None:
    pretend.script = [lost]
    send(agent, "first")
    send(agent, "second")

    work()

    assert pretend.texts == ["first", "second"]
    assert Message.objects.get(content="second").status == "sent"


def test_a_refused_message_failed_and_says_why(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [NotDelivered("The number is not on Pretend.", code="131026")]

    message = send(agent)
    work()
    work()

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "131026")
    assert message.error == "The number is not on Pretend."
    assert len(pretend.asked) == 1
    assert statuses(message) == ["queued", "failed"]


def test_a_person_who_blocked_us_is_marked(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [NotDelivered("Forbidden: bot was blocked", is_unreachable=True)]
    send(agent)

    work()

    assert ContactAddress.objects.get().unreachable_since is not None


def test_whoever_writes_while_we_are_refused_can_be_reached(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    def refuse(outgoing: Outgoing) -> Accepted:
        receive_message(line=ours, incoming=incoming("I am back"))
        raise NotDelivered("Forbidden: bot was blocked", is_unreachable=True)

    pretend.script = [refuse]
    send(agent)

    work()

    assert ContactAddress.objects.get().unreachable_since is None


def test_a_long_text_goes_out_in_parts(agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with pretending(monkeypatch, max_text=10, split=split_at_ten) as pretend:
        pretend.add_line(agent.personal_project)
        message = send(agent, "0123456789abcdefghij!")
        pretend.script = ["first", "second", "third"]

        work()

        assert pretend.texts == ["0123456789", "abcdefghij", "!"]
        message.refresh_from_db()
        assert (message.status, message.provider_id) == ("sent", "first")
        assert [each.provider_id for each in message.sends.order_by("part")] == [
            "first",
            "second",
            "third",
        ]
        assert statuses(message) == ["queued", "sent"]


def test_the_rest_of_a_message_is_not_sent_after_a_part_that_failed(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, max_text=10, split=split_at_ten) as pretend:
        pretend.add_line(agent.personal_project)
        pretend.script = ["first", NotDelivered("No", code="7")]
        message = send(agent, "0123456789abcdefghij!")
        send(agent, "next")

        work()

        assert pretend.texts == ["0123456789", "abcdefghij", "next"]
        message.refresh_from_db()
        assert (message.status, message.error) == ("failed", "No")


# --- No answer, and crashes -------------------------------------------------------------------


def test_a_message_without_an_answer_is_never_sent_again_by_itself(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [Uncertain("No answer within 10 seconds.")]
    message = send(agent)

    work()
    lose_lease()
    sending.settle_lost()
    work()

    message.refresh_from_db()
    assert (message.status, message.error) == ("uncertain", "No answer within 10 seconds.")
    assert len(pretend.asked) == 1


def test_a_defect_in_a_providers_package_leaves_the_message_uncertain(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [ZeroDivisionError()]
    message = send(agent)

    work()

    message.refresh_from_db()
    assert (message.status, message.error) == ("uncertain", "Internal error: ZeroDivisionError")


def test_a_worker_killed_after_its_call_leaves_the_message_uncertain(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)

    def die(outgoing: Outgoing) -> Accepted:
        raise SystemExit

    pretend.script = [die]
    with pytest.raises(SystemExit):
        work()

    assert sending.due_parts() == []
    assert sending.settle_lost() == 0  # its lease may still run
    lose_lease()
    assert sending.settle_lost() == 1
    work()
    message.refresh_from_db()
    assert (message.status, message.error) == ("uncertain", sending.CUT_OFF)
    assert len(pretend.asked) == 1


def test_an_answer_after_the_lease_is_still_the_truth(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)

    def slowly(outgoing: Outgoing) -> Accepted:
        lose_lease()
        sending.settle_lost()
        return Accepted("late")

    pretend.script = [slowly]
    work()

    message.refresh_from_db()
    assert (message.status, message.provider_id, message.error) == ("sent", "late", "")
    assert statuses(message) == ["queued", "uncertain", "sent"]


def test_a_report_resolves_what_is_uncertain(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [Uncertain("No answer")]
    message = send(agent)
    work()

    report = Report(
        MessageStatus.DELIVERED, timezone.now(), provider_id="wamid.1", message_uuid=message.uuid
    )
    receive_report(line=ours, report=report)

    message.refresh_from_db()
    assert (message.status, message.provider_id, message.error) == ("delivered", "wamid.1", "")


def test_what_cannot_have_been_sent_is_tried_again_and_given_up_in_the_end(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [TryAgain("Connection refused", after_seconds=0)] * 20
    message = send(agent)

    work()

    message.refresh_from_db()
    assert message.status == "failed"
    assert message.error == "Gave up after 20 attempts: Connection refused"
    assert len(pretend.asked) == 20


def test_a_paused_line_holds_messages_back(agent: User, ours: Line, pretend: Pretend) -> None:
    message = send(agent)
    pretend.set_trouble("It is paused.")

    work()
    assert (pretend.asked, Message.objects.get().status) == ([], "queued")

    pretend.set_trouble("")
    MessageSend.objects.update(next_attempt_at=timezone.now())
    work()
    message.refresh_from_db()
    assert message.status == "sent"


def test_nothing_goes_out_over_a_line_that_is_gone(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)
    pretend.lines.clear()

    work()

    message.refresh_from_db()
    assert (message.status, message.error) == ("failed", "Our line is disconnected.")
    assert pretend.asked == []


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "field", "text"),
    [
        ({"content": "x" * 101}, "content", "A text on Pretend has at most 100 characters."),
        ({"content": " "}, "content", "Write a text."),
        ({"channel": "pigeon"}, "provider", "There is no such channel."),
        (
            {"content_type": ContentType.STICKER},
            "content_type",
            "Pretend takes these from here: text, template, image, document.",
        ),
        (
            {"content_type": ContentType.IMAGE},
            "attachment",
            "Name a link, or upload a file.",
        ),
        (
            {
                "content_type": ContentType.IMAGE,
                "attachment": Enclosure(link="https://example.com/a.png"),
                "content": "x" * 21,
            },
            "content",
            "A caption on Pretend has at most 20 characters.",
        ),
        (
            {"content_type": ContentType.IMAGE, "attachment": Enclosure(link="http://a.example")},
            "attachment",
            "The link must begin with https://.",
        ),
        (
            {"recipient": Recipient(phone="12")},
            "recipient",
            "Write the phone number with its country's code: +16505551234.",
        ),
        ({"recipient": Recipient()}, "recipient", "Name one of phone, contact_id and user_id."),
        ({"line": uuid4()}, "line", "The project has no such line on Pretend."),
    ],
)
def test_wrong_input_is_refused_and_nothing_is_stored(
    agent: User, ours: Line, parts: dict[str, Any], field: str, text: str
) -> None:
    with pytest.raises(Invalid) as refused:
        send(agent, **parts)

    assert refused.value.errors == {field: [text]}
    assert not Message.objects.exists()
    assert not Contact.objects.exists()
    assert not Event.objects.exists()


def test_strangers_contacts_and_orders_are_refused(agent: User, ours: Line) -> None:
    stranger = make_user()
    theirs = Contact.objects.create(project=stranger.personal_project)

    with pytest.raises(ContactNotFound):
        send(agent, recipient=Recipient(contact_id=theirs.uuid))
    with pytest.raises(Invalid):
        send(agent, order=make_order(stranger))

    assert not Message.objects.exists()


def test_outside_of_the_window_only_templates_go_out(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, window=DAY) as pretend:
        line = pretend.add_line(agent.personal_project)
        late = timezone.now() - DAY - timedelta(seconds=1)
        receive_message(line=line, incoming=incoming(written_at=late))

        with pytest.raises(WindowClosed) as refused:
            send(agent)
        assert refused.value.data == {"allowed": ["template"]}
        send(agent, content_type=ContentType.TEMPLATE, details={"name": "order_shipped"})
        receive_message(line=line, incoming=incoming())
        send(agent, "free")

        work()
        assert [each.content_type for each in pretend.asked] == ["template", "text"]


def test_a_message_that_waited_until_the_window_closed_is_not_sent(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, window=DAY) as pretend:
        line = pretend.add_line(agent.personal_project)
        receive_message(line=line, incoming=incoming())
        message = send(agent)
        ContactAddress.objects.update(window_until=timezone.now())

        work()

        message.refresh_from_db()
        assert (message.status, message.error_code) == ("failed", "window_closed")
        assert pretend.asked == []


def test_where_the_customer_must_write_first_the_refusal_names_the_invitation(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = {"needs_contact": True, "invitation": lambda line, token: f"https://p.example/{token}"}
    with pretending(monkeypatch, **links) as pretend:
        line = pretend.add_line(agent.personal_project)
        order = make_order(agent, title="#1001")
        person = Person(provider_id="1111", name="Ada")

        with pytest.raises(ContactNeeded) as refused:
            send(agent, order=order)

        assert not Contact.objects.exists()
        token = str(refused.value.data["invitation"]).removeprefix("https://p.example/")
        assert len(token) <= 64
        assert accept_invitation(line=line, token=token, person=person)
        receive_message(line=line, incoming=incoming("Hello", person=person))
        # We know about which order they came to write.
        assert Message.objects.get().order == order
        send(agent, recipient=Recipient(user_id="1111"))
        work()
        assert [each.provider_id for each in pretend.asked] == ["1111"]


def test_contacts_who_are_blocked_or_said_stop_get_nothing(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    receive_message(line=ours, incoming=incoming())
    waiting = send(agent)
    Contact.objects.update(is_blocked=True)

    with pytest.raises(ContactUnreachable):
        send(agent)
    work()
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == ("failed", "The contact is blocked.")

    Contact.objects.update(is_blocked=False, stopped_at=timezone.now())
    with pytest.raises(ContactUnreachable):
        send(agent, by=None)
    # A person may still answer.
    send(agent, "answer")
    work()
    assert pretend.texts == ["answer"]


def test_the_line_is_that_of_the_conversation_or_must_be_named(
    agent: User, pretend: Pretend
) -> None:
    with pytest.raises(LineUnusable):
        send(agent)
    first = pretend.add_line(agent.personal_project, name="first")
    second = pretend.add_line(agent.personal_project, name="second")
    with pytest.raises(Invalid) as refused:
        send(agent)
    assert "first" in refused.value.errors["line"][0]

    assert send(agent, line=second.uuid).line == second.uuid
    assert send(agent).line == second.uuid
    pretend.lines[:] = [replace(second, trouble="It is paused."), first]
    assert send(agent).line == first.uuid
    pretend.set_trouble("It is paused.")
    with pytest.raises(LineUnusable):
        send(agent)


def test_what_a_rule_begins_waits_for_nobody(agent: User, ours: Line) -> None:
    message = send(agent, by=None)

    assert (message.conversation.status, message.author) == ("closed", None)


# --- Races ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_send_each_message_once_and_in_order(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    for number in range(4):
        send(agent, f"message {number}")
    ids = list(MessageSend.objects.order_by("pk").values_list("pk", flat=True))

    def try_all() -> None:
        for part_id in ids:
            sending.send_part(part_id)

    race(*[try_all for _ in range(10)])
    work()

    assert pretend.texts == [f"message {number}" for number in range(4)]
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_first_messages_to_a_new_person_at_once_are_one_conversation(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    def receive() -> object:
        return receive_message(
            line=ours, incoming=incoming(person=replace(ADA, provider_id=""), provider_id="in")
        )

    outcomes = race(*[lambda: send(agent) for _ in range(5)], receive)

    assert [each for each in outcomes if isinstance(each, Exception)] == []
    assert (Contact.objects.count(), Conversation.objects.count()) == (1, 1)
    work()
    assert len(pretend.asked) == 5


def test_a_provider_may_refuse_for_good_in_its_own_words(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [GiveUp("The token is no longer valid.")]
    message = send(agent)

    work()

    message.refresh_from_db()
    assert (message.status, message.error) == ("failed", "The token is no longer valid.")


# --- Contacts with several numbers ------------------------------------------------------------


def test_a_message_goes_to_the_number_that_it_names(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    office = Person(provider_id="US.2", number="4930123456", name="Ada, office")
    home = receive_message(line=ours, incoming=incoming())
    work_number = receive_message(line=ours, incoming=incoming(person=office))
    assert home is not None
    assert work_number is not None
    contact = home.conversation.contact
    merge_contacts(contact=contact, other=work_number.conversation.contact, by=agent)

    to_home = send(agent, "home", recipient=Recipient(phone="+16505551234"))
    to_office = send(agent, "office", recipient=Recipient(phone="+4930123456"))
    to_last = send(agent, "last", recipient=Recipient(contact_id=contact.uuid))
    # From now on answers go elsewhere, but these messages have their addresses.
    receive_message(line=ours, incoming=incoming("Back at home"))
    work()

    assert [(each.text, each.number) for each in pretend.asked] == [
        ("home", "16505551234"),
        ("office", "4930123456"),
        ("last", "4930123456"),
    ]
    assert to_home.conversation == to_office.conversation == to_last.conversation


def test_the_window_of_one_number_does_not_count_for_another(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, window=DAY) as pretend:
        line = pretend.add_line(agent.personal_project)
        long_ago = timezone.now() - timedelta(hours=30)
        office = Person(provider_id="US.2", number="4930123456")
        home = receive_message(line=line, incoming=incoming())
        old = receive_message(line=line, incoming=incoming(person=office, written_at=long_ago))
        assert home is not None
        assert old is not None
        merge_contacts(contact=home.conversation.contact, other=old.conversation.contact, by=agent)

        with pytest.raises(WindowClosed):
            send(agent, recipient=Recipient(phone="+4930123456"))
        send(agent, recipient=Recipient(phone="+16505551234"))
        work()

        assert [each.number for each in pretend.asked] == ["16505551234"]
