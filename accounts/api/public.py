"""The doors for people without a token: what is tried there is counted by address and by account."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework.exceptions import APIException
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from orderchainer.api.parsers import StrictJSONParser
from orderchainer.api.views import SurfaceView, address_subject

# RFC 6749, 5.1: nothing between us and the client may keep an answer with tokens in it.
UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class PublicView(SurfaceView):
    """A door for people without an access token: a bad one in the header is none of its business."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    # Where the body may name the account that it is about.
    account_fields: ClassVar[tuple[str, ...]] = ("email", "username")
    # REST framework tells of a body that cannot be read only whoever looks first.
    _unreadable: APIException | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Do what comes before every handler, and refuse a body that could not be read."""
        super().initial(request, *args, **kwargs)
        if self._unreadable is not None:
            raise self._unreadable

    def subjects_of(self, request: Request) -> Sequence[str]:
        """Return the address, and the account that the body names: either may be tried too often."""
        address = address_subject(request)
        try:
            account = _named_in(request.data, self.account_fields)
        except APIException as exc:
            self._unreadable = exc
            return [address]
        return [address, f"account:{account}"] if account else [address]


class CredentialsView(PublicView):
    """A public door that reads JSON and the form encoding that OAuth2 clients send."""

    parser_classes = (StrictJSONParser, FormParser)


def _named_in(body: Any, fields: Sequence[str]) -> str:
    """Return the e-mail in the body, as it is compared; empty where there is none."""
    if not isinstance(body, Mapping):
        return ""
    for field in fields:
        value = body.get(field)
        if isinstance(value, str) and value.strip():
            return value.strip().lower()
    return ""
