"""Patterns of secrets inside texts such as URLs, messages of exceptions and tracebacks."""

import re
from dataclasses import dataclass

from orderchainer.core.registry import Registry

REDACTED = "[redacted]"


@dataclass(frozen=True)
class Shape:
    """A kind of secret: `before` stays, `secret` is hidden. Both are patterns without groups.

    A text without any of the `signs`, compared in lower case, contains no such secret.
    """

    before: str
    secret: str
    signs: tuple[str, ...]


SHAPES: Registry[str, Shape] = Registry("shape of secrets")
SHAPES.add(
    "query",
    Shape(
        r"[?&;](?:\w*token|code|link|key|secret|password|signature)=",
        r"[^&\s\"'\\<>]+",
        ("=",),
    ),
)
SHAPES.add("scheme", Shape(r"\b(?:Bearer|Basic) ", r"[\w.~+/=-]{8,}", ("bearer ", "basic ")))
SHAPES.add("jwt", Shape(r"\beyJ", r"[\w-]+\.[\w-]+\.[\w-]*", ("eyj",)))
SHAPES.add("login", Shape(r"://[^\s:/@\"']*:", r"[^\s/@\"']+(?=@)", ("://",)))


def _pattern_of_all() -> re.Pattern[str]:
    return re.compile(
        "|".join(
            f"(?P<{name}>{shape.before}){shape.secret}" for name, shape in SHAPES.so_far().items()
        ),
        re.IGNORECASE,
    )


def _signs_of_all() -> tuple[str, ...]:
    # Few lines contain one of these, and searching for them is cheap.
    return tuple(sign for shape in SHAPES.so_far().values() for sign in shape.signs)


_secret_text, _signs = _pattern_of_all(), _signs_of_all()


def hide(name: str, *, before: str, secret: str, signs: tuple[str, ...]) -> None:
    """Hide a kind of secret in every text that is logged from now on; see `Shape`."""
    global _secret_text, _signs
    SHAPES.add(name, Shape(before, secret, signs))
    _secret_text, _signs = _pattern_of_all(), _signs_of_all()


def scrub(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    lowered = text.lower()
    if not any(sign in lowered for sign in _signs):
        return text
    return _secret_text.sub(lambda match: f"{match[match.lastgroup or 0]}{REDACTED}", text)
