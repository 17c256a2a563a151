"""The plugin that compares answers with the OpenAPI document reports every deviation."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse

from orderchainer.testing.answers import Answers

CART = {"id": 1, "items": [], "total_price": "0.00", "total_items": 0, "currency": ""}


def problems_of(
    response: HttpResponse, *, method: str = "GET", route: str = "api/cart/"
) -> list[str]:
    answer: Any = response
    answer.wsgi_request = SimpleNamespace(
        method=method, resolver_match=SimpleNamespace(route=route)
    )
    answers = Answers()
    answer.json = lambda: json.loads(response.content)
    answers.look_at(answer)
    return answers.take_broken()


def test_an_answer_as_documented_is_no_problem() -> None:
    assert problems_of(JsonResponse(CART)) == []


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (JsonResponse(CART, status=202), "the status 202 is not declared"),
        (HttpResponse("{}", content_type="text/html"), "the media type text/html is not declared"),
        (JsonResponse([CART], safe=False),
         "$: [{'id': 1, 'items': [], 'total_price': '0.00', 'total_items': 0, 'currency': ''}] "
         "is not of type 'object'"),
        (JsonResponse({**CART, "id": "1"}), "$.id: '1' is not of type 'integer'"),
        (JsonResponse({**CART, "gift": True}),
         "$: Additional properties are not allowed ('gift' was unexpected)"),
        (JsonResponse({**CART, "total_price": None}),
         "$.total_price: None is not of type 'string'"),
        (JsonResponse({}, status=304), "no body is declared"),
    ],
)  # fmt: skip
def test_any_other_answer_is_reported(response: HttpResponse, problem: str) -> None:
    status = response.status_code

    assert problems_of(response) == [f"GET /api/cart/ {status}: {problem}"]


def test_a_code_that_the_document_does_not_list_is_reported() -> None:
    refusal = JsonResponse({"detail": "No.", "code": "because", "error": "No."}, status=409)

    (problem,) = problems_of(refusal, method="PUT", route="api/orders/<int:order_id>")

    assert "$.code: 'because' is not one of ['already_exists'," in problem


def test_a_path_without_an_operation_is_ignored() -> None:
    assert problems_of(JsonResponse({"gift": True}), route="healthz") == []
