"""The sandbox's WhatsApp, for tests."""

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django.test import Client

from accounts.models import User
from integrations.inbound import working
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed
from integrations.sandbox.faults import Fault
from integrations.sandbox.server import Sandbox
from integrations.sandbox.whatsapp import Customer, Number, WhatsApp
from integrations.sandbox.whatsapp.network import config_of
from integrations.sandbox.whatsapp.webhooks import CHALLENGE, value_about
from integrations.sandbox.wire import Request

CALLBACK = "http://testserver/api/v1/webhooks/whatsapp"
ADA = "US.13491208655302741918"


class PretendWhatsApp:
    """The emulator, what it was asked, and what it posts to us."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (emulator,) = sandbox.emulators
        assert isinstance(emulator, WhatsApp)
        self.emulator = emulator
        self.handshakes: list[str] = []
        self.number.callback = CALLBACK
        self.meet(ADA, "16505551234", "Ada", "ada1")

    @property
    def number(self) -> Number:
        """Our number."""
        return self.emulator.number

    @property
    def base(self) -> str:
        """What `WHATSAPP_API_BASE` must be."""
        return f"http://{self.sandbox.host}/whatsapp"

    def calls(self, match: str = "") -> list[Request]:
        """Every request so far whose path contains `match`, oldest first."""
        return [each for each in self.sandbox.requests if match in each.path]

    def sends(self) -> list[Any]:
        """The bodies of the requests to send something, oldest first."""
        return [each.json() for each in self.calls("/messages")]

    def go_wrong(self, kind: Any, *, match: str = "/messages", **fault: Any) -> None:
        """Have the next request go wrong; see `integrations.sandbox.faults`."""
        self.sandbox.faults.add(Fault(kind=kind, match=match, **fault))

    def refuse(self, code: int, status: int = 400) -> None:
        """Refuse what is sent from now on."""
        self.emulator.refuse_with, self.emulator.refuse_status = code, status

    def meet(self, user_id: str, wa_id: str = "", name: str = "", username: str = "") -> Customer:
        """Make a person."""
        customer = Customer(user_id, wa_id, name, username)
        self.emulator.customers[user_id] = customer
        return customer

    def write(self, text: str = "Where is my order?", *, user_id: str = ADA, **more: Any) -> str:
        """Have a person write, and let a worker work on what comes. Return the message's id."""
        id_ = self.emulator.write(user_id, text, **more)
        work()
        return id_

    def notify(self, *values: Mapping[str, Any], **more: Any) -> int | None:
        """Post a notification with these values, and let a worker work on it."""
        answered = self.emulator.notify(values, **more)
        work()
        return answered

    def call_us(
        self, url: str, method: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int | None, str]:
        """Make a call of WhatsApp to us.

        A handshake comes while we wait for an answer, in a thread that does not see this test's
        transaction. It is only noted; see `shake_hands`.
        """
        if method == "GET":
            self.handshakes.append(url)
            return 200, CHALLENGE
        answer = Client().post(
            urlsplit(url).path, body, content_type="application/json", headers=dict(headers)
        )
        if threading.current_thread() is not threading.main_thread():
            # It comes while we wait for an answer. A worker takes it up at once.
            work()
            connections.close_all()
        return answer.status_code, answer.content.decode()

    def shake_hands(self) -> tuple[int, str]:
        """Make the only handshake that was noted, and return the answer."""
        (url,) = self.handshakes
        parts = urlsplit(url)
        answer = Client().get(f"{parts.path}?{parts.query}")
        return answer.status_code, answer.content.decode()


def raw_value(whatsapp: PretendWhatsApp, *messages: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of a change with exactly these messages."""
    return value_about(whatsapp.number, messages=list(messages))


def work() -> None:
    """Let workers work on all deliveries that are due."""
    for delivery_id in working.due_deliveries():
        working.work_on(delivery_id)


def delivery() -> InboundDelivery:
    """Return the only delivery."""
    return InboundDelivery.objects.get()


def make_integration(whatsapp: PretendWhatsApp, owner: User, **overrides: Any) -> Integration:
    """Return an integration that connects the number to the personal project of `owner`."""
    number: Number = overrides.pop("number", whatsapp.number)
    config = config_of(number)
    shown = {name: config[name] for name in ("phone_number_id", "waba_id")}
    hidden = {name: value for name, value in config.items() if name not in shown}
    return Integration.objects.create(
        **{
            "project": owner.personal_project,
            "provider": "whatsapp",
            "account": number.id,
            "status": Integration.Status.CONNECTED,
            "config": shown,
            "secrets": sealed(hidden),
            "connected_by": owner,
            **overrides,
        }
    )
