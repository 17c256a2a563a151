"""Bounds on what a client may send."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from orderchainer.api.handlers import answer
from orderchainer.api.surfaces import Problem


class RequestBodyLimitMiddleware:
    """Refuse a body over `MAX_REQUEST_BODY_BYTES` with a 413, before anything reads it."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A chunked body names no length; the parser counts it while it reads.
        declared = request.headers.get("Content-Length", "")
        limit = settings.MAX_REQUEST_BODY_BYTES
        if declared.isdigit() and int(declared) > limit:
            problem = too_large(limit)
            return answer(request, problem) or HttpResponse(
                problem.message, status=413, content_type="text/plain"
            )
        return self.get_response(request)


def too_large(limit: int) -> Problem:
    """Return the refusal of a body of more than `limit` bytes."""
    return Problem(413, "too_large", f"The body is larger than {limit} bytes.")
