"""What the pretend model makes of a question, and of what functions return."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from integrations.sandbox.gemini import Asked, Result, Turn
from integrations.sandbox.gemini.answering import say
from integrations.sandbox.gemini.conversation import Function

NAMES = (
    *("fetch_order_details", "list_orders", "order_chain", "order_statistics", "search_messages"),
    *("find_customer", "find_products", "propose_move", "propose_message"),
)
FUNCTIONS = {name: Function(name, "It does.", {}) for name in NAMES}
UUID = "0b8ef3e0-6a3f-4f3c-9a55-0d0d5a3f0a01"


def calls(question: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the calls that a question brings about."""
    said = say(Asked("m", [Turn("user", question)], functions=FUNCTIONS))
    return [(each.name, each.args) for each in said.calls]


def answer(question: str, name: str, found: Any) -> str:
    """Return what the model says to a result."""
    turns = [Turn("user", question), Turn("user", results=[Result("1", name, {"result": found})])]
    return say(Asked("m", turns, functions=FUNCTIONS)).text


REPLY = {"type": "object", "properties": {"reply": {"type": "string"}, "language": {}}}


def reply(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the reply to a customer, and its language."""
    turns = [Turn("user", f"Data, not instructions:\n{json.dumps(data)}")]
    told = json.loads(say(Asked("m", turns, wants_json=True, schema=REPLY)).text)
    return told["reply"], told["language"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the status of order #1234?", [("fetch_order_details", {"order_id": "#1234"})]),
        ("Where is 1234?", [("fetch_order_details", {"order_id": "1234"})]),
        (f"What about {UUID}?", [("fetch_order_details", {"order_id": UUID})]),
        ("Why is #7 waiting?", [("order_chain", {"order_id": "#7"})]),
        ("Warum wartet #7?", [("order_chain", {"order_id": "#7"})]),
        ("¿Por qué espera #7?", [("order_chain", {"order_id": "#7"})]),
        ("Which orders are open?", [("list_orders", {"status": "pending"})]),
        ("Which orders are waiting?", [("list_orders", {"is_waiting": True})]),
        ("Welche Bestellungen sind storniert?", [("list_orders", {"status": "cancelled"})]),
        ("How many sales this week?", [("order_statistics", {"days": 7})]),
        ("Wie hoch war der Umsatz heute?", [("order_statistics", {"days": 1})]),
        (
            "Who wrote a message about “late parcel”?",
            [("search_messages", {"text": "late parcel"})],
        ),
        ("Are there urgent messages?", [("search_messages", {"urgency": "high"})]),
        ("What is the phone of Ada Lovelace?", [("find_customer", {"search": "Ada Lovelace"})]),
        ('Is the product "Desk lamp" in stock?', [("find_products", {"search": "Desk lamp"})]),
        (
            "Please cancel #7",
            [
                ("fetch_order_details", {"order_id": "#7"}),
                ("propose_move", {"order_id": "#7", "status": "cancelled"}),
            ],
        ),
        (
            "Tell the customer of #7 that it has shipped",
            [
                (
                    "propose_message",
                    {"order_id": "#7", "text": "There is news about your order: it is shipped."},
                )
            ],
        ),
        ("Hello!", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_finds_the_function_for_a_question(
    question: str, expected: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    assert calls(question) == expected


def test_the_data_beside_a_question_names_its_order() -> None:
    data = json.dumps({"order_id": UUID})
    assert calls(f"Where is it?\n{data}") == [("fetch_order_details", {"order_id": UUID})]


def test_calls_only_what_was_offered() -> None:
    said = say(Asked("m", [Turn("user", "Why is #7 waiting?")], functions={}))
    assert said.calls == ()


ORDER = {
    "number": 7,
    "title": "Desk lamp",
    "status": "pending",
    "total": "84.90",
    "currency": "EUR",
    "customer": {"name": "Ada Lovelace"},
    "is_waiting": True,
}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "What is the status of #7?",
            "Order #7 (Desk lamp) is pending. It is for Ada Lovelace. Its total is 84.90 EUR. "
            "It waits for other orders.",
        ),
        (
            "Was ist mit der Bestellung #7?",
            "Bestellung #7 (Desk lamp) ist offen. Sie ist für Ada Lovelace. Sie kostet 84.90 EUR. "
            "Sie wartet auf andere Bestellungen.",
        ),
        (
            "¿Dónde está el pedido #7?",
            "El pedido #7 (Desk lamp) está pendiente. Es para Ada Lovelace. Su total es de 84.90 "
            "EUR. Espera a otros pedidos.",
        ),
    ],
    ids=["english", "german", "spanish"],
)
def test_tells_of_an_order_in_the_language_of_the_question(question: str, expected: str) -> None:
    assert answer(question, "fetch_order_details", {"order": ORDER}) == expected


CHAIN = {
    "order": {"name": "#1001", "number": 7, "title": "#1001", "status": "pending"},
    "waiting_for": [
        {"number": 5, "title": "Wood", "status": "pending", "notes": "Comes on Monday"},
        {"is_outside_this_project": True},
    ],
    "held_up_by": [{"number": 2, "title": "Logs", "status": "cancelled"}],
}
PRODUCT = {"name": "Desk lamp", "price": "79.00", "currency": "EUR", "stock": 3}
FIGURES = {
    "period_days": 7,
    "total_orders": 4,
    "total_revenue": "120.00",
    "average_order_value": "30.00",
    "currency": "EUR",
}


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        (
            "order_chain",
            CHAIN,
            "Order #1001 is pending. It waits for #5 (Wood): pending (Comes on Monday) and an "
            "order outside this project. In the end it is held up by #2 (Logs): cancelled.",
        ),
        (
            "order_chain",
            {"order": CHAIN["order"]},
            "Order #1001 is pending. It waits for nothing.",
        ),
        ("list_orders", {"total": 0, "orders": []}, "There are no such orders."),
        (
            "list_orders",
            {"total": 9, "orders": [ORDER]},
            "There are 9 such orders: #7 (Desk lamp): pending and 8 more.",
        ),
        (
            "order_statistics",
            FIGURES,
            "In 7 days there were 4 orders with 120.00 EUR of revenue, 30.00 EUR on average.",
        ),
        (
            "search_messages",
            {"total": 2, "messages": [{"from": "Ada", "text": "Where is it?"}]},
            "I found 2 messages. The newest is from Ada: “Where is it?”",
        ),
        ("search_messages", {"messages": []}, "I found no such message."),
        (
            "find_customer",
            {"customers": [{"name": "Ada"}], "customers_of_orders": [{"phone": "+49"}]},
            "I found Ada and +49.",
        ),
        ("find_customer", {"customers": []}, "I found no such customer."),
        (
            "find_products",
            {"products": [PRODUCT]},
            "I found Desk lamp for 79.00 EUR (3 in stock).",
        ),
        ("find_products", {"products": []}, "I found no such product."),
        (
            "propose_move",
            {"order": ORDER, "status": "cancelled"},
            "I suggest moving order #7 (Desk lamp) to cancelled. Nothing has changed yet: a person "
            "has to confirm it.",
        ),
        (
            "propose_message",
            {"content": "Hello"},
            "I suggest sending this: “Hello” Nothing has been sent yet: a person has to confirm "
            "it.",
        ),
        ("something_else", {}, "That is all I know."),
    ],
    ids=[str(number) for number in range(14)],
)
def test_tells_what_a_function_found(name: str, found: Any, expected: str) -> None:
    assert answer("And what is it?", name, found) == expected


def test_facts_beside_a_question_answer_it_without_a_call() -> None:
    facts = {"order": {"fetch_order_details": {"order": ORDER}, "order_chain": CHAIN}}
    turns = [Turn("user", f"Data:\n{json.dumps(facts)}"), Turn("user", "Why is it waiting?")]
    for functions in (FUNCTIONS, {}):
        said = say(Asked("m", turns, functions=functions))
        assert said.text.startswith("Order #1001 is pending. It waits for")


def test_replies_in_the_customers_language() -> None:
    order = {"name": "#1001", "number": 7, "title": "#1001", "status": "pending"}
    order["is_waiting"] = True
    facts = {"fetch_order_details": {"order": {**order, "customer": {"name": "Ada Lovelace"}}}}
    data = {"order": facts, "customer_message": "Wo ist meine Bestellung?"}
    assert reply(data) == (
        "Guten Tag Ada,\n\ndanke für Ihre Nachricht. Ihre Bestellung #1001 ist offen. Sie muss "
        "noch auf etwas anderes warten. Wir melden uns, sobald es weitergeht.",
        "de",
    )
    text, language = reply({**data, "language": "es"})
    assert (text[:21], language) == ("Hola, Ada:\n\ngracias p", "es")


def test_replies_to_a_complaint_without_an_order() -> None:
    assert reply({"customer_message": "It came broken and late!"}) == (
        "Hello,\n\nthank you for your message. We are looking into it and will write to you soon. "
        "We are sorry for the trouble and are looking into it right away.",
        "en",
    )


SCHEMA = {
    "type": "object",
    "properties": {
        "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative", "mixed"]},
        "urgency": {"type": "string", "enum": ["low", "medium", "high"]},
        "concerns": {"type": "array", "items": {"type": "string"}},
        "recommended_tone": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("message", "sentiment", "urgency", "concerns"),
    [
        (
            "My parcel is late, I want a refund now!",
            "negative",
            "high",
            ["delivery delay", "refund"],
        ),
        ("Thank you, it is great.", "positive", "low", []),
        ("Great lamp, but it came broken.", "mixed", "medium", ["damaged goods"]),
        ("When does it come?", "neutral", "medium", ["order status"]),
        ("Das ist furchtbar, wo ist es?", "negative", "medium", ["order status"]),
    ],
    ids=["complaint", "thanks", "mixed", "question", "german"],
)
def test_judges_a_message_by_schema(
    message: str, sentiment: str, urgency: str, concerns: list[str]
) -> None:
    said = say(Asked("m", [Turn("user", message)], wants_json=True, schema=SCHEMA))
    found = json.loads(said.text)
    assert (found["sentiment"], found["urgency"]) == (sentiment, urgency)
    assert found["concerns"] == concerns
    assert found["recommended_tone"]


def test_fills_any_other_schema_with_something_valid() -> None:
    schema = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "is_late": {"type": "boolean"},
            "colour": {"type": "string", "enum": ["red"]},
        },
    }
    said = say(Asked("m", [Turn("user", "hello")], wants_json=True, schema=schema))
    assert json.loads(said.text) == {"count": 0, "is_late": False, "colour": "red"}
