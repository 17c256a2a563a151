"""`POST /app/live-ticket`: what a page opens its WebSocket with."""

from typing import Any

from django.http import JsonResponse
from django.http.response import HttpResponseBase

from accounts.pages.base import AccountPage
from accounts.tokens import SocketTicket, issue_ticket
from orderchainer.core.errors import DomainError
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.web.security import NOT_KEPT


class LiveTicketPage(AccountPage):
    """A ticket for the session of this browser. A script asks for it, so the answers are JSON."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Issue one."""
        return JsonResponse(
            {
                "ticket": issue_ticket(self.session),
                # Somebody else may have signed in in another tab of this browser.
                "person": self.person.uuid,
                "expires_in": int(SocketTicket.lifetime.total_seconds()),
            },
            headers=NOT_KEPT,
        )

    def refuse(self, exc: DomainError) -> HttpResponseBase:
        """Answer a refusal as data."""
        problem = problem_of(exc)
        assert problem is not None, "every domain error means something"
        headers = {
            name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"
        }
        return JsonResponse({"detail": exc.message}, status=problem.status, headers=headers)
