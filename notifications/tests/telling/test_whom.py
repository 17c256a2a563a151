"""To whom news of an order goes, and over which channel."""

import pytest

from accounts.models import User
from accounts.tests.factories import make_user
from notifications.channels import Line, Person
from notifications.errors import ContactNotFound
from notifications.models import Contact, Message
from notifications.models.rules import ANY_CHANNEL, EMAIL
from notifications.services import accept_invitation, invite, receive_message
from notifications.tests.factories import incoming
from notifications.tests.pretend import PRETEND, Pretend, pretending
from notifications.tests.rules import make_rule, outcomes, ship, tell_all
from notifications.work import telling
from orderchainer.core.outbox import TryAgain
from orders.models import Order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_a_customer_is_told_in_the_chat_in_which_they_wrote_last(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    other = pretend.add_line(agent.personal_project, name="second number")
    receive_message(line=ours, incoming=incoming())
    asked = receive_message(line=other, incoming=incoming())
    make_rule(agent.personal_project, channel=ANY_CHANNEL)

    ship(order)
    tell_all()

    assert asked is not None
    told = Message.objects.get(direction="outbound")
    assert (told.line, told.conversation) == (other.uuid, asked.conversation)


def test_a_rule_names_the_line_over_which_it_goes(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    other = pretend.add_line(agent.personal_project, name="second number")
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project, line=other.uuid)

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").line == other.uuid


def test_who_followed_an_invitation_is_the_customer(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(
        monkeypatch,
        needs_contact=True,
        invitation=lambda line, token: token,
    ) as pretend:
        line = pretend.add_line(agent.personal_project)
        order = make_order(agent, status="active")
        make_rule(agent.personal_project)
        accept_invitation(
            line=line, token=invite(line=line, order=order), person=Person(provider_id="77")
        )

        ship(order)
        tell_all()

        assert Message.objects.get().conversation.address.provider_id == "77"


def test_the_only_person_with_whom_the_order_was_talked_about_is_the_customer(
    agent: User, ours: Line
) -> None:
    order = make_order(agent, status="active")
    asked = receive_message(line=ours, incoming=incoming())
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert asked is not None
    assert Message.objects.filter(direction="outbound").get().conversation == asked.conversation


def test_a_customer_whom_only_the_chat_names_is_called_by_that_name(
    agent: User, ours: Line, order: Order
) -> None:
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project, content="Hello {customer_name}!")

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").content == "Hello Ada!"


def test_of_two_people_who_talked_about_an_order_none_is_told(agent: User, ours: Line) -> None:
    order = make_order(agent, status="active")
    receive_message(line=ours, incoming=incoming())
    receive_message(line=ours, incoming=incoming(person=Person(provider_id="carrier")))
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The order has no phone number with its country's code.")]


def test_a_number_without_its_countrys_code_is_nobodys(agent: User, ours: Line) -> None:
    make_rule(agent.personal_project)
    order = make_order(agent, status="active", customer_phone="6505551234")

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The order has no phone number with its country's code.")]
    assert Contact.objects.count() == 0


WEI = Person(provider_id="SG.1", number="6591234567", name="Wei")


def test_a_number_without_its_countrys_code_is_not_the_same_digits_in_another_country(
    agent: User, ours: Line
) -> None:
    receive_message(line=ours, incoming=incoming(person=WEI))
    make_rule(agent.personal_project)
    # In Alabama. With Singapore's code in front, these digits are Wei's.
    order = make_order(agent, status="active", customer_phone="(659) 123-4567")

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The order has no phone number with its country's code.")]


def test_a_stop_of_somebody_who_may_be_the_customer_counts(agent: User, ours: Line) -> None:
    receive_message(line=ours, incoming=incoming("stop", person=WEI))
    make_rule(agent.personal_project, channel=EMAIL)
    order = make_order(
        agent, status="active", customer_phone="65 9123 4567", customer_email="wei@example.org"
    )

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The customer asked for no more messages.")]


def test_a_carrier_who_talked_about_an_order_is_not_told_instead_of_its_customer(
    agent: User, ours: Line, order: Order
) -> None:
    carrier = Person(provider_id="carrier", number="491701234567", name="Carrier")
    receive_message(line=ours, incoming=incoming(person=carrier))
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").address.number == "16505551234"


def test_a_person_without_a_number_who_talked_about_an_order_is_its_customer(
    agent: User, ours: Line, order: Order
) -> None:
    asked = receive_message(line=ours, incoming=incoming(person=Person(provider_id="77")))
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert asked is not None
    assert Message.objects.get(direction="outbound").conversation == asked.conversation


def test_a_contact_that_is_merged_at_this_moment_is_tried_again(
    agent: User, ours: Line, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project)
    event = ship(order)

    def merge_first(**_: object) -> Message:
        raise ContactNotFound

    with monkeypatch.context() as patched:
        patched.setattr("notifications.services.telling.send_message", merge_first)
        with pytest.raises(TryAgain):
            telling.deliver(event, "")
    assert outcomes() == []
    telling.deliver(event, "")

    assert outcomes() == [("queued", PRETEND, "")]


def test_a_customer_of_another_project_with_the_same_number_is_somebody_else(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    theirs = pretend.add_line(make_user().personal_project)
    receive_message(line=theirs, incoming=incoming("stop"))
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").project == agent.personal_project
