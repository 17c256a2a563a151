"""A channel of the sandbox's Discord, as tests see it."""

from typing import Any

from integrations.sandbox.discord import Discord
from integrations.sandbox.faults import Fault
from integrations.sandbox.server import Sandbox
from integrations.sandbox.wire import Request


class Channel:
    """One webhook of the sandbox and what came in by it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (discord,) = sandbox.emulators
        assert isinstance(discord, Discord)
        self.discord = discord
        self.webhook = discord.make_webhook()

    @property
    def url(self) -> str:
        """The webhook's URL, as Discord's own client would show it."""
        return f"http://{self.sandbox.host}{self.webhook.path}"

    @property
    def token(self) -> str:
        """The secret part of the URL."""
        return self.webhook.token

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What stands in the channel, oldest first."""
        return [
            message
            for message in self.discord.messages
            if message["webhook_id"] == self.webhook.id
        ]

    @property
    def calls(self) -> list[Request]:
        """Every request so far, accepted or not."""
        return self.sandbox.requests

    def delete(self) -> None:
        """Delete the webhook, as somebody in Discord would."""
        self.discord.delete_webhook(self.webhook.id)

    def go_wrong(self, **fault: Any) -> None:
        """Have the next request go wrong; see `integrations.sandbox.faults`."""
        self.sandbox.faults.add(Fault.from_json(fault))
