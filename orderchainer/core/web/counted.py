"""Limits on forms that people browse: the counts of the surfaces, and a page where one is used up."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from orderchainer.core.limits.rates import LimitExceeded, Usage

Response = TypeVar("Response", bound=HttpResponseBase)

# What only shows a form tries nothing.
_SHOWING = frozenset({"GET", "HEAD", "OPTIONS"})


def answer_counted(
    request: HttpRequest,
    counting: Callable[[], Usage | None],
    answering: Callable[[], HttpResponseBase],
) -> HttpResponseBase:
    """Answer a form that is posted once `counting` has let it through, and a request for the form always."""
    if request.method in _SHOWING:
        return answering()
    try:
        usage = counting()
    except LimitExceeded as exceeded:
        return too_many_requests(request, exceeded)
    return _with_headers(answering(), usage.headers if usage else {})


def too_many_requests(request: HttpRequest, exceeded: LimitExceeded) -> HttpResponse:
    """Return the page that says when to come back, with the headers that an answer of a surface has."""
    page = render(request, "429.html", {"seconds": exceeded.retry_after}, status=429)
    return _with_headers(page, exceeded.headers)


def _with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        response.headers[name] = value
    return response
