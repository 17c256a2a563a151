"""Which functions to ask, from the words of a question."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.sandbox.gemini.answering.facts import (
    first_value,
    objects_in,
    text_without_objects,
)
from integrations.sandbox.gemini.answering.languages import Language
from integrations.sandbox.gemini.conversation import Asked, Call, Result

MOST_AT_ONCE = 3
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_NUMBER = re.compile(r"#\d+|\b\d{2,}\b")
_QUOTED = re.compile(r"[\"“„«']([^\"”“»']{2,})[\"”“»']")
_NAME = re.compile(r"(?<=\w[ ,])[^\W\d_a-z][^\W\d_]+(?: [^\W\d_a-z][^\W\d_]+)*")
# The beginnings of words, in all languages, that ask for a status or propose one.
_STATUSES: Mapping[str, tuple[str, ...]] = {
    "draft": ("draft", "entw", "borrador"),
    "pending": ("pending", "open", "offen", "pendiente"),
    "active": ("active", "activat", "arbeit", "curso"),
    "shipped": ("ship", "verschick", "unterwegs", "versend", "envi", "enví"),
    "fulfilled": ("fulfil", "deliver", "geliefert", "entregad"),
    "completed": ("complet", "finish", "abgeschl", "abschl"),
    "failed": ("fail", "fehl", "fallid"),
    "cancelled": ("cancel", "storn"),
}


def calls_for(asked: Asked, language: Language) -> Sequence[Call]:
    """Return the calls that a question needs, none if its answer is known already."""
    wanted = [] if asked.results else _wanted(asked, language)
    if not wanted and asked.mode == "ANY" and not asked.results:
        wanted = [(next(iter(asked.functions)), {})]
    return [Call("", name, args) for name, args in wanted[:MOST_AT_ONCE] if name in asked.functions]


def _wanted(asked: Asked, language: Language) -> Sequence[tuple[str, Mapping[str, Any]]]:
    text = text_without_objects(asked.question)
    orders = _orders_in(text) or _order_of(asked)
    if orders:
        status = _status_in(text)
        if language.is_about("tell", text):
            words = language.say("update", status=language.status(status or "active"))
            return [("propose_message", {"order_id": orders[0], "text": words})]
        if language.is_about("move", text) and status:
            return [
                ("fetch_order_details", {"order_id": orders[0]}),
                ("propose_move", {"order_id": orders[0], "status": status}),
            ]
        name = function_about_order(text, language)
        if facts_of(asked, name) and not _orders_in(text):
            return []
        return [(name, {"order_id": each}) for each in orders]
    search = _search_in(text, language)
    if language.is_about("statistics", text):
        return [("order_statistics", {"days": _days_in(text, language)})]
    if language.is_about("messages", text):
        urgent = {"urgency": "high"} if language.is_about("urgent", text) else {}
        return [("search_messages", {**urgent, **({"text": search} if search else {})})]
    if language.is_about("products", text):
        return [("find_products", {"search": search} if search else {})]
    if language.is_about("customers", text) and search:
        return [("find_customer", {"search": search})]
    if language.is_about("orders", text):
        status = _status_in(text)
        wanted: dict[str, Any] = {}
        if language.is_about("chain", text):
            wanted["is_waiting"] = True
        elif status:
            wanted["status"] = status
        return [("list_orders", {**wanted, **({"search": search} if search else {})})]
    return []


def function_about_order(text: str, language: Language) -> str:
    """Return which function answers a question about one order."""
    return "order_chain" if language.is_about("chain", text) else "fetch_order_details"


def facts_of(asked: Asked, name: str) -> Sequence[Result]:
    """Return what a request says beforehand about an order, as the function `name` tells it."""
    texts = [turn.text for turn in asked.turns if turn.role == "user"]
    objects = [each for text in texts for each in objects_in(text)]
    found = [each[name] for each in objects if isinstance(each.get(name), dict)]
    return [Result("", name, {"result": each}) for each in found if "order" in each]


def _orders_in(text: str) -> Sequence[str]:
    found = _UUID.findall(text)
    rest = _UUID.sub(" ", text)
    return list(dict.fromkeys([*found, *_NUMBER.findall(rest)]))


def _order_of(asked: Asked) -> Sequence[str]:
    """Return the order that the request says the question is about, or the last one asked about."""
    for text in [turn.text for turn in asked.turns if turn.role == "user"]:
        objects = list(objects_in(text))
        for each in objects:
            if "number" in each and "status" in each:
                return [f"#{each['number']}"]
        if found := first_value(text, "order_id"):
            return [str(found)]
        for each in reversed(objects):
            if orders := _orders_in(str(each.get("question", ""))):
                return orders[-1:]
    return []


def _status_in(text: str) -> str | None:
    words = re.findall(r"[^\W\d_]+", text.lower())
    for status, beginnings in _STATUSES.items():
        if any(word.startswith(beginnings) for word in words):
            return status
    return None


def _search_in(text: str, language: Language) -> str:
    """Return what is in quotation marks, else a name that does not begin the sentence."""
    if quoted := _QUOTED.search(text):
        return quoted[1].strip()
    # In German every noun looks like a name.
    nouns = tuple(word for words in language.topics.values() for word in words)
    names = (match[0] for match in _NAME.finditer(text))
    return next((name for name in names if not name.lower().startswith(nouns)), "")


def _days_in(text: str, language: Language) -> int:
    for topic, days in (("today", 1), ("week", 7), ("year", 365)):
        if language.is_about(topic, text):
            return days
    return 30
