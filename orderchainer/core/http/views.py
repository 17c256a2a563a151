"""The base of every API view: it finds out who calls and counts the request."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.dispatch import Signal
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from orderchainer.core.errors import DomainError
from orderchainer.core.http.clients import address_of
from orderchainer.core.http.parsers import MultiPartParser, StrictJSONParser
from orderchainer.core.http.surfaces import Surface
from orderchainer.core.limits.rates import (
    STANDARD,
    UPLOAD,
    Limit,
    Usage,
    address_subject,
    count,
    user_subject,
)

# Sent with `view` and `request` for each answer to a caller that we know, in the thread that writes
# it. Listeners must be quick: every call waits for them.
call_answered = Signal()


class SurfaceView(APIView):
    """A view of a surface. It counts each request before it looks at anything except the token."""

    # The area of scopes that its operations belong to. With None, no API token can call them.
    area: ClassVar[str | None] = None
    # Other areas whose data the answers show. A token needs the scope to read them as well.
    also_reads: ClassVar[frozenset[str]] = frozenset()
    # Methods that change how somebody signs in. They need a session; no scope covers them.
    session_methods: ClassVar[frozenset[str]] = frozenset()
    limit: ClassVar[Limit] = STANDARD
    # Whether everything in the body may stand in the query string as well.
    has_optional_body: ClassVar[bool] = False
    # The statuses of the answers that are counted, by method, where not all of them are.
    counted_statuses: ClassVar[Mapping[str, frozenset[str]]] = {}
    usage: Usage | None = None
    # Whether we know who calls.
    is_authenticated = False
    # The surface that writes its refusals, if it is not the one of the path.
    surface: Surface | None = None

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls, and count the request: for the address if the token is refused."""
        try:
            super().perform_authentication(request)
        except (APIException, DomainError):
            self.usage = count(self.limit, [address_subject(address_of(request))])
            raise
        self.is_authenticated = request.user.is_authenticated
        self.usage = self.count_request(request)

    def count_request(self, request: Request) -> Usage | None:
        """Count the request for its user, or for its address if nobody is signed in.

        Returns how much is left, or None if the limit is off. Raises `LimitExceeded`.
        """
        user = request.user
        subject = (
            user_subject(user.pk) if user.is_authenticated else address_subject(address_of(request))
        )
        return count(self.limit, [subject])

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the headers that say how much of the limit is left."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.usage is not None:
            for name, value in self.usage.headers.items():
                response.headers.setdefault(name, value)
        # Before we know, asking for the user would authenticate, and could refuse.
        if self.is_authenticated:
            call_answered.send_robust(type(self), view=self, request=request)
        return response


class SurfaceViewSet(ViewSetMixin, SurfaceView):
    """Several operations on one kind of thing."""


class UploadView(SurfaceView):
    """A view that takes a form with a file, or JSON."""

    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser, MultiPartParser)

    def count_request(self, request: Request) -> Usage | None:
        """Count the request, and a form under the limit for uploads as well."""
        usage = super().count_request(request)
        is_upload = request.content_type.lower().startswith("multipart/form-data")
        if request.user.is_authenticated and is_upload:
            return count(UPLOAD, [user_subject(request.user.pk)]) or usage
        return usage
