"""Refusals as pages: one table for all of them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from orderchainer.core.errors import DomainError, NotAllowed
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.web.fragments import VARY, wants_fragment

TITLES = {
    400: "This cannot be done",
    401: "You are signed out",
    403: "You may not do this",
    404: "Page not found",
    409: "This is not possible now",
    412: "This has changed in the meantime",
    429: "Too many requests",
    502: "This did not work",
    503: "Not available at the moment",
}
# Said in place of the error's own words, which name a thing that the reader may not know of.
WORDS = {404: "There is nothing at this address, or you may not see it."}

PAGE = "workspace/refused.html"
PART = "workspace/parts/refusal.html"


def refusal(request: HttpRequest, exc: DomainError, context: Mapping[str, Any]) -> HttpResponse:
    """Explain a refusal on a page, or in a part of one if htmx asked for that."""
    problem = problem_of(exc)
    assert problem is not None, "every domain error means something"
    response = render(
        request,
        PART if wants_fragment(request) else PAGE,
        {
            **context,
            "status": problem.status,
            "title": TITLES[problem.status],
            "message": WORDS.get(problem.status, exc.page_message),
            "facts": exc.data,
        },
        status=problem.status,
    )
    patch_vary_headers(response, VARY)
    for name, value in problem.headers.items():
        # A page does not ask for a bearer token.
        if name != "WWW-Authenticate":
            response.headers[name] = value
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token: nearly always an old page."""
    words = "This form is out of date. Go back, reload the page and send it again."
    return refusal(request, NotAllowed(words), {})
