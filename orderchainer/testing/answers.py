"""A pytest plugin that compares each answer of the API with the OpenAPI document.

The document must declare every answer that the test client gets: its status, its media type and its
whole body. A test fails if an answer deviates from the document.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cache as once
from typing import Any

import pytest

# The methods that the document describes.
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PARAMETER = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


def documented(route: str) -> str:
    """Return a Django route as the document writes it: `trees/<int:id>` becomes `trees/{id}`."""
    return _PARAMETER.sub(r"{\1}", route)


@dataclass(frozen=True)
class Promise:
    """What the document promises for the answers of one operation with one status."""

    status: int
    is_declared: bool
    # The check of the body by media type; None if the type is not JSON.
    bodies: dict[str, Any]

    def broken_by(self, response: Any) -> list[str]:
        """Return how an answer deviates from the promise."""
        if not self.is_declared:
            return [f"the status {self.status} is not declared"]
        media_type = response.get("Content-Type", "").partition(";")[0]
        if response.streaming:
            return []
        if not self.bodies:
            return ["no body is declared"] if response.content else []
        if media_type not in self.bodies:
            return [f"the media type {media_type or '(none)'} is not declared"]
        body = self.bodies[media_type]
        return [] if body is None else body.problems(response.json())


@once
def promise_of(method: str, route: str, status: int) -> Promise | None:
    """Return the promise for this answer, or None if the document has no such operation."""
    from orderchainer.testing.documented import answer_body, operation_at

    operation = operation_at(documented(route), method)
    if operation is None:
        return None
    answer = operation["responses"].get(str(status))
    if answer is None:
        return Promise(status, False, {})
    return Promise(
        status,
        True,
        {
            media_type: answer_body(content["schema"]) if media_type == "application/json" else None
            for media_type, content in answer.get("content", {}).items()
        },
    )


class Answers:
    """Compares the answers of the running test and collects the deviations."""

    def __init__(self) -> None:
        self._broken: list[str] = []

    def look_at(self, response: Any) -> None:
        """Compare an answer of the test client."""
        request = response.wsgi_request
        match = request.resolver_match
        if request.method not in METHODS or match is None:
            return
        promise = promise_of(request.method, match.route, response.status_code)
        if promise is None:
            return
        self._broken += [
            f"{request.method} /{match.route} {response.status_code}: {problem}"
            for problem in promise.broken_by(response)
        ]

    def take_broken(self) -> list[str]:
        """Return the deviations since the last call."""
        broken, self._broken = self._broken, []
        return list(dict.fromkeys(broken))


answers = Answers()


@pytest.fixture(scope="session", autouse=True)
def _hold_answers_against_the_document() -> Iterator[None]:
    """Compare every answer that a test client gets, during the whole run."""
    from django.test import Client

    ask = Client.request

    def answered(self: Client, **request: Any) -> Any:
        response = ask(self, **request)
        answers.look_at(response)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", answered)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Fail the test during which an answer deviated from the document."""
    result = yield
    if broken := answers.take_broken():
        lines = [
            "The OpenAPI document says otherwise:",
            *(f"  {each}" for each in broken),
        ]
        pytest.fail("\n".join(lines), pytrace=False)
    return result
