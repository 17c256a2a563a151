"""`/api/discord/`: the caller's own integration."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller_of
from integrations.discord import services
from integrations.discord.api.chain import docs
from integrations.discord.api.chain.presentation import (
    DELETED,
    integration_body,
    integration_with_state_body,
    trial_body,
)
from integrations.discord.api.chain.serializers import (
    IntegrationChange,
    IntegrationInput,
)
from integrations.discord.queries import discord_webhook_of
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.views import SurfaceView


class DiscordView(SurfaceView):
    """The caller's Discord integration."""

    area = "discord"

    @docs.CREATE_INTEGRATION
    def post(self, request: Request) -> Response:
        """Connect the caller to a channel."""
        body = IntegrationInput(data=request.data)
        body.is_valid(raise_exception=True)
        assert body.address is not None
        webhook = services.create_discord_webhook(
            user=caller_of(request), address=body.address, fields=body.values
        )
        return Response(integration_body(webhook), status=201)

    @docs.GET_INTEGRATION
    def get(self, request: Request) -> Response:
        """Show the caller's integration."""
        webhook = discord_webhook_of(caller_of(request))
        return Response(integration_with_state_body(webhook))

    @docs.UPDATE_INTEGRATION
    def put(self, request: Request) -> Response:
        """Change only what the body contains."""
        caller = caller_of(request)
        body = read_changes(
            IntegrationChange,
            request.data,
            lambda: integration_with_state_body(discord_webhook_of(caller)),
            partial=True,
        )
        webhook = services.update_discord_webhook(
            user=caller,
            address=body.address,
            is_active=body.is_active_wanted,
            fields=body.values,
        )
        return Response(integration_body(webhook))

    @docs.PATCH_INTEGRATION
    def patch(self, request: Request) -> Response:
        """Change only what the body contains."""
        return self.put(request)

    @docs.DELETE_INTEGRATION
    def delete(self, request: Request) -> Response:
        """Disconnect the caller."""
        services.delete_discord_webhook(user=caller_of(request))
        return Response(DELETED)


class DiscordTestView(SurfaceView):
    """A test of the caller's webhook."""

    area = "discord"

    @docs.TRY_WEBHOOK
    def post(self, request: Request) -> Response:
        """Post a test message and tell what Discord answered."""
        trial = services.try_discord_webhook(user=caller_of(request))
        return Response(trial_body(trial))
