"""Reads the parameters of a call as a model wrote them. Each refusal is a sentence for the model.

Models write `1234`, `"1234"` and `1234.0` for the same number, leave out what they should give, and
add what nobody asked for. What nobody asked for is ignored.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.assistant.contracts import ToolError

Parameters = Mapping[str, Any]


def text_in(parameters: Parameters, name: str, *, most: int) -> str:
    """Return a text, empty if it is missing. Raises `ToolError`."""
    value = parameters.get(name)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        # Python refuses to write integers of many thousand digits.
        value = str(value) if value.bit_length() < 256 else "x" * (most + 1)
    if not isinstance(value, str):
        raise ToolError(f"{name} must be a text.")
    text = value.strip()
    if len(text) > most:
        raise ToolError(f"{name} must have at most {most} characters.")
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ToolError(f"{name} has characters that no text has.")
    return text


def needed_text_in(parameters: Parameters, name: str, *, most: int) -> str:
    """Return a text that must be there. Raises `ToolError`."""
    text = text_in(parameters, name, most=most)
    if not text:
        raise ToolError(f"{name} is missing.")
    return text


def number_in(parameters: Parameters, name: str, *, least: int, most: int, default: int) -> int:
    """Return a whole number. Raises `ToolError`."""
    value = parameters.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value.strip()) if len(value.strip()) < 20 else most + 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ToolError(f"{name} must be a whole number from {least} to {most}.")
    return value


def choice_in(parameters: Parameters, name: str, choices: Sequence[str]) -> str:
    """Return one of the choices, empty if it is missing. Raises `ToolError`."""
    text = text_in(parameters, name, most=100).lower()
    if text and text not in choices:
        raise ToolError(f"{name} must be one of {', '.join(choices)}.")
    return text
