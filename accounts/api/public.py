"""Views for people without a token. Attempts are counted by address and by account."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.core.exceptions import SuspiciousOperation
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.attempts import count_attempt
from orderchainer.core.http.clients import address_of
from orderchainer.core.http.parsers import FormParser, StrictJSONParser
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.limits.rates import Usage

# RFC 6749, 5.1: no cache may keep an answer that contains tokens.
UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class PublicView(SurfaceView):
    """A view for people without an access token. It ignores a bad token in the header."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    # The fields of the body that may name the account.
    account_fields: ClassVar[tuple[str, ...]] = ("email", "username")
    # REST framework raises the error for an unreadable body only on the first access.
    _unreadable: Exception | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Prepare the request, and refuse a body that could not be read."""
        super().initial(request, *args, **kwargs)
        if self._unreadable is not None:
            raise self._unreadable

    def count_request(self, request: Request) -> Usage | None:
        """Count the request for its address, and then for the accounts that it names.

        Returns the usage with least remaining, None if the limit is off. Raises `LimitExceeded`.
        """
        return count_attempt(address_of(request), self.limit, self._accounts_in(request))

    def _accounts_in(self, request: Request) -> Iterator[str]:
        """Read the body and return the accounts that it names.

        A body may name several. We cannot know here which of them the view will use, so we count
        all of them: otherwise an attacker could hide one account behind another.
        """
        try:
            body = request.data
        except (APIException, SuspiciousOperation) as exc:
            self._unreadable = exc
            return
        if isinstance(body, Mapping):
            for field in self.account_fields:
                value = body.get(field)
                if isinstance(value, str) and value.strip():
                    yield value


class CredentialsView(PublicView):
    """A public view that reads JSON, and the form encoding that OAuth2 clients send."""

    parser_classes = (StrictJSONParser, FormParser)
