"""Views for the calls of providers."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from drf_spectacular.utils import extend_schema_view
from rest_framework.exceptions import ParseError
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from integrations.api.webhooks import docs
from integrations.contracts import Call, Webhook
from integrations.errors import CallRefused
from integrations.inbound.handshaking import answer_handshake
from integrations.inbound.receiving import receive
from integrations.limits import WEBHOOKS
from integrations.providers import Provider
from orderchainer.core.http.clients import address_of
from orderchainer.core.http.renderers import JSONRenderer
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.limits.rates import STANDARD, Limit, address_subject, count

PLAIN = "text/plain; charset=utf-8"


class WebhookView(SurfaceView):
    """A view that a provider calls. Only the signature proves who calls.

    It reads the raw bytes, because the signature covers exactly these. It counts only the calls
    that it refuses. All accounts of a provider call from the same few addresses, so one that we
    refuse must not keep out the others.
    """

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = ()
    http_method_names = ("get", "post")
    limit: ClassVar[Limit] = WEBHOOKS
    counted_statuses: ClassVar[Mapping[str, frozenset[str]]] = {"POST": frozenset({"401", "429"})}
    provider: ClassVar[Provider]
    webhook: ClassVar[Webhook]

    def perform_authentication(self, request: Request) -> None:
        """Accept everybody. The signature is checked when the body has been read."""

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        """Answer in our one format, whatever the call accepts."""
        renderer = JSONRenderer()
        return renderer, renderer.media_type

    def post(self, request: Request, integration_id: str = "") -> HttpResponse:
        """Store the call, and answer without a body once it is stored."""
        call = Call(
            headers={name.lower(): value for name, value in request.headers.items()},
            body=_body_of(request._request, self.webhook.max_body_bytes),
            integration_id=integration_id,
        )
        try:
            receive(provider=self.provider.name, webhook=self.webhook, call=call)
        except CallRefused:
            self.usage = count(self.limit, [address_subject(address_of(request))])
            raise
        return HttpResponse(content_type=PLAIN)


class HandshakeView(WebhookView):
    """A view that also answers the handshake: the provider asks whether the address is ours."""

    def get(self, request: Request) -> HttpResponse:
        """Repeat the provider's challenge, if the provider knows the token.

        It is counted like any request without a token, because anybody can ask.
        """
        self.usage = count(STANDARD, [address_subject(address_of(request))])
        answer = answer_handshake(
            provider=self.provider.name, webhook=self.webhook, query=request.GET
        )
        return HttpResponse(answer, content_type=PLAIN)


def view_of(provider: Provider, *, names_integration: bool = False) -> type[WebhookView]:
    """Return the view of a provider with a webhook."""
    webhook = provider.webhook
    assert webhook is not None
    takes_handshakes = webhook.handshake is not None and not names_integration
    base = HandshakeView if takes_handshakes else WebhookView
    described: dict[str, Any] = {
        "post": docs.receive(provider, webhook, names_integration=names_integration)
    }
    if takes_handshakes:
        described["get"] = docs.handshake(provider)
    view = type(
        f"{provider.name.capitalize()}{base.__name__}",
        (base,),
        {"__doc__": base.__doc__, "provider": provider, "webhook": webhook},
    )
    return extend_schema_view(**described)(view)


def _body_of(request: HttpRequest, max_bytes: int) -> bytes:
    """Return the body as it came. Raises ParseError if it breaks off.

    `request.body` would refuse what is larger than `MAX_REQUEST_BODY_BYTES`. The middleware has
    bounded the body for this path.
    """
    try:
        return request.read(max_bytes)
    except UnreadablePostError as exc:
        raise ParseError("It breaks off.") from exc
