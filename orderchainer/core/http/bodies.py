"""Bounds on the size of request bodies."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import parse_header_parameters

from orderchainer.core.http.handlers import answer
from orderchainer.core.http.surfaces import Problem
from orderchainer.core.registry import Registry


class RequestBodyLimitMiddleware:
    """Refuse a body over `MAX_REQUEST_BODY_BYTES` with a 413, before anything reads it.

    A form with files may have `MAX_UPLOAD_BYTES`; Django bounds its other fields while it reads
    them. Some paths have their own limit, see `register_body_limit` and `register_upload_limit`.
    Malformed chunks are a 400, because no view could read them. `manage.py serve` has the same
    limits and does not even receive what is beyond them.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        limit = max_body_bytes(request.path, request.META.get("CONTENT_TYPE", ""))
        if "Transfer-Encoding" in request.headers:
            try:
                length = _measure_chunked_body(request, limit)
            except UnreadablePostError:
                return _refuse(request, BROKEN)
        else:
            declared = request.headers.get("Content-Length", "")
            length = int(declared) if declared.isdecimal() else 0
        if length > limit:
            return _refuse(request, too_large(limit), limit)
        return self.get_response(request)


# The paths with a limit of their own. Each one also applies to the paths below it.
BODY_LIMITS: Registry[str, int] = Registry("path with a limit for bodies")


def register_body_limit(path: str, max_bytes: int) -> None:
    """Register another limit for bodies that are sent to `path`, whatever their content type.

    Django's `request.body` knows only the general limit, so a view with a larger one reads the
    body with `request.read`.
    """
    BODY_LIMITS.add(path, max_bytes)


# The paths that take larger forms with files than others. `*` stands for one part of a path.
UPLOAD_LIMITS: Registry[str, int] = Registry("path with a limit for uploads")


def register_upload_limit(path: str, max_bytes: int) -> None:
    """Register another limit for forms with files that are sent to `path`.

    A `*` stands for any one part of the path. The final slash makes no difference.
    """
    UPLOAD_LIMITS.add(path, max_bytes)


def max_body_bytes(path: str, content_type: str) -> int:
    """Return how many bytes a body of that `Content-Type` may have if it is sent to `path`."""
    for registered, max_bytes in BODY_LIMITS.items():
        if path.startswith(registered) and path[len(registered) :][:1] in {"", "/"}:
            return max_bytes
    kind, _parameters = parse_header_parameters(content_type)
    if kind != "multipart/form-data":
        return int(settings.MAX_REQUEST_BODY_BYTES)
    for pattern, max_bytes in UPLOAD_LIMITS.items():
        parts = "[^/]+".join(map(re.escape, pattern.split("*")))
        if re.fullmatch(f"{parts}/?", path):
            return max_bytes
    return int(settings.MAX_UPLOAD_BYTES)


def _refuse(request: HttpRequest, problem: Problem, limit: int = 0) -> HttpResponse:
    if response := answer(request, problem):
        return response
    if limit and "text/html" in request.headers.get("Accept", ""):
        # Somebody has sent a form. No view runs, so this page knows nobody.
        return render(request, "413.html", {"most": in_megabytes(limit)}, status=problem.status)
    return HttpResponse(problem.message, status=problem.status, content_type="text/plain")


def in_megabytes(count: int) -> str:
    """Write a number of bytes as people read it: `5 MB`."""
    return f"{count / 2**20:.3g} MB" if count >= 2**20 else f"{count / 2**10:.3g} kB"


def _measure_chunked_body(request: HttpRequest, limit: int) -> int:
    """Read a body without a declared length, at most one byte over `limit`; return its length.

    Django and DRF treat such a body as empty, so this gives the request the body and its length.
    Raises UnreadablePostError.
    """
    # `request.read()` would do under ASGI, but not under WSGI: there Django stops at the declared
    # length.
    stream: IO[bytes] = (
        request.environ["wsgi.input"]
        if isinstance(request, WSGIRequest)
        else _private(request)._stream
    )
    try:
        body = stream.read(limit + 1)
    except Exception as exc:
        # Each server raises its own errors for malformed chunks.
        raise UnreadablePostError(*exc.args) from exc
    request.META["CONTENT_LENGTH"] = str(len(body))
    _private(request)._stream = BytesIO(body)
    return len(body)


def _private(request: HttpRequest) -> Any:
    """Return the request, for its private `_stream`.

    Django has no public way to give a request another body. The tests of chunked bodies in
    `orderchainer/tests/test_surfaces.py`, under WSGI and ASGI, fail if the name changes.
    """
    return request


# A body that ends too soon, or whose chunks do not follow RFC 9112, section 7.1.
BROKEN = Problem(
    400,
    "unreadable",
    "The body cannot be read.",
    {"body": ["It breaks off, or its chunks are malformed."]},
)


def too_large(limit: int) -> Problem:
    """Return the refusal of a body of more than `limit` bytes."""
    return Problem(413, "too_large", f"The body is larger than {limit} bytes.")
