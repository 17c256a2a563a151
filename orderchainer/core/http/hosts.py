"""The host names under which this service answers."""

import logging
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orderchainer.core.http.handlers import bad_request

logger = logging.getLogger("django.security.DisallowedHost")


class AllowedHostMiddleware:
    """Refuse a forged Host header in the surface's format, before anything looks at the path.

    Django refuses it too, but later, and with an HTML page while DEBUG is on.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost as exc:
            logger.error(str(exc), extra={"status_code": 400, "request": request})
            return bad_request(request, exc)
        return self.get_response(request)
