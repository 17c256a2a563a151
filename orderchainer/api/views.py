"""What every view of every surface stands on: who calls, how often, and as what."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from orderchainer.api.clients import address_of
from orderchainer.api.errors import DomainError
from orderchainer.api.rates import STANDARD, Limit, Usage, count


class SurfaceView(APIView):
    """A view of a surface. It counts each request before anything is looked at but the token."""

    # Which area of scopes its operations belong to. None: an API token opens none of them.
    area: ClassVar[str | None] = None
    limit: ClassVar[Limit] = STANDARD
    usage: Usage | None = None

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls, and count it; a refused token counts as well, by its address."""
        try:
            super().perform_authentication(request)
        except (APIException, DomainError):
            self.usage = count(request, self.limit, [address_subject(request)])
            raise
        self.usage = count(request, self.limit, self.subjects_of(request))

    def subjects_of(self, request: Request) -> Sequence[str]:
        """Return whom the request is counted for: its user, or its address where nobody is signed in."""
        if request.user.is_authenticated:
            return [f"user:{request.user.pk}"]
        return [address_subject(request)]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Say on each answer how much of the limit is left."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.usage is not None:
            for name, value in self.usage.headers.items():
                response.headers.setdefault(name, value)
        return response


class SurfaceViewSet(ViewSetMixin, SurfaceView):
    """Several operations on one kind of thing."""


def address_subject(request: Request) -> str:
    """Return the subject that a client's address is. A Unix socket has one for all."""
    return f"address:{address_of(request) or ''}"
