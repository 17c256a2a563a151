"""The people, numbers and messages of the emulated WhatsApp, and what it tells the service."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.whatsapp import webhooks
from integrations.sandbox.whatsapp.phones import RANKS, WINDOW_SECONDS, Customer, Number, Sent

# The smallest PNG that there is. A file contains this unless the message names another one.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
SWITCHES: Mapping[str, type] = {
    "statuses": list,  # which are told after each send, in this order
    "statuses_first": bool,  # tell them before the send is answered
    "window": str,  # "sync" refuses outside the window, "async" fails the message later
    "pair_limit": bool,  # one message to a person in six seconds
    "refuse_with": int,  # a code with which the next sends are refused, 0 for none
    "refuse_status": int,
}


def default_number() -> Number:
    """Return the ready-made number. It is the same at each start."""
    return Number(
        id="106540352242922",
        display="+1 555-078-3881",
        name="Aurora Workshop",
        waba_id="102290129340398",
        access_token="EAAsandbox0access0token0of0the0pretend0WhatsApp",
        app_secret="5f1c0b7e9a3d4c6f8e2b1a0d9c8b7a6f",
        verify_token="sandbox-verify-token",
    )


class Network:
    """Who writes to whom, and what became of it."""

    def __init__(self, *, is_for_people: bool = False, clock: Callable[[], float] = time.time):
        self.lock = threading.RLock()
        self._is_for_people = is_for_people
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget everything, and begin with one number. For people, there is one customer too."""
        with self.lock:
            number = default_number()
            self.numbers = {number.id: number}
            self.customers: dict[str, Customer] = {}
            self.messages: list[Sent] = []
            self.files: dict[str, tuple[bytes, str]] = {}
            self.passed = 0.0
            self.statuses: list[str] = []
            self.statuses_first = False
            self.window = "sync"
            self.pair_limit = False
            self.refuse_with, self.refuse_status = 0, 400
            self._ids = itertools.count(1)
            # What the receiver answered to each notification.
            self.answers: list[int | None] = []
            if self._is_for_people:
                self.statuses = ["sent", "delivered"]
                # The customer who ordered #1001 in the pretend shop.
                self.customers["US.13491208655302741918"] = Customer(
                    "US.13491208655302741918", "12125550000", "Kwame Lovelace", "kwame.l"
                )

    @property
    def number(self) -> Number:
        """The first number."""
        return next(iter(self.numbers.values()))

    def now(self) -> float:
        """Return the time, plus what the control plane let pass."""
        return self._clock() + self.passed

    def keep_file(self, content: bytes, media_type: str) -> str:
        """Keep a file and return its id."""
        with self.lock:
            id_ = str(1_000_000_000 + next(self._ids))
            self.files[id_] = (content, media_type)
        return id_

    def is_open(self, number: Number, customer: Customer) -> bool:
        """Tell whether the business may write freely to the person."""
        return self.now() - customer.wrote_at.get(number.id, 0) < WINDOW_SECONDS

    def new_id(self) -> str:
        """Return an id for a message."""
        return f"wamid.HBgL{next(self._ids):08d}"

    # --- Telling ------------------------------------------------------------------------------

    def tell(self, sent: Sent, statuses: Sequence[str], *, error_code: int = 131026) -> None:
        """Post a notification for each of these statuses of a message, in this order."""
        for status in statuses:
            with self.lock:
                self._advance(sent, status, error_code)
                told = webhooks.status_of(sent, status, self.now(), error_code=error_code)
            self.notify([webhooks.value_about(sent.number, statuses=[told])], number=sent.number)

    def _advance(self, sent: Sent, status: str, error_code: int) -> None:
        if status == "failed":
            sent.status, sent.error_code = status, error_code
        elif status in RANKS and RANKS.index(status) > _rank(sent.status):
            sent.status = status

    def notify(
        self,
        values: Sequence[Mapping[str, Any]],
        *,
        field: str = "messages",
        signed: str = "good",
        number: Number | None = None,
    ) -> int | None:
        """Post one notification with these values; return the status of the answer."""
        number = number or self.number
        return self.notify_body(
            webhooks.body_of(number.waba_id, values, field), number=number, signed=signed
        )

    def notify_body(
        self, body: bytes, *, number: Number | None = None, signed: str = "good"
    ) -> int | None:
        """Post exactly these bytes, signed; return the status of the answer."""
        number = number or self.number
        if not number.callback:
            return None
        answered = webhooks.post(number, body, signed=signed)
        with self.lock:
            self.answers.append(answered)
        return answered

    def write(
        self,
        user_id: str,
        text: str = "",
        *,
        type: str = "text",
        content: Mapping[str, Any] | None = None,
        number: str = "",
        ago: float = 0,
        signed: str = "good",
        reply_to: str = "",
        times: int = 1,
        name_only: bool = False,
    ) -> str:
        """Have a person write, and post it as often as `times`. Return the message's id.

        With `name_only` the notification names the person by the user id alone.
        """
        with self.lock:
            ours = self.numbers[number] if number else self.number
            customer = self.customers[user_id]
            at = self.now() - ago
            told = dict(content or {"body": text})
            if type in {"image", "document", "audio", "video", "sticker"} and "id" not in told:
                told["id"] = self.keep_file(PICTURE, str(told.get("mime_type", "image/png")))
            sent = Sent(
                id=self.new_id(),
                number=ours,
                customer=customer,
                type=type,
                content={type: told},
                at=at,
                reply_to=reply_to,
                is_inbound=True,
            )
            customer.wrote_at[ours.id] = max(at, customer.wrote_at.get(ours.id, 0))
            self.messages.append(sent)
            value = self._told(sent, hides_number=name_only)
        for _ in range(times):
            self.notify([value], number=ours, signed=signed)
        return sent.id

    def _told(self, sent: Sent, *, hides_number: bool) -> dict[str, Any]:
        contact = dict(sent.customer.contact)
        message: dict[str, Any] = {
            "from": sent.customer.wa_id,
            "from_user_id": sent.customer.user_id,
            "id": sent.id,
            "timestamp": str(int(sent.at)),
            "type": sent.type,
            **sent.content,
        }
        if hides_number or not sent.customer.wa_id:
            contact.pop("wa_id", None)
            message.pop("from")
        if sent.reply_to:
            message["context"] = {"from": sent.number.display, "id": sent.reply_to}
        return webhooks.value_about(sent.number, contacts=[contact], messages=[message])

    def switch(self, name: str, value: Any) -> None:
        """Set a switch; see SWITCHES. Raises ValueError."""
        if name not in SWITCHES or not isinstance(value, SWITCHES[name]):
            raise ValueError(f"there are the switches {', '.join(SWITCHES)}")
        setattr(self, name, value)

    def sent(self, id_: str) -> Sent:
        """Return a message by its id. Raises KeyError."""
        for each in self.messages:
            if each.id == id_:
                return each
        raise KeyError(id_)


def config_of(number: Number) -> dict[str, str]:
    """Return what people paste to connect a number."""
    return {
        "access_token": number.access_token,
        "phone_number_id": number.id,
        "app_secret": number.app_secret,
        "verify_token": number.verify_token,
        "waba_id": number.waba_id,
    }


def add_number(whatsapp: Network, id_: str, **changes: str) -> Number:
    """Add another number of the same app and business; `changes` replace parts of it."""
    number = Number(**{**vars(whatsapp.number), "id": id_, **changes})
    whatsapp.numbers[id_] = number
    return number


def _rank(status: str) -> int:
    return RANKS.index(status) if status in RANKS else -1
