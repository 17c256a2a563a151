"""Answer a creating request once for each `Idempotency-Key`, on every surface."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller_of
from accounts.services import answer_once, fingerprint_of
from accounts.services.idempotency import KeptAnswer


@dataclass(frozen=True)
class Answer:
    """A response that can be kept and sent again.

    `body` is any value that JSON can hold, or JSON as text if `is_text`: text keeps the numbers as
    they were written.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    is_text: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the answer as it is kept."""
        kept = {"status": self.status, "body": self.body, "headers": self.headers}
        return {**kept, "is_text": True} if self.is_text else kept


def answer_repeatable(
    request: Request, work: Callable[[], Answer], *, payload: object = None
) -> Response:
    """Do `work` and respond with it, or with the first response to the request's key.

    Raises what `answer_once` raises. Without a key the work is simply done. Pass `payload` in place
    of a body that JSON cannot hold.
    """
    if "Idempotency-Key" not in request.headers:
        return _response(work())
    kept = done_once(request, lambda: work().as_json(), payload=payload)
    response = _response(Answer(**kept.value))
    if kept.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def done_once(request: Request, work: Callable[[], Any], *, payload: object = None) -> KeptAnswer:
    """Do `work` and return its value, or the first value for the request's key.

    For requests whose answer is more than that value; see `answer_repeatable` for the others. The
    value is anything that JSON can hold.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return KeptAnswer(work())
    fingerprint = fingerprint_of(
        [
            request.method or "",
            # This is the path as the route spells it, so a final slash makes no difference.
            request.path_info,
            request.data if payload is None else payload,
        ]
    )
    return answer_once(user=caller_of(request), key=key, fingerprint=fingerprint, work=work)


def _response(answer: Answer) -> Response:
    body = orjson.Fragment(answer.body) if answer.is_text else answer.body
    return Response(body, status=answer.status, headers=answer.headers)
