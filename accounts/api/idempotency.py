"""Answering a creating request once for each `Idempotency-Key`, on every surface."""

from collections.abc import Callable
from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.services.idempotency import Answer, answer_once, fingerprint_of


def answer_repeatable(
    request: Request, work: Callable[[], Answer], *, payload: object = None
) -> Response:
    """Do `work` and answer with it, or with what the request's key was answered before.

    Raises what `answer_once` raises. Without a key the work is simply done. `payload` stands for the body
    where JSON could not hold that.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        answer = work()
    else:
        fingerprint = fingerprint_of(
            method=request.method or "",
            # As the route is spelt: with a slash at its end or without is the same request.
            path=request.path_info,
            payload=request.data if payload is None else payload,
        )
        answer = answer_once(
            user=cast(User, request.user), key=key, fingerprint=fingerprint, work=work
        )
    response = Response(answer.body, status=answer.status, headers=answer.headers)
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    return response
