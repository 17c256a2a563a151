"""The doors for people without a token: what is tried there is counted by address and by account."""

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

# RFC 6749, 5.1: nothing between us and the client may keep an answer with tokens in it.
UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class PublicView(SurfaceView):
    """A door for people without an access token: a bad one in the header is none of its business."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    # Where the body may name the account that it is about.
    account_fields: ClassVar[tuple[str, ...]] = ("email", "username")
    # REST framework tells of a body that cannot be read only whoever looks first.
    _unreadable: Exception | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Do what comes before every handler, and refuse a body that could not be read."""
        super().initial(request, *args, **kwargs)
        if self._unreadable is not None:
            raise self._unreadable

    def count_request(self, request: Request) -> Usage | None:
        """Count the request for its address, and then for the account that it is tried on.

        Returns the usage with least remaining, None where the limit is off. Raises `LimitExceeded`.
        """
        return count_attempt(
            address_of(request), self.limit, self._accounts_in(request)
        )

    def _accounts_in(self, request: Request) -> Iterator[str]:
        """Read the body and return what it names as its account.

        All of it, where it names several: which of them a view believes is not known here, and the
        account must not hide behind another.
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
    """A public door that reads JSON and the form encoding that OAuth2 clients send."""

    parser_classes = (StrictJSONParser, FormParser)
