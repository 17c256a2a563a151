"""Templates: how a message describes one, what can be wrong with it, and how WhatsApp takes it.

{"name": "order_shipped", "language": "en_US",
 "parameters": ["#1001"],                  # of the body: a list, or an object by name
 "header_parameters": ["Ada"],             # likewise; may be missing
 "button_parameters": ["1001"]}            # of the buttons that open a link, in their order
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_PARAMETERS = 50
MAX_PARAMETER_LENGTH = 1024
PARAMETERS = ("parameters", "header_parameters", "button_parameters")

_NAME = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?", re.ASCII)
_PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
# WhatsApp refuses these within a parameter.
_BREAKS = re.compile(r"[\n\r\t]| {5,}")
# Nobody can read these, and no database stores the first one.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def template_errors(details: Mapping[str, object]) -> Mapping[str, Sequence[str]]:
    """Return what is wrong with a template's details, by field."""
    errors: dict[str, list[str]] = {}
    if not _NAME.fullmatch(str(details.get("name") or "")):
        errors["name"] = ["Must be the template's name: small letters, digits and underscores."]
    if not _LANGUAGE.fullmatch(str(details.get("language") or "")):
        errors["language"] = ["Must be the template's language, for example en or en_US."]
    for field in PARAMETERS:
        if problem := _problem_with(field, details.get(field)):
            errors[field] = [problem]
    return errors


def _problem_with(field: str, given: object) -> str:
    if given is None:
        return ""
    if isinstance(given, Mapping) and field != "button_parameters":
        if not all(_PARAMETER_NAME.fullmatch(str(name)) for name in given):
            return "Names have small letters, digits and underscores."
        values = list(given.values())
    elif isinstance(given, list | tuple):
        values = list(given)
    else:
        return "Must be a list of texts."
    if len(values) > MAX_PARAMETERS:
        return f"There may be at most {MAX_PARAMETERS}."
    for value in values:
        if not isinstance(value, str) or not value.strip():
            return "Each must be a text that is not empty."
        if len(value) > MAX_PARAMETER_LENGTH:
            return f"Each may have at most {MAX_PARAMETER_LENGTH} characters."
        if _BREAKS.search(value):
            return "None may have a line break, a tab, or more than four spaces in a row."
        if _CONTROLS.search(value):
            return "None may have characters that cannot be shown."
    return ""


def template_of(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a template as the API takes it, from details without errors."""
    template = {"name": details["name"], "language": {"code": details["language"]}}
    if components := list(_components(details)):
        template["components"] = components
    return template


def _components(details: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind, field in (("header", "header_parameters"), ("body", "parameters")):
        if given := details.get(field):
            yield {"type": kind, "parameters": _parameters(given)}
    for index, text in enumerate(details.get("button_parameters") or ()):
        yield {
            "type": "button",
            "sub_type": "url",
            "index": str(index),
            "parameters": _parameters([text]),
        }


def _parameters(given: Mapping[str, str] | Sequence[str]) -> Sequence[Mapping[str, str]]:
    if isinstance(given, Mapping):
        return [
            {"type": "text", "parameter_name": name, "text": text} for name, text in given.items()
        ]
    return [{"type": "text", "text": text} for text in given]
