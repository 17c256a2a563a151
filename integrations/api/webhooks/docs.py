"""The schema's description of the paths that providers call."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from integrations.contracts import Webhook
from integrations.errors import CallRefused, HandshakeRefused
from integrations.providers import Provider, label_of
from orderchainer.core.http.schema import JSON, errors_of, request_example

INTEGRATION_ID = OpenApiParameter(
    "integration_id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The integration that the call is for.",
)


def receive(provider: Provider, webhook: Webhook, *, names_integration: bool) -> Any:
    """Describe the call of a provider."""
    name, label = provider.name, label_of(provider.name)
    of_one = " of one integration" if names_integration else ""
    return extend_schema(
        operation_id=f"hub_receive_{name}_webhook{'_of_integration' if names_integration else ''}",
        summary=f"Take a call of {label}{of_one}",
        description=(
            f"{webhook.description}\n\n"
            "The answer comes when the call is stored, and has no body. What it means is worked on "
            "afterwards. A repeat of a call changes nothing and gets the same answer.\n\n"
            f"A body may have {webhook.max_body_bytes} bytes. Only refused calls are counted, by "
            "address."
        ),
        parameters=[INTEGRATION_ID] if names_integration else [],
        request={JSON: OpenApiTypes.OBJECT},
        responses={
            200: OpenApiResponse(description="The call is stored, or was stored before."),
            **errors_of("hub", CallRefused()),
        },
        examples=[request_example(name, value) for name, value in webhook.examples.items()],
    )


def handshake(provider: Provider) -> Any:
    """Describe the handshake, which asks whether an address is ours."""
    return extend_schema(
        operation_id=f"hub_verify_{provider.name}_webhook",
        summary=f"Answer the handshake of {label_of(provider.name)}",
        description=(
            "The provider asks whether this address is ours before it sends calls here. If the "
            "token is the one of a connected account, the answer repeats the challenge as text."
        ),
        parameters=[
            OpenApiParameter("hub.mode", OpenApiTypes.STR, description="`subscribe`"),
            OpenApiParameter("hub.verify_token", OpenApiTypes.STR, description="Your token."),
            OpenApiParameter("hub.challenge", OpenApiTypes.STR, description="The text to repeat."),
        ],
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            **errors_of("hub", HandshakeRefused()),
        },
        examples=[
            OpenApiExample(
                "The challenge",
                value="1158201444",
                response_only=True,
                media_type="text/plain",
                status_codes=["200"],
            )
        ],
    )
