"""A channel in the sandbox's Discord, for tests."""

from typing import Any

from integrations.sandbox.discord import Discord
from integrations.sandbox.faults import Fault
from integrations.sandbox.server import Sandbox
from integrations.sandbox.wire import Request


class Channel:
    """One webhook of the sandbox and the messages that it received."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (discord,) = sandbox.emulators
        assert isinstance(discord, Discord)
        self.discord = discord
        self.webhook = discord.make_webhook()

    @property
    def url(self) -> str:
        """The webhook's URL, as Discord's client would show it."""
        return f"http://{self.sandbox.host}{self.webhook.path}"

    @property
    def token(self) -> str:
        """The secret part of the URL."""
        return self.webhook.token

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages in the channel, oldest first."""
        return [
            message for message in self.discord.messages if message["webhook_id"] == self.webhook.id
        ]

    @property
    def calls(self) -> list[Request]:
        """Every request so far, accepted or not."""
        return self.sandbox.requests

    def delete(self) -> None:
        """Delete the webhook, as a person in Discord would."""
        self.discord.delete_webhook(self.webhook.id)

    def throttle(self, scope: str, *, seconds: float | None = None, times: int = 1) -> None:
        """Have the next `times` requests answered by a 429 for this scope."""
        self.discord.control(
            "POST", "throttle", {"scope": scope, "seconds": seconds, "times": times}
        )

    def go_wrong(self, **fault: Any) -> None:
        """Have the next request go wrong; see `integrations.sandbox.faults`."""
        self.sandbox.faults.add(Fault.from_json(fault))
