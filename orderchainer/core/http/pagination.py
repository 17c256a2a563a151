"""Lists in parts, in two forms.

A bare list has its total in `X-Total-Count` and its links in `Link` (RFC 8288). A page of results
has both in its body.
"""

from collections.abc import Sequence

from django.http import HttpRequest
from rest_framework.response import Response

from orderchainer.core.errors import Invalid
from orderchainer.core.http.filters import filled
from orderchainer.core.windows import PageWindow, Window

DEFAULT_LIMIT = 100
DEFAULT_PAGE_SIZE = 50
MAX_LIMIT = 200
MAX_SKIP = 2**31 - 1
MAX_PAGE = 2**31 - 1
DEFAULT_DAYS = 30
MAX_DAYS = 3650


def window_of(request: HttpRequest) -> Window:
    """Read `skip` and `limit`. Raises `Invalid` if one is not a number or out of bounds."""
    errors: dict[str, list[str]] = {}
    skip = _number(request, "skip", 0, 0, MAX_SKIP, errors)
    limit = _number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT, errors)
    if errors:
        raise Invalid(errors)
    return Window(skip, limit)


def page_window_of(request: HttpRequest, *, default_size: int = DEFAULT_PAGE_SIZE) -> PageWindow:
    """Read `page` and `page_size`. Raises `Invalid` if one is not a number or out of bounds."""
    errors: dict[str, list[str]] = {}
    page = _number(request, "page", 1, 1, MAX_PAGE, errors)
    size = _number(request, "page_size", default_size, 1, MAX_LIMIT, errors)
    if errors:
        raise Invalid(errors)
    return PageWindow((page - 1) * size, size)


def days_of(request: HttpRequest) -> int:
    """Read `days`: how many days to look back. Raises `Invalid`."""
    errors: dict[str, list[str]] = {}
    days = _number(request, "days", DEFAULT_DAYS, 1, MAX_DAYS, errors)
    if errors:
        raise Invalid(errors)
    return days


def _number(
    request: HttpRequest,
    name: str,
    default: int,
    least: int,
    most: int,
    errors: dict[str, list[str]],
) -> int:
    text = filled(request).get(name)
    if text is None:
        return default
    # More digits than any bound has are not worth converting. isdecimal alone accepts digits of
    # other scripts.
    if text.isascii() and text.isdecimal() and len(text) <= 10 and least <= int(text) <= most:
        return int(text)
    errors[name] = [f"Must be a whole number from {least} to {most}."]
    return default


def bare_list(
    request: HttpRequest,
    rows: Sequence[object],
    *,
    total: int,
    window: Window,
    **extra: str,
) -> Response:
    """Answer `rows` as a bare array. The links repeat the parameters in `extra`."""
    response = Response(rows)
    response["X-Total-Count"] = str(total)
    links = []
    if window.skip + window.limit < total:
        following = window.query_at(window.skip + window.limit)
        links.append(_link(request, {**following, **extra}, "next"))
    if window.skip > 0:
        previous = window.query_at(max(0, window.skip - window.limit))
        links.append(_link(request, {**previous, **extra}, "prev"))
    if links:
        response["Link"] = ", ".join(links)
    return response


def page_of_results(
    request: HttpRequest, rows: Sequence[object], *, total: int, window: PageWindow
) -> dict[str, object]:
    """Return a page, with the length of the list and the addresses of the pages beside it."""
    page = window.skip // window.limit + 1
    is_last = window.skip + window.limit >= total
    return {
        "count": total,
        "next": None if is_last else _address(request, {"page": str(page + 1)}),
        "previous": _address(request, {"page": str(page - 1)}) if page > 1 else None,
        "results": rows,
    }


def _link(request: HttpRequest, parameters: dict[str, str], rel: str) -> str:
    return f'<{_address(request, parameters)}>; rel="{rel}"'


def _address(request: HttpRequest, parameters: dict[str, str]) -> str:
    """Return the absolute address of the request with these parameters replaced."""
    query = request.GET.copy()
    for name, value in parameters.items():
        query[name] = value
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
