"""Serve every path with and without its trailing slash, without a redirect."""

from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import is_valid_path

from orderchainer.core.http.handlers import page_not_found
from orderchainer.core.http.surfaces import surface_of


# Resolving a path takes a tenth of a short request, and Django does it once more afterwards.
@lru_cache(maxsize=1024)
def _has_route(path: str) -> bool:
    return bool(is_valid_path(path))


class EitherSlashMiddleware:
    """Use the other spelling of a surface's path if only that one has a route.

    Routes are declared as their document spells them. A redirect would lose the body of a POST, and
    a pattern that takes both spellings would hide the documented one from the schema.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if surface_of(path) is not None and not _has_route(path):
            other = path[:-1] if path.endswith("/") else f"{path}/"
            if not _has_route(other):
                # We answer here, because Django's own 404 is an HTML page while DEBUG is on.
                return page_not_found(request)
            request.path_info = other
        return self.get_response(request)
