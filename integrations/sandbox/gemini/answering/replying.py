"""A reply to a customer, from the order and the message that stand in a request as JSON."""

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.gemini.answering.facts import (
    first_value,
    objects_in,
    text_without_objects,
)
from integrations.sandbox.gemini.answering.languages import Language, language_named, language_of
from integrations.sandbox.gemini.answering.telling import name_of
from integrations.sandbox.gemini.answering.words import is_unhappy


def reply_to(text: str) -> tuple[str, str]:
    """Write a reply in the customer's language. Return it and the code of the language."""
    message = str(first_value(text, "customer_message", "message") or text_without_objects(text))
    language = _language(text, message)
    order = _order_in(text)
    name = _first_name(text)
    said = [language.say("hello", name=name) if name else language.say("hello_nobody")]
    if order is None:
        said.append(language.say("reply_nothing"))
    else:
        status = language.status(order["status"])
        said.append(language.say("reply_order", name=name_of(order), status=status))
        if order.get("is_waiting"):
            said.append(language.say("reply_waiting"))
    if is_unhappy(message):
        said.append(language.say("reply_sorry"))
    return f"{said[0]}\n\n{' '.join(said[1:])}", language.code


def _language(text: str, message: str) -> Language:
    named = first_value(text, "language", "customer_language")
    return language_named(str(named or "")) or language_of(message)


def _order_in(text: str) -> Mapping[str, Any] | None:
    """Return the first object that has what an order has."""
    return next((each for each in objects_in(text) if "status" in each and "number" in each), None)


def _first_name(text: str) -> str:
    customer = first_value(text, "customer", "contact")
    name = customer.get("name") if isinstance(customer, dict) else customer
    return str(name or "").partition(" ")[0]
