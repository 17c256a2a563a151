"""The sandbox's Telegram, for tests."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from accounts.models import User
from integrations.inbound import working
from integrations.models import Integration
from integrations.models.integrations import sealed
from integrations.sandbox.faults import Fault
from integrations.sandbox.server import Sandbox
from integrations.sandbox.telegram import Bot, Sent, Telegram
from integrations.sandbox.wire import Request

SECRET = "our_secret-token"


class PretendTelegram:
    """The emulator, what it was asked, and what it posts to us."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (emulator,) = sandbox.emulators
        assert isinstance(emulator, Telegram)
        self.emulator = emulator
        # What each call to us was answered with.
        self.answers: list[int] = []

    @property
    def bot(self) -> Bot:
        """Our bot."""
        return self.emulator.bot

    @property
    def base(self) -> str:
        """What `TELEGRAM_API_BASE` must be."""
        return f"http://{self.sandbox.host}/telegram"

    def calls(self, match: str = "") -> list[Request]:
        """Every request so far whose path ends with `match`, oldest first."""
        return [each for each in self.sandbox.requests if each.path.endswith(match)]

    def sends(self) -> list[Any]:
        """The bodies of the requests to send a text, oldest first."""
        return [each.json() for each in self.calls("/sendMessage")]

    def seen(self, chat_id: int = 1111) -> list[str]:
        """What a person sees of what the bot sent, oldest first."""
        messages = self.emulator.messages
        return [each.text for each in messages if not each.is_inbound and each.chat_id == chat_id]

    def go_wrong(self, kind: Any, *, match: str = "/send", **fault: Any) -> None:
        """Have the next request go wrong; see `integrations.sandbox.faults`."""
        self.sandbox.faults.add(Fault(kind=kind, match=match, **fault))

    def write(self, text: str = "Where is my order?", user_id: int = 1111, **more: Any) -> Sent:
        """Have a person write, and let a worker work on what comes."""
        sent = self.emulator.write(user_id, text, **more)
        work()
        return sent

    def push(self, update: Mapping[str, Any], **more: Any) -> int | None:
        """Post an update, and let a worker work on it."""
        answered = self.emulator.push(update, **more)
        work()
        return answered

    def call_us(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int | None, float | None]:
        """Make a call of Telegram to us."""
        answer = Client().post(
            urlsplit(url).path, body, content_type="application/json", headers=dict(headers)
        )
        self.answers.append(answer.status_code)
        return answer.status_code, None


def work() -> None:
    """Let workers work on all deliveries that are due."""
    for delivery_id in working.due_deliveries():
        working.work_on(delivery_id)


def make_integration(telegram: PretendTelegram, owner: User, **overrides: Any) -> Integration:
    """Return an integration of the bot in the personal project of `owner`, with its webhook."""
    bot: Bot = overrides.pop("bot", telegram.bot)
    integration = Integration.objects.create(
        **{
            "project": owner.personal_project,
            "provider": "telegram",
            "account": str(bot.id),
            "account_name": f"@{bot.username}",
            "status": Integration.Status.CONNECTED,
            "config": {},
            "secrets": sealed({"bot_token": bot.token, "secret_token": SECRET}),
            "connected_by": owner,
            **overrides,
        }
    )
    bot.url = f"http://testserver/api/v1/webhooks/telegram/{integration.uuid}"
    bot.secret_token = SECRET
    return integration
