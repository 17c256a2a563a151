"""What the words of a customer tell about their mood and their concerns."""

import re
from collections.abc import Mapping

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


def is_unhappy(message: str) -> bool:
    """Tell whether a customer complains."""
    return _has(message, _BAD)


def concerns_in(message: str) -> list[str]:
    """Return what a customer cares about."""
    return [each for each, words in _CONCERNS.items() if _has(message, words)]


def word_for(name: str, message: str) -> str:
    """Return a word of the judgement by the name of its field."""
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


def _has(message: str, beginnings: tuple[str, ...]) -> bool:
    return any(word.startswith(beginnings) for word in re.findall(r"[^\W\d_]+", message.lower()))
