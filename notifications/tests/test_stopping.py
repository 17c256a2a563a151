"""Who says stop gets no more messages from rules, until they say start."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.mail import outbox
from accounts.models import OutgoingEmail, User
from accounts.tests.factories import make_user
from notifications.channels import Line
from notifications.models import Contact, Message, StoppedAddress
from notifications.models.messages import ContentType
from notifications.models.rules import ANY_CHANNEL, EMAIL
from notifications.services import (
    Recipient,
    change_contact,
    change_rule,
    receive_message,
    send_message,
    set_blocked,
)
from notifications.services.stopping import stop_link
from notifications.tests.factories import incoming
from notifications.tests.pretend import PRETEND
from notifications.tests.rules import make_rule, outcomes, ship, tell_all
from orders.models import Order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

REASON = "The customer asked for no more messages."


def is_stopped_now() -> bool:
    return Contact.objects.get().stopped_at is not None


def changes() -> list[object]:
    events = Event.objects.filter(type="conversation_changed").order_by("pk")
    return [event.data["changes"] for event in events if "is_stopped" in event.data["changes"]]


# --- In a chat --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop\n", "/stop", "/STOP", "Basta", "arrêt"])
def test_a_stop_word_stops(ours: Line, settings: Settings, text: str) -> None:
    settings.MESSAGES_STOP_WORDS = ["basta", " ARRÊT "]

    receive_message(line=ours, incoming=incoming(text))

    assert is_stopped_now()
    assert changes() == [{"is_stopped": True}]
    # The team sees the message as any other.
    assert Message.objects.get().is_read is False


@pytest.mark.parametrize(
    "text", ["Please stop", "STOP!", "stop it", "stopped", "", "Do not stop", "s t o p"]
)
def test_any_other_text_stops_nothing(ours: Line, text: str) -> None:
    receive_message(line=ours, incoming=incoming(text))

    assert not is_stopped_now()
    assert changes() == []


def test_an_empty_word_in_the_settings_is_no_word(ours: Line, settings: Settings) -> None:
    settings.MESSAGES_STOP_WORDS = ["", " "]

    receive_message(line=ours, incoming=incoming(""))

    assert not is_stopped_now()


def test_a_button_stops_and_a_caption_does_not(ours: Line) -> None:
    receive_message(line=ours, incoming=incoming("Stop", content_type=ContentType.IMAGE))
    assert not is_stopped_now()

    receive_message(line=ours, incoming=incoming("Stop", content_type=ContentType.BUTTON))
    assert is_stopped_now()


def test_a_start_word_starts_again(ours: Line) -> None:
    receive_message(line=ours, incoming=incoming("stop"))
    receive_message(line=ours, incoming=incoming("stop"))
    receive_message(line=ours, incoming=incoming("START"))
    receive_message(line=ours, incoming=incoming("start"))

    assert not is_stopped_now()
    assert changes() == [{"is_stopped": True}, {"is_stopped": False}]


def test_words_count_in_the_order_in_which_they_were_written(ours: Line) -> None:
    now = timezone.now()
    receive_message(line=ours, incoming=incoming("start", written_at=now))
    receive_message(line=ours, incoming=incoming("stop", written_at=now - timedelta(minutes=1)))
    assert not is_stopped_now()

    receive_message(line=ours, incoming=incoming("stop", written_at=now + timedelta(minutes=-2)))
    assert not is_stopped_now()


def test_the_same_stop_again_does_not_undo_what_a_member_has_changed_since(ours: Line) -> None:
    receive_message(line=ours, incoming=incoming("stop", provider_id="wamid.1"))
    Contact.objects.update(stopped_at=None)

    receive_message(line=ours, incoming=incoming("stop", provider_id="wamid.1"))

    assert not is_stopped_now()


def test_a_blocked_contact_can_stop_too_and_nobody_hears_of_it(agent: User, ours: Line) -> None:
    receive_message(line=ours, incoming=incoming())
    set_blocked(contact=Contact.objects.get(), is_blocked=True, by=agent)

    receive_message(line=ours, incoming=incoming("stop"))

    assert is_stopped_now()
    assert changes() == []


def test_a_member_can_stop_a_contact_too_and_others_hear_of_it(agent: User, ours: Line) -> None:
    receive_message(line=ours, incoming=incoming())
    contact = Contact.objects.get()

    for is_stopped in (True, True, False):
        change_contact(contact=contact, by=agent, changes={"is_stopped": is_stopped})
    change_contact(contact=contact, by=agent, changes={"name": "Grace"})

    assert changes() == [{"is_stopped": True}, {"is_stopped": False}]
    assert not is_stopped_now()


def test_members_can_write_to_a_contact_who_has_stopped(agent: User, ours: Line) -> None:
    receive_message(line=ours, incoming=incoming("stop"))

    message = send_message(
        project=agent.personal_project,
        by=agent,
        recipient=Recipient(contact_id=Contact.objects.get().uuid),
        channel=PRETEND,
        content="You are unsubscribed.",
    )

    assert message.status == "queued"


# --- By e-mail --------------------------------------------------------------------------------


@pytest.fixture
def order(agent: User) -> Order:
    return make_order(agent, status="active", customer_email="Ada@Example.org")


def send_emails() -> list[EmailMultiAlternatives]:
    for email_id in outbox.due_emails():
        outbox.send(email_id)
    found = [message for message in mail.outbox if "List-Unsubscribe" in message.extra_headers]
    return [message for message in found if isinstance(message, EmailMultiAlternatives)]


def link_in(message: EmailMultiAlternatives, settings: Settings) -> str:
    header: str = message.extra_headers["List-Unsubscribe"]
    return header.strip("<>").removeprefix(settings.PUBLIC_URL)


def test_a_customer_is_told_by_e_mail(agent: User, order: Order, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "OrderChainer <orders@example.com>"
    project = agent.personal_project
    project.name = 'Ada & "Söhne"'
    project.save()
    Order.objects.update(customer_name="<b>Eve</b>\nBcc: x@y.z")
    make_rule(
        project,
        channel=EMAIL,
        subject="Order {order_number} for {customer_name}",
        content="Hello {customer_name},\n<script>1</script> {order_number} is {status}.",
    )

    ship(order)
    tell_all()
    [message] = send_emails()

    assert message.to == ["Ada@Example.org"]
    assert message.subject == f"Order #{order.pk} for <b>Eve</b> Bcc: x@y.z"
    # Only the name is the project's: the address must be one that we may send from.
    assert message.from_email.endswith("<orders@example.com>")
    assert "Hello <b>Eve</b> Bcc: x@y.z,\n<script>1</script>" in message.body
    html = str(message.alternatives[0][0])
    assert "Hello &lt;b&gt;Eve&lt;/b&gt; Bcc: x@y.z,<br>&lt;script&gt;1" in html
    assert "<script" not in html
    assert "Ada &amp; &quot;Söhne&quot;" in html
    link = link_in(message, settings)
    assert f"{settings.PUBLIC_URL}{link}" in message.body
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # The whole can be written as bytes: no header has a line break or is too long.
    assert b"\nBcc:" not in message.message().as_bytes()


def test_each_attempt_has_the_same_id_so_that_mailboxes_drop_a_repeat(
    agent: User, order: Order
) -> None:
    make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    send_emails()
    # As if the worker had died after sending.
    OutgoingEmail.objects.filter(kind="order_news").update(
        state="pending", next_attempt_at=timezone.now(), claimed_until=None
    )
    first, second = send_emails()

    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_opening_the_link_changes_nothing_and_posting_stops(
    agent: User, order: Order, settings: Settings
) -> None:
    make_rule(agent.personal_project, channel=ANY_CHANNEL)
    ship(order)
    tell_all()
    [message] = send_emails()
    link = link_in(message, settings)
    client = Client(enforce_csrf_checks=True)

    asked = client.get(link)
    assert asked.status_code == 200
    assert StoppedAddress.objects.count() == 0
    # What the button of a mail program posts.
    stopped = client.post(link, {"List-Unsubscribe": "One-Click"})
    again = client.post(f"{link}/", {"List-Unsubscribe": "One-Click"})

    assert [stopped.status_code, again.status_code] == [200, 200]
    assert "no more e-mails" in stopped.content.decode()
    assert StoppedAddress.objects.count() == 1
    for page in (asked, stopped):
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
    ship(order, "failed")
    ship(order, "pending")
    ship(order, "shipped")
    tell_all()
    assert outcomes()[-1] == ("skipped", "", REASON)


def test_who_has_stopped_by_e_mail_is_told_nothing_in_a_chat_either(
    agent: User, ours: Line, order: Order, settings: Settings
) -> None:
    Order.objects.update(customer_phone="+16505551234")
    link = stop_link(agent.personal_project, "ada@example.org").removeprefix(settings.PUBLIC_URL)
    Client().post(link)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", REASON)]


def test_the_same_page_allows_e_mails_again(agent: User, settings: Settings) -> None:
    link = stop_link(agent.personal_project, "ada@example.org").removeprefix(settings.PUBLIC_URL)
    client = Client()
    client.post(link)

    started = client.post(link, {"again": "1"})

    assert "again" in started.content.decode()
    assert StoppedAddress.objects.count() == 0


def test_a_stop_counts_for_one_project(agent: User, settings: Settings) -> None:
    other = make_user().personal_project
    link = stop_link(other, "ada@example.org").removeprefix(settings.PUBLIC_URL)
    Client().post(link)

    assert StoppedAddress.objects.get().project == other


def test_a_link_that_nobody_made_is_refused(agent: User, settings: Settings) -> None:
    link = stop_link(agent.personal_project, "ada@example.org").removeprefix(settings.PUBLIC_URL)

    for wrong in (link[:-2], link.replace(".", "x"), "/stop-messages/x", "/stop-messages/%00"):
        for answer in (Client().get(wrong), Client().post(wrong)):
            assert answer.status_code == 404, wrong
    assert StoppedAddress.objects.count() == 0


def test_the_link_names_nobody(agent: User) -> None:
    assert "ada" not in stop_link(agent.personal_project, "ada@example.org")


def test_who_stops_while_the_e_mail_waits_does_not_get_it(
    agent: User, order: Order, settings: Settings
) -> None:
    make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    link = stop_link(agent.personal_project, "ada@example.org").removeprefix(settings.PUBLIC_URL)
    Client().post(link)

    assert send_emails() == []
    assert OutgoingEmail.objects.get(kind="order_news").state == "dropped"


def test_an_erased_customer_is_written_to_no_more(agent: User, order: Order) -> None:
    make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    Order.objects.update(customer_email="", customer_erased_at=timezone.now())

    assert send_emails() == []
    ship(order, "completed")
    assert OutgoingEmail.objects.get(kind="order_news").state == "dropped"


def test_a_rule_that_is_switched_off_sends_no_e_mail_that_waits(agent: User, order: Order) -> None:
    rule = make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    rule.is_active = False
    rule.save()

    assert send_emails() == []


def test_a_project_that_is_closed_sends_no_e_mail_that_waits(agent: User, order: Order) -> None:
    make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    project = agent.personal_project
    project.is_active = False
    project.save()

    assert send_emails() == []
    assert OutgoingEmail.objects.get(kind="order_news").state == "dropped"


def test_an_e_mail_that_is_no_longer_true_is_not_sent(agent: User, order: Order) -> None:
    make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    ship(order, "cancelled")

    assert send_emails() == []
    email = OutgoingEmail.objects.get(kind="order_news")
    reason = "The rule no longer fitted the order by then. It was cancelled."
    assert (email.state, email.last_error) == ("dropped", reason)


def test_an_e_mail_of_a_rule_that_is_for_another_occasion_by_now_is_not_sent(
    agent: User, order: Order
) -> None:
    rule = make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    change_rule(rule=rule, by=agent, fields={"status": "cancelled", "content": "Cancelled."})
    ship(order, "cancelled")

    # Of the two events, the customer hears only of the one that the rule is for.
    assert send_emails() == []
    tell_all()
    [sent] = send_emails()
    assert "Cancelled." in sent.body
    first, _ = OutgoingEmail.objects.filter(kind="order_news").order_by("pk")
    assert (first.state, first.last_error) == (
        "dropped",
        "The rule is for another occasion by now.",
    )


def test_a_customer_who_is_blocked_while_the_e_mail_waits_does_not_get_it(
    agent: User, ours: Line, order: Order
) -> None:
    Order.objects.update(customer_phone="+16505551234")
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project, channel=EMAIL)
    ship(order)
    tell_all()
    set_blocked(contact=Contact.objects.get(), is_blocked=True, by=agent)

    assert send_emails() == []
    assert OutgoingEmail.objects.get(kind="order_news").state == "dropped"


def test_a_storefront_customer_gets_e_mails_when_the_address_is_confirmed(
    agent: User,
) -> None:
    customer = make_user(email="grace@example.org", email_verified_at=None)
    make_rule(agent.personal_project, channel=EMAIL)
    order = make_order(agent, status="active", customer_email=customer.email)
    Order.objects.update(provider="storefront", owner=customer)
    order.owner = agent
    ship(order)
    tell_all()
    assert outcomes() == [("skipped", "", "The customer has not confirmed their e-mail address.")]

    customer.email_verified_at = timezone.now()
    customer.save()
    Order.objects.update(customer_email="somebody@example.org")
    ship(order, "failed")
    ship(order, "pending")
    ship(order, "shipped")
    tell_all()
    assert outcomes()[-1][0] == "skipped"
    Order.objects.update(customer_email="Grace@example.org")
    ship(order, "failed")
    ship(order, "pending")
    ship(order, "shipped")
    tell_all()

    assert [message.to for message in send_emails()] == [["Grace@example.org"]]


def test_a_project_sends_only_so_many_e_mails_in_a_day(agent: User, settings: Settings) -> None:
    settings.CUSTOMER_EMAILS_PER_DAY = 1
    make_rule(agent.personal_project, channel=EMAIL)
    for _ in range(2):
        ship(make_order(agent, status="active", customer_email="ada@example.org"))

    tell_all()
    tell_all()

    assert outcomes() == [
        ("queued", "email", ""),
        ("skipped", "", "The project has sent as many e-mails today as it may: 1."),
    ]
