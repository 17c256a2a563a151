"""What function declarations and schemas may hold. Another keyword is an error, as it is at Google.

`parameters` and `responseSchema` take a part of OpenAPI 3.0; `parametersJsonSchema` and
`responseJsonSchema` take a part of JSON Schema.
"""

import re
from collections.abc import Mapping
from typing import Any

from integrations.sandbox.gemini.conversation import Function, Refused

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
_BOTH = {"type", "format", "title", "description", "enum", "items", "properties", "required"}
_OPENAPI = _BOTH | {"nullable", "propertyOrdering", "anyOf", "minItems", "maxItems", "example"}
_JSON = _BOTH | {"propertyOrdering", "anyOf", "oneOf", "minItems", "maxItems", "prefixItems"}
_JSON |= {"minimum", "maximum", "additionalProperties", "$id", "$defs", "$ref", "$anchor"}


def function_of(
    name: object, description: object, schema: Any, *, is_json_schema: bool
) -> Function:
    """Read one declaration. Raises `Refused`."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        words = (
            f"Invalid function name {name!r}. Must start with a letter or an underscore, and hold "
            "at most 64 characters: letters, digits, underscores, dots, colons or dashes."
        )
        raise Refused(400, words)
    if not isinstance(description, str) or not description:
        raise Refused(400, f"Function {name}: description is empty.")
    if schema is None:
        schema = {}
    check_schema(schema, f"function {name}", is_json_schema=is_json_schema)
    if schema and str(schema.get("type", "")).lower() != "object":
        raise Refused(400, f"Function {name}: parameters must be of type OBJECT.")
    return Function(name, description, schema)


def check_schema(schema: Any, where: str, *, is_json_schema: bool) -> None:
    """Refuse a schema with an unknown keyword or type. Raises `Refused`."""
    if not isinstance(schema, Mapping):
        raise Refused(400, f"Invalid schema in {where}: an object was expected.")
    known = _JSON if is_json_schema else _OPENAPI
    for keyword in schema:
        spelt = keyword if is_json_schema else camel(keyword)
        if spelt not in known:
            words = f'Invalid JSON payload received. Unknown name "{keyword}" in {where}'
            raise Refused(400, f"{words}: Cannot find field.")
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) and is_json_schema else [kind]
    if any(each is not None and str(each).lower() not in TYPES for each in kinds):
        raise Refused(400, f"Invalid value for type in {where}: {kind!r}")
    if "array" in [str(each).lower() for each in kinds] and "items" not in schema:
        raise Refused(400, f"{where}: items: missing field.")
    properties = schema.get("properties", {})
    for name, each in properties.items():
        check_schema(each, f"{where}.{name}", is_json_schema=is_json_schema)
    if unknown := set(schema.get("required", [])) - set(properties):
        raise Refused(400, f"{where}: required[0]: property is not defined: {min(unknown)}")
    if "items" in schema:
        check_schema(schema["items"], f"{where}.items", is_json_schema=is_json_schema)


def camel(name: str) -> str:
    """Return a field's name as Google's JSON spells it: both spellings are accepted."""
    first, *others = name.split("_")
    return first + "".join(each[:1].upper() + each[1:] for each in others)
