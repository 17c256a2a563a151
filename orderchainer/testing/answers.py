"""A pytest plugin that holds each answer of the API against the OpenAPI document.

Whatever the test client gets from a surface must be declared: its status, its media type and its
whole body. A test during which an answer breaks the document fails.
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
    """Return a route of Django as the document writes it: `trees/<int:id>` is `trees/{id}`."""
    return _PARAMETER.sub(r"{\1}", route)


@dataclass(frozen=True)
class Promise:
    """What the document says of the answers of one operation with one status."""

    status: int
    is_declared: bool
    # What checks a body, by media type; None for one that is no JSON.
    bodies: dict[str, Any]

    def broken_by(self, response: Any) -> list[str]:
        """Return how an answer breaks the promise."""
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
    """Return what the document says of this answer, or None where it has no such operation."""
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
            media_type: answer_body(content["schema"])
            if media_type == "application/json"
            else None
            for media_type, content in answer.get("content", {}).items()
        },
    )


class Answers:
    """The answers of the test that runs, and what is wrong with them."""

    def __init__(self) -> None:
        self._broken: list[str] = []

    def look_at(self, response: Any) -> None:
        """Look at an answer of the test client."""
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
        """Return what was wrong since the last time."""
        broken, self._broken = self._broken, []
        return list(dict.fromkeys(broken))


answers = Answers()


@pytest.fixture(scope="session", autouse=True)
def _hold_answers_against_the_document() -> Iterator[None]:
    """Look at every answer that a test client gets, from here to the end."""
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
    """Fail the test during which an answer broke the document."""
    result = yield
    if broken := answers.take_broken():
        lines = [
            "The OpenAPI document says otherwise:",
            *(f"  {each}" for each in broken),
        ]
        pytest.fail("\n".join(lines), pytrace=False)
    return result
