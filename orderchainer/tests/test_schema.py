"""The OpenAPI document is valid and complete, and matches what the service sends."""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from orderchainer import __version__
from orderchainer.core.errors import AlreadyExists, Conflict, Invalid, TooManyRequests
from orderchainer.core.http.schema import errors_of
from orderchainer.core.http.surfaces import surface_of
from orderchainer.operations.documentation import document
from orderchainer.testing.answers import METHODS, documented
from orderchainer.testing.documented import (
    answer_body,
    openapi,
    operation_at,
    operations,
    request_body,
)
from orderchainer.testing.routes import every_route
from orderchainer.testing.servers import environment_in

SCHEMA = openapi()
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


def test_the_version_is_that_of_the_package() -> None:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == __version__


def test_paths_are_spelled_as_in_the_documents() -> None:
    for path, methods in DOCUMENTED.items():
        assert methods <= set(SCHEMA["paths"][path]), path


@OPERATIONS
def test_each_operation_explains_itself(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"].endswith((".", "`", ":"))
    assert len(operation["tags"]) == 1


@OPERATIONS
def test_each_operation_shows_examples(path: str, method: str, operation: dict[str, Any]) -> None:
    if "requestBody" in operation:
        assert any(
            content.get("examples") for content in operation["requestBody"]["content"].values()
        )
    for status, content in answers_with_bodies(operation):
        assert content.get("examples"), f"answer {status}"


def is_webhook(path: str) -> bool:
    """Tell whether a provider calls this path: it takes any bytes, and hides what exists."""
    return path.startswith("/api/v1/webhooks/")


@OPERATIONS
def test_each_operation_names_the_refusals_that_it_can_answer(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    expected = {"500"}
    if any(operation.get("security", ())):
        expected.add("401")
    if "requestBody" in operation:
        expected |= {"400", "413"} if is_webhook(path) else {"400", "413", "415"}
    if is_webhook(path):
        expected.add("403" if method == "get" else "401")
    elif "{" in path:
        expected.add("404")

    assert expected <= set(operation["responses"])
    refusals = {status for status in operation["responses"] if status >= "400"}
    for status in refusals:
        (content,) = operation["responses"][status]["content"].values()
        assert content["schema"]["$ref"].endswith("Error")


@OPERATIONS
def test_each_example_matches_its_schema(path: str, method: str, operation: dict[str, Any]) -> None:
    contents = operation.get("requestBody", {}).get("content", {}).values()
    bodies = [
        *(("request", content, request_body(content["schema"])) for content in contents),
        *(
            (status, content, answer_body(content["schema"]))
            for status, content in answers_with_bodies(operation)
        ),
    ]
    for where, content, body in bodies:
        for name, example in content.get("examples", {}).items():
            assert body.problems(example["value"]) == [], f"{where} {name}"


# --- What generated clients need --------------------------------------------------------------

# The verbs: the first word of an operation's name after its surface.
VERBS = {
    *("accept", "add", "adjust", "analyze", "ask", "clear", "confirm", "connect", "create"),
    *("delete", "disconnect", "download", "end", "export", "generate", "get", "import", "list"),
    *("log", "mark", "merge", "patch", "preview"),
    *("receive", "refresh", "register", "retry"),
    *("remove", "replay", "request", "resend", "reset", "revoke", "send", "set", "sync", "test"),
    *("update", "verify", "waive"),
}  # fmt: skip


def test_each_operation_is_named_by_surface_verb_and_thing() -> None:
    names = {operation["operationId"]: path for path, _method, operation in operations()}

    assert len(names) == len(list(operations()))
    for name, path in names.items():
        surface, verb, *_thing = name.split("_")
        expected: Any = surface_of(path)
        group = "chain" if expected.name in {"union", "chain_and_shop"} else expected.name
        assert surface == group, name
        assert verb in VERBS, name


def test_only_a_logout_and_what_may_stand_in_the_query_can_do_without_a_body() -> None:
    optional = {
        operation["operationId"]
        for _path, _method, operation in operations()
        if not operation.get("requestBody", {}).get("required", True)
    } | {
        operation["operationId"]
        for _path, _method, operation in operations()
        if "requestBody" in operation and "required" not in operation["requestBody"]
    }

    assert optional == {
        *("chain_log_out", "hub_log_out", "shop_log_out"),
        *("hub_generate_reply", "hub_analyze_sentiment"),
    }


def test_each_media_type_of_a_request_has_its_own_component() -> None:
    for _path, _method, operation in operations():
        contents = operation.get("requestBody", {}).get("content", {}).values()
        schemas = Counter(json.dumps(content["schema"]) for content in contents)
        assert all(number == 1 for number in schemas.values()), operation["operationId"]


def test_codes_event_types_and_shortages_have_types() -> None:
    components = SCHEMA["components"]["schemas"]

    def kind(component: str, field: str) -> str:
        found = components[component]["properties"][field]
        (reference,) = found.get("allOf", [found.get("items", found)])
        return str(reference["$ref"].rpartition("/")[2])

    assert kind("ChainError", "code") == "ErrorCode"
    assert kind("HubError", "code") == "HubErrorCode"
    assert kind("EnvelopeError", "errorCode") == "EnvelopeErrorCode"
    assert kind("EventOutput", "type") == "EventType"
    assert kind("ChainError", "open_moves") == "OrderStatus"
    assert kind("ChainError", "shortages") == "ShortageOutput"
    assert kind("HubError", "rows") == "ImportedRowOutput"
    assert "order_blocked" in components["ErrorCode"]["enum"]
    assert "VALIDATION_ERROR" in components["HubErrorCode"]["enum"]
    assert "VALIDATION_FAILED" in components["EnvelopeErrorCode"]["enum"]


def test_only_a_bare_list_is_an_array() -> None:
    def kind(path: str) -> str:
        answer = SCHEMA["paths"][path]["get"]["responses"]["200"]
        schema = answer["content"]["application/json"]["schema"]
        return str(schema.get("type", schema.get("$ref")))

    assert kind("/api/orders/") == "array"
    assert kind("/api/products/") == "#/components/schemas/ProductPage"
    assert kind("/api/order") == "#/components/schemas/EnvelopeOrdersAnswer"


def test_every_route_of_a_surface_is_in_it() -> None:
    missing = [
        route
        for route, _pattern in every_route()
        if surface_of(f"/{route}".rstrip("/")) is not None
        and not any(operation_at(documented(route), method) for method in METHODS)
    ]

    assert missing == []


@OPERATIONS
def test_each_operation_documents_its_limit(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    told = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}

    for status, answer in operation["responses"].items():
        headers = set(answer.get("headers", {}))
        is_signed = is_webhook(path) and method == "post" and status not in {"401", "429"}
        if status == "413" or is_signed:  # nothing has counted it
            assert not headers
        else:
            assert told <= headers, status
    assert "Retry-After" in operation["responses"]["429"]["headers"]
    surface: Any = surface_of(path)
    (shown,) = errors_of(surface.name, TooManyRequests(retry_after=30))[429].examples
    (content,) = operation["responses"]["429"]["content"].values()
    assert shown.value in [example["value"] for example in content["examples"].values()]


def test_every_referenced_header_exists() -> None:
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


def test_the_storefronts_catalogue_needs_no_token_but_accepts_one() -> None:
    for path in ("/api/products/", "/api/products/{product_id}/", "/api/categories/"):
        operation = SCHEMA["paths"][path]["get"]

        assert {} in operation["security"]
        assert {"bearer": []} in operation["security"]
        assert "401" in operation["responses"]


def test_the_security_schemes_are_a_token_or_a_password() -> None:
    assert SCHEMA["components"]["securitySchemes"] == {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                "An access token from `POST /api/auth/token`, or an API token (`oc_…`) from "
                "`POST /api/v1/auth/tokens`."
            ),
        },
        "password": {
            "type": "oauth2",
            "description": "Sign in with an e-mail (as `username`) and a password.",
            "flows": {
                "password": {
                    "tokenUrl": "/api/auth/token",
                    "refreshUrl": "/api/auth/refresh",
                    "scopes": {},
                }
            },
        },
    }
    security = SCHEMA["paths"]["/api/orders/"]["get"]["security"]
    assert security == [{"bearer": []}, {"password": []}]


# --- The helper that annotates views ----------------------------------------------------------


def test_an_error_is_shown_as_its_surface_sends_it() -> None:
    answers = errors_of(
        "chain", 404, Invalid({"dependencies": ["A cycle."]}, cycle=[3, 1, 3]), AlreadyExists(),
        Conflict("Order #2 waits.", blockers=[1]),
    )  # fmt: skip

    assert {
        status: [example.value for example in answer.examples] for status, answer in answers.items()
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
def test_the_same_refusal_has_each_surfaces_own_shape(surface: Any, body: dict[str, Any]) -> None:
    (example,) = errors_of(surface, 404)[404].examples

    assert example.value == body


# --- How it is served -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.json/"])
def test_anyone_can_read_the_document_and_browsers_cache_it(path: str) -> None:
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
    """If it depended on the order of a set, each worker would have a different entity tag."""
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
