"""What the tests of the activity log share: where a request comes from, and who it was about."""

from collections.abc import Callable

from django.http import HttpResponse
from django.test import RequestFactory

from accounts.security import email_digest
from orderchainer.core.errors import DomainError
from orderchainer.core.http.clients import ClientMiddleware

ADDRESS, AGENT = "192.0.2.7", "curl/8.5.0"


def from_somewhere(work: Callable[[], object]) -> None:
    """Call it as in a request from ADDRESS with AGENT. Swallow a refusal."""

    def answer(_: object) -> HttpResponse:
        try:
            work()
        except DomainError:
            return HttpResponse(status=400)
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=AGENT)
    ClientMiddleware(answer)(request)


def about(email: str) -> dict[str, str]:
    """Return what a row holds instead of the e-mail that was tried."""
    return {"email_digest": email_digest(email)}
