"""JSON by schema: a judgement of a customer's message, and something valid for any other schema."""

import json
import re
from collections.abc import Mapping
from typing import Any

from integrations.sandbox.gemini.answering.facts import first_value, text_without_objects
from integrations.sandbox.gemini.conversation import Asked

# The beginnings of words in English, German and Spanish.
_BAD = (
    *("angry", "bad", "broken", "complain", "disappoint", "late", "lost", "never", "refund"),
    *("terrible", "unacceptable", "worst", "wrong", "ärger", "enttäusch", "kaputt", "schlecht"),
    *("spät", "furchtbar", "beschwer", "mal", "roto", "tarde", "decepci", "terrible", "queja"),
)
_GOOD = (
    *("great", "thank", "love", "perfect", "happy", "excellent", "wonderful", "dank", "toll"),
    *("super", "prima", "perfekt", "gracias", "genial", "perfecto", "encanta"),
)
_URGENT = (
    *("asap", "immediately", "now", "today", "urgent", "lawyer", "refund", "sofort", "dringend"),
    *("heute", "anwalt", "urgente", "ahora", "hoy", "inmediat"),
)
_CONCERNS: Mapping[str, tuple[str, ...]] = {
    "delivery delay": ("late", "delay", "wait", "spät", "wart", "tarde", "retras", "espera"),
    "order status": ("where", "status", "wo", "wann", "when", "dónde", "cuándo"),
    "damaged goods": ("broken", "damage", "kaputt", "roto"),
    "refund": ("refund", "money", "geld", "dinero", "devol"),
}


def judged(asked: Asked) -> str:
    """Return JSON that fits the schema of the request."""
    text = asked.question
    message = str(first_value(text, "message", "customer_message") or text_without_objects(text))
    return json.dumps(_value(asked.schema, "", message), ensure_ascii=False)


def is_unhappy(message: str) -> bool:
    """Tell whether a customer complains."""
    return _has(message, _BAD)


def _has(message: str, beginnings: tuple[str, ...]) -> bool:
    return any(word.startswith(beginnings) for word in re.findall(r"[^\W\d_]+", message.lower()))


def _value(schema: Mapping[str, Any], name: str, message: str) -> Any:
    if choices := schema.get("enum"):
        judged_as = _word_for(name, message)
        return judged_as if judged_as in choices else choices[0]
    match str(schema.get("type", "object")).lower():
        case "object":
            properties = schema.get("properties", {})
            return {key: _value(each, key, message) for key, each in properties.items()}
        case "array":
            if name == "concerns":
                return [each for each, words in _CONCERNS.items() if _has(message, words)]
            return [_value(schema["items"], name, message)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
    return _word_for(name, message)


def _word_for(name: str, message: str) -> str:
    is_bad, is_good = _has(message, _BAD), _has(message, _GOOD)
    match name:
        case "sentiment":
            if is_bad and is_good:
                return "mixed"
            return "negative" if is_bad else "positive" if is_good else "neutral"
        case "urgency":
            if _has(message, _URGENT):
                return "high"
            return "medium" if is_bad or "?" in message else "low"
        case "recommended_tone":
            return "empathetic and proactive" if is_bad else "friendly and clear"
    return "unknown"
