"""The page behind the link in e-mails to customers: no more of them, or again.

Opening it changes nothing, because mail scanners open every link. Mail programs have a button that
posts to it (RFC 8058), without a cookie and without a CSRF token. The page relies on the signed
link alone.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.attempts import count_attempt
from accounts.pages.links import HEADERS
from notifications.errors import LinkInvalid
from notifications.services import project_in_link, start_by_link, stop_by_link
from orderchainer.core.http.clients import address_of
from orderchainer.core.limits.rates import STANDARD, LimitExceeded
from orderchainer.core.web.counted import too_many_requests


@method_decorator(csrf_exempt, name="dispatch")
class StopPage(View):
    """A button that stops the e-mails of one project to one address."""

    http_method_names = ("get", "head", "post")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the request; a link that does not work gets a page that says so."""
        try:
            count_attempt(address_of(request), STANDARD, [])
            response = super().dispatch(request, *args, **kwargs)
        except LimitExceeded as exceeded:
            response = too_many_requests(request, exceeded)
        except LinkInvalid as refusal:
            response = _page(request, status=404, message=refusal.message)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask whether to stop."""
        return _page(request, project=project_in_link(token), state="asking")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Stop the e-mails, or allow them again. Repeating it changes nothing."""
        project = project_in_link(token)
        if "again" in request.POST:
            start_by_link(token)
            return _page(request, project=project, state="started")
        stop_by_link(token)
        return _page(request, project=project, state="stopped")


def _page(request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
    return render(request, "notifications/stop_messages.html", context, status=status)
