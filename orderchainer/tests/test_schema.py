"""The OpenAPI document: valid, complete, and true to what is sent."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from orderchainer import __version__
from orderchainer.core.errors import AlreadyExists, Conflict, Invalid, TooManyRequests
from orderchainer.core.http.schema import errors_of
from orderchainer.core.http.surfaces import surface_of
from orderchainer.operations.documentation import document
from orderchainer.testing.servers import environment_in

SCHEMA: dict[str, Any] = json.loads(document().body)
# As the documents write them, word for word.
DOCUMENTED = {
    "/api/auth/register": {"post"},
    "/api/auth/token": {"post"},
    "/api/auth/refresh": {"post"},
    "/api/orders/": {"get", "post"},
    "/api/orders/{order_id}": {"get", "put", "delete"},
    "/api/discord/": {"get", "post", "put", "delete"},
    "/auth/api/register/": {"post"},
    "/auth/api/token/": {"post"},
    "/api/products/": {"get"},
    "/api/products/{product_id}/": {"get"},
    "/api/cart/": {"get"},
    "/api/cart/items/": {"post"},
    "/api/auth/login": {"post"},
    "/api/auth/forgot-password": {"post"},
    "/api/auth/send-reset-code": {"post"},
    "/api/auth/reset-password": {"post"},
    "/api/auth/verify-email": {"post"},
    "/api/auth/resend-verification-code": {"post"},
    "/api/auth/register-confirmation": {"post"},
    "/api/auth/resend-confirmation-email": {"post"},
    "/api/user/{user_id}": {"get", "patch", "delete"},
    "/api/order": {"get", "post"},
    "/api/order/{order_id}": {"get", "patch", "delete"},
}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in SCHEMA["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


OPERATIONS = pytest.mark.parametrize(
    ("path", "method", "operation"),
    [pytest.param(*each, id=f"{each[1].upper()} {each[0]}") for each in operations()],
)


def answers_with_bodies(
    operation: dict[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            yield status, content


def test_the_document_is_valid_and_nothing_was_guessed() -> None:
    out, err = StringIO(), StringIO()

    call_command(
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--format=openapi-json",
        stdout=out,
        stderr=err,
    )

    assert json.loads(out.getvalue())["info"]["version"] == __version__
    assert err.getvalue() == ""


def test_the_version_is_the_packages() -> None:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == __version__


def test_paths_stand_as_the_documents_write_them() -> None:
    for path, methods in DOCUMENTED.items():
        assert methods <= set(SCHEMA["paths"][path]), path


@OPERATIONS
def test_each_operation_explains_itself(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"].endswith((".", "`", ":"))
    assert len(operation["tags"]) == 1


@OPERATIONS
def test_each_operation_shows_examples(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    if "requestBody" in operation:
        assert any(
            content.get("examples")
            for content in operation["requestBody"]["content"].values()
        )
    for status, content in answers_with_bodies(operation):
        assert content.get("examples"), f"answer {status}"


@OPERATIONS
def test_each_operation_names_the_refusals_that_it_can_answer(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    expected = {"500"}
    if any(operation.get("security", ())):
        expected.add("401")
    if "requestBody" in operation:
        expected |= {"400", "413", "415"}
    if "{" in path:
        expected.add("404")

    assert expected <= set(operation["responses"])
    refusals = {status for status in operation["responses"] if status >= "400"}
    for status in refusals:
        (content,) = operation["responses"][status]["content"].values()
        assert content["schema"]["$ref"].endswith("Error")


@OPERATIONS
def test_each_example_is_what_its_schema_says(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    bodies = [
        ("request", content)
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    for where, content in [*bodies, *answers_with_bodies(operation)]:
        schema = {
            **strict(content["schema"]),
            "components": strict(SCHEMA["components"]),
        }
        for name, example in content.get("examples", {}).items():
            try:
                jsonschema.validate(example["value"], schema)
            except jsonschema.ValidationError as exc:
                pytest.fail(
                    f"{where} {name}: {exc.message} at {list(exc.absolute_path)}"
                )


def strict(schema: Any) -> Any:
    """Return the schema as JSON Schema reads it: OpenAPI 3.0 writes `nullable` where that has a type."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {
        name: strict(value) for name, value in schema.items() if name != "nullable"
    }
    return (
        {"anyOf": [inner, {"type": "null"}]}
        if schema.get("nullable") is True
        else inner
    )


@OPERATIONS
def test_each_operation_tells_of_its_limit(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    told = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}

    for status, answer in operation["responses"].items():
        headers = set(answer.get("headers", {}))
        if status == "413":  # nothing has counted it
            assert not headers
        else:
            assert told <= headers, status
    assert "Retry-After" in operation["responses"]["429"]["headers"]
    surface: Any = surface_of(path)
    (shown,) = errors_of(surface.name, TooManyRequests(retry_after=30))[429].examples
    (content,) = operation["responses"]["429"]["content"].values()
    assert [example["value"] for example in content["examples"].values()] == [
        shown.value
    ]


def test_every_header_that_is_referred_to_is_there() -> None:
    assert set(SCHEMA["components"]["headers"]) == {
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Retry-After",
    }


def test_operations_are_grouped_by_surface() -> None:
    groups = {group["name"]: group["tags"] for group in SCHEMA["x-tagGroups"]}

    assert groups["Chain"] == ["chain: auth", "chain: orders", "chain: discord"]
    described = {tag["name"]: tag["description"] for tag in SCHEMA["tags"]}
    used = {operation["tags"][0] for _path, _method, operation in operations()}
    assert set(described) == used == {tag for tags in groups.values() for tag in tags}
    assert all(described.values())


def test_only_the_surfaces_are_in_it() -> None:
    assert [path for path in SCHEMA["paths"] if surface_of(path) is None] == []


def test_the_storefronts_catalogue_needs_no_token_and_takes_one() -> None:
    for path in ("/api/products/", "/api/products/{product_id}/", "/api/categories/"):
        operation = SCHEMA["paths"][path]["get"]

        assert sorted(operation["security"], key=len) == [{}, {"bearer": []}]
        assert "401" in operation["responses"]


def test_the_token_is_a_bearer_token() -> None:
    assert SCHEMA["components"]["securitySchemes"] == {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                "An access token from `POST /api/auth/token`, or an API token (`oc_…`) from "
                "`POST /api/v1/auth/tokens`."
            ),
        }
    }


# --- The helper that views annotate themselves with -------------------------------------------


def test_an_error_is_shown_as_its_surface_sends_it() -> None:
    answers = errors_of(
        "chain", 404, Invalid({"dependencies": ["A cycle."]}, cycle=[3, 1, 3]), AlreadyExists(),
        Conflict("Order #2 waits.", blockers=[1]),
    )  # fmt: skip

    assert {
        status: [example.value for example in answer.examples]
        for status, answer in answers.items()
    } == {
        404: [{"detail": "Resource not found"}],
        400: [
            {
                "detail": "Invalid request data",
                "code": "invalid",
                "errors": {"dependencies": ["A cycle."]},
                "cycle": [3, 1, 3],
            }
        ],
        409: [
            {"detail": "Resource already exists", "code": "already_exists"},
            {"detail": "Order #2 waits.", "code": "conflict", "blockers": [1]},
        ],
    }


@pytest.mark.parametrize(
    ("surface", "body"),
    [
        (
            "hub",
            {
                "detail": "Resource not found",
                "code": "NOT_FOUND",
                "timestamp": "2024-01-15T10:30:00Z",
            },
        ),
        (
            "envelope",
            {
                "success": False,
                "error": "Resource not found",
                "errorCode": "NOT_FOUND",
                "timestamp": "2025-11-07T13:18:43.934Z",
            },
        ),
        ("shop", {"error": "Resource not found"}),
    ],
)
def test_the_same_refusal_has_each_surfaces_own_shape(
    surface: Any, body: dict[str, Any]
) -> None:
    (example,) = errors_of(surface, 404)[404].examples

    assert example.value == body


# --- How it is served -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.json/"])
def test_the_document_is_served_to_anyone_and_kept_by_browsers(path: str) -> None:
    response = Client().get(path)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-cache"
    assert response.json() == SCHEMA
    again = Client().get(path, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_document_is_written_once_per_process() -> None:
    assert document() is document()


@pytest.mark.processes
def test_every_process_writes_the_same_document(tmp_path: Path) -> None:
    """The order of a set would give each worker an entity tag of its own."""
    write = (
        "import django; django.setup(); "
        "from orderchainer.operations.documentation import document; print(document().etag)"
    )
    tags = {
        subprocess.run(
            [sys.executable, "-c", write],
            env={
                **environment_in(tmp_path),
                "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
                "PYTHONHASHSEED": seed,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(tags) == 1
