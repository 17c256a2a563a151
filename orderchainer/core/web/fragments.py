"""Answer with a whole page, or with the part of it that htmx asked for.

A part is a `partialdef` of the page's template. It has the name of the element that it replaces:
htmx sends the id of that element in `HX-Target`.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

# The headers by which we choose between the page and a part of it.
VARY = ("HX-Request", "HX-Target")


def wants_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page.

    htmx wants a whole page if it follows an ordinary link, or if it has forgotten a page to which
    the reader goes back.
    """
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def part_wanted(request: HttpRequest, parts: Collection[str]) -> str | None:
    """Return which of `parts` htmx asks for; None for the whole page."""
    target = HtmxDetails(request).target if wants_fragment(request) else None
    return target if target in parts else None


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    parts: Collection[str] = (),
    status: int = 200,
) -> HttpResponse:
    """Render the page, or the one of its `parts` that htmx asks for."""
    part = part_wanted(request, parts)
    response = render(request, f"{template}#{part}" if part else template, context, status=status)
    patch_vary_headers(response, VARY)
    return response
