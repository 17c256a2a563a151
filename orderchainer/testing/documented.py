"""The OpenAPI document for tests: find operations by route, and check bodies against schemas."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache as once
from threading import Lock
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import orjson

from orderchainer.operations.documentation import document

Schema = dict[str, Any]


# Threads of a test may ask at once, and the generator is made for one at a time.
_building = Lock()


@once
def openapi() -> Schema:
    """Return the OpenAPI document as it is served."""
    with _building:
        parsed: Schema = orjson.loads(document().body)
    return parsed


def operations() -> Iterator[tuple[str, str, Schema]]:
    """Return each operation with its path and its method in lower case."""
    for path, item in openapi()["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def operation_at(path: str, method: str) -> Schema | None:
    """Return the document's operation for a path, with the path's parameters in braces.

    `path` may have any spelling of the slashes at its ends.
    """
    return _by_path().get((path.strip("/"), method.lower()))


@once
def _by_path() -> Mapping[tuple[str, str], Schema]:
    return {(path.strip("/"), method): operation for path, method, operation in operations()}


@dataclass(frozen=True)
class Body:
    """The document's schema of one body, checked as a request or as an answer."""

    validator: Any

    def problems(self, value: object) -> list[str]:
        """Return the problems of a body, each with its place in the body."""
        return [
            f"{error.json_path}: {error.message}" for error in self.validator.iter_errors(value)
        ]


def answer_body(schema: Schema) -> Body:
    """Return the schema of an answer. Fields that the document does not have are problems."""
    return _body(schema, is_closed=True)


def request_body(schema: Schema) -> Body:
    """Return the schema of a request."""
    return _body(schema, is_closed=False)


def _body(schema: Schema, *, is_closed: bool) -> Body:
    whole = {**_as_json_schema(schema, is_closed), "components": _components(is_closed)}
    return Body(jsonschema.Draft7Validator(whole, format_checker=_FORMATS))


# The other formats need extra libraries.
_FORMATS = jsonschema.FormatChecker(["uuid", "email", "date"])


@once
def _components(is_closed: bool) -> Schema:
    schemas = openapi()["components"]["schemas"]
    return {
        "schemas": {name: _as_json_schema(schema, is_closed) for name, schema in schemas.items()}
    }


def _as_json_schema(schema: Any, is_closed: bool) -> Any:
    """Translate OpenAPI 3.0 to JSON Schema, which has a null type instead of `nullable`.

    If `is_closed`, objects may have only the fields of the schema, unless it allows others itself.
    """
    if isinstance(schema, list):
        return [_as_json_schema(each, is_closed) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {
        name: _as_json_schema(value, is_closed)
        for name, value in schema.items()
        if name not in {"nullable", "example", "description"}
        # Keep a property of that name; its value is a schema, and so a dict.
        or isinstance(value, dict)
    }
    if is_closed and isinstance(inner.get("properties"), dict):
        inner.setdefault("additionalProperties", False)
    if schema.get("nullable") is True:
        return {"anyOf": [inner, {"type": "null"}]}
    return inner
