"""What tools say about messages, customers and products, and what they propose to send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from time_machine import travel

from accounts.models import Project, User
from accounts.tests.factories import make_staff
from catalog.tests.factories import make_category, make_product
from integrations.assistant.contracts import Asker, ToolError
from integrations.assistant.tests.each_tool.making import order_of
from integrations.assistant.tools import (
    find_customer,
    find_products,
    propose_message,
    search_messages,
)
from notifications.channels import Line, Person
from notifications.models import Contact, Message
from notifications.services import receive_message
from notifications.tests.factories import ADA, incoming
from notifications.tests.pretend import Pretend, pretending
from orderchainer.testing.statements import Statements
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with travel(EVENING, tick=False):
        yield


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    with pretending(monkeypatch) as provider:
        yield provider


@pytest.fixture
def line(pretend: Pretend, shop: Project) -> Line:
    """Return the line of the shop."""
    return pretend.add_line(shop)


def receive(line: Line, content: str = "Hello", person: Person = ADA, **parts: Any) -> Message:
    message = receive_message(line=line, incoming=incoming(content, person=person, **parts))
    assert message is not None
    return message


# --- Messages ---------------------------------------------------------------------------------


def test_finds_messages_by_text_person_and_order(asker: Asker, shop: Project, line: Line) -> None:
    order = mirror(shop, customer_phone="+16505551234").order
    receive(line, "Where is #1001?")
    receive(line, "Thank you", Person(provider_id="US.2", number="16505550000", name="Grace"))

    def texts(**parameters: Any) -> list[str]:
        found = search_messages.run(asker, parameters)
        return [each["text"] for each in found["messages"]]

    assert texts() == ["Thank you", "Where is #1001?"]
    assert texts(text="where is") == ["Where is #1001?"]
    assert texts(text="Grace") == ["Thank you"]
    assert texts(order_id="#1001") == ["Where is #1001?"]
    assert texts(text="%") == []
    assert search_messages.run(asker, {"text": "where"})["messages"] == [
        {
            "from": "Ada",
            "to": "the shop",
            "at": "2026-11-20T18:00+00:00",
            "over": line.channel,
            "kind": "text",
            "text": "Where is #1001?",
            "order_number": order.pk,
        }
    ]


def test_finds_what_to_answer_first(asker: Asker, line: Line) -> None:
    calm, urgent = receive(line, "Thank you"), receive(line, "It is broken!")
    Message.objects.filter(pk=calm.pk).update(urgency="low", is_read=True)
    Message.objects.filter(pk=urgent.pk).update(urgency="high", sentiment="negative")

    (found,) = search_messages.run(asker, {"urgency": "high"})["messages"]
    assert (found["text"], found["sentiment"], found["urgency"]) == (
        "It is broken!",
        "negative",
        "high",
    )
    (unread,) = search_messages.run(asker, {"is_unread": True})["messages"]
    assert unread["text"] == "It is broken!"
    with pytest.raises(ToolError, match="urgency must be one of low, medium, high"):
        search_messages.run(asker, {"urgency": "now"})


def test_old_deleted_and_blocked_messages_are_left_out(asker: Asker, line: Line) -> None:
    receive(line, "Old")
    Message.objects.update(created_at=timezone.now() - timedelta(days=91))
    deleted = receive(line, "Deleted")
    Message.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    assert search_messages.run(asker, {})["messages"] == []
    assert len(search_messages.run(asker, {"days": 92})["messages"]) == 1
    Contact.objects.update(is_blocked=True)
    assert search_messages.run(asker, {"days": 92})["messages"] == []


def test_shows_a_bounded_number_of_bounded_messages(asker: Asker, line: Line) -> None:
    for _ in range(13):
        receive(line, "x" * 1000)
    found = search_messages.run(asker, {})
    assert (len(found["messages"]), found["there_are_more"]) == (12, True)
    assert len(found["messages"][0]["text"]) == 300


def test_a_token_for_messages_alone_learns_nothing_of_orders(
    asker: Asker, ada: User, shop: Project, line: Line
) -> None:
    mirror(shop, customer_phone="+16505551234")
    receive(line, "Where is #1001?")
    narrow = Asker(ada, shop, ("messages:read",))
    (message,) = search_messages.run(narrow, {})["messages"]
    assert "order_number" not in message
    with pytest.raises(ToolError, match="may not see orders"):
        search_messages.run(narrow, {"order_id": "#1001"})
    with pytest.raises(ToolError, match="may not see orders"):
        propose_message.run(narrow, {"order_id": "#1001", "text": "Hello"})
    assert find_customer.run(narrow, {"search": "Ada"})["customers_of_orders"] == []


def test_staff_who_may_only_read_messages_learn_nothing_of_orders(
    shop: Project, line: Line
) -> None:
    mirror(shop, customer_phone="+16505551234")
    receive(line, "Where is #1001?")
    staff = Asker(make_staff("view_message"), shop)
    (message,) = search_messages.run(staff, {})["messages"]
    assert "order_number" not in message
    assert find_customer.run(staff, {"search": "Ada"})["customers_of_orders"] == []


def test_finds_nothing_of_others(stranger: Asker, shop: Project, line: Line) -> None:
    mirror(shop)
    make_product(shop)
    receive(line, "Where is #1001?")
    assert search_messages.run(stranger, {})["messages"] == []
    assert find_customer.run(stranger, {"search": "a"}) == {
        "customers": [],
        "customers_of_orders": [],
    }
    assert find_products.run(stranger, {}) == {"products": [], "there_are_more": False}
    with pytest.raises(ToolError, match="There is no order #1001 here"):
        search_messages.run(stranger, {"order_id": "#1001"})
    with pytest.raises(ToolError, match="There is no order #1001 here"):
        propose_message.run(stranger, {"order_id": "#1001", "text": "Hello"})


# --- Customers --------------------------------------------------------------------------------


def test_finds_people_who_wrote_and_people_who_ordered(
    asker: Asker, shop: Project, line: Line
) -> None:
    first = mirror(shop).order
    second = mirror(shop, external_id="2", title="#1002").order
    receive(line)
    contact = Contact.objects.get()

    assert find_customer.run(asker, {"search": "ada"}) == {
        "customers": [
            {
                "contact_id": str(contact.uuid),
                "name": "Ada",
                "is_blocked": False,
                "wants_no_notices": False,
                "reached_over": [{"over": line.channel, "phone": "+16505551234"}],
            }
        ],
        "customers_of_orders": [
            {
                "name": "Ada Lovelace",
                "email": "ada@example.org",
                "phone": "+15550100",
                "orders": 2,
                "newest_order_at": "2026-11-20T11:59+00:00",
                "newest_order_number": second.pk,
            }
        ],
    }
    assert first.pk != second.pk


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "search is missing."),
        ({"search": " "}, "search is missing."),
        ({"search": ["Ada"]}, "search must be a text."),
        ({"search": "a\x00"}, "search has characters that no text has."),
    ],
    ids=["missing", "blank", "list", "null-character"],
)
def test_refuses_a_search_that_cannot_be(
    asker: Asker, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(ToolError) as caught:
        find_customer.run(asker, parameters)
    assert str(caught.value) == words


# --- Products ---------------------------------------------------------------------------------


def test_finds_products_by_name_and_sku(asker: Asker, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    make_product(shop, name="Desk lamp", sku="LAMP-1", stock=3, category=lamps, currency="EUR")
    make_product(shop, name="Vase", sku="VASE-1", stock=0, currency="EUR")

    def names(**parameters: Any) -> list[str]:
        return [each["name"] for each in find_products.run(asker, parameters)["products"]]

    assert names() == ["Desk lamp", "Vase"]
    assert names(search="desk") == ["Desk lamp"]
    assert names(search="vase-1") == ["Vase"]
    assert names(is_out_of_stock=True) == ["Vase"]
    assert names(search="_") == []
    assert find_products.run(asker, {"search": "lamp"})["products"] == [
        {
            "sku": "LAMP-1",
            "name": "Desk lamp",
            "price": "19.99",
            "currency": "EUR",
            "stock": 3,
            "is_on_sale": True,
            "category": "Lamps",
        }
    ]


# --- Proposals --------------------------------------------------------------------------------


def test_proposes_a_text_where_we_last_talked_and_sends_nothing(
    asker: Asker, shop: Project, line: Line
) -> None:
    order = mirror(shop, customer_phone="+16505551234").order
    receive(line, "Where is #1001?")

    found = propose_message.run(asker, {"order_id": "#1001", "text": "It leaves today."})

    assert found == {
        "recipient": {"contact_id": str(Contact.objects.get().uuid)},
        "provider": line.channel,
        "content_type": "text",
        "content": "It leaves today.",
        "order_id": str(order.uuid),
    }
    assert Message.objects.count() == 1


def test_proposes_a_text_to_the_number_of_an_order(asker: Asker, shop: Project) -> None:
    mirror(shop)
    found = propose_message.run(asker, {"order_id": "#1001", "text": "Hello"})
    assert (found["recipient"], found["provider"]) == ({"phone": "+15550100"}, "whatsapp")


def test_proposes_no_text_to_nobody(asker: Asker, shop: Project) -> None:
    order = order_of(shop)
    with pytest.raises(ToolError, match="it has no phone number"):
        propose_message.run(asker, {"order_id": order.pk, "text": "Hello"})
    with pytest.raises(ToolError, match="text is missing"):
        propose_message.run(asker, {"order_id": order.pk})


# --- Statements -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7])
def test_the_number_of_statements_depends_on_nothing(
    asker: Asker, shop: Project, line: Line, size: int
) -> None:
    for number in range(size):
        person = Person(provider_id=f"US.{number}", number=f"1650555000{number}", name="Ada")
        receive(line, f"Where is #{1000 + number}?", person)
        mirror(shop, external_id=str(number), title=f"#{1000 + number}")
        make_product(shop)

    def statements_of(tool: Any, parameters: dict[str, Any]) -> int:
        statements = Statements()
        with connection.execute_wrapper(statements):
            tool.run(asker, parameters)
        return len(statements.take())

    assert statements_of(search_messages, {"text": "where"}) == 2
    assert statements_of(search_messages, {"order_id": "#1000"}) == 3
    assert statements_of(find_customer, {"search": "ada"}) == 3
    assert statements_of(find_products, {}) == 1
    assert statements_of(propose_message, {"order_id": "#1000", "text": "Hello"}) == 4
