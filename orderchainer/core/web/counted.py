"""Rate limits on forms for browsers.

They share the counts of the surfaces and answer with a page.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from orderchainer.core.limits.rates import LimitExceeded, Usage

Response = TypeVar("Response", bound=HttpResponseBase)

# These methods only show the form.
_SHOWING = frozenset({"GET", "HEAD", "OPTIONS"})


def answer_counted(
    request: HttpRequest,
    counting: Callable[[], Usage | None],
    answering: Callable[[], HttpResponseBase],
) -> HttpResponseBase:
    """Answer a posted form if `counting` allows it. Showing the form is not counted."""
    if request.method in _SHOWING:
        return answering()
    try:
        usage = counting()
    except LimitExceeded as exceeded:
        return too_many_requests(request, exceeded)
    return _with_headers(answering(), usage.headers if usage else {})


def too_many_requests(request: HttpRequest, exceeded: LimitExceeded) -> HttpResponse:
    """Return the page that says when to try again, with the same headers as the APIs' answers."""
    page = render(request, "429.html", {"seconds": exceeded.retry_after}, status=429)
    return _with_headers(page, exceeded.headers)


def _with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        response.headers[name] = value
    return response
