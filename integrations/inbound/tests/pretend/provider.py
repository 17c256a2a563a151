"""The line of the registry leads here."""

import base64
from collections.abc import Callable, Mapping, Sequence

from integrations.contracts import Call, Webhook
from integrations.models import InboundDelivery
from integrations.providers import Provider
from integrations.signatures import hmac_sha256, is_same

SECRET = "shpss_test_secret"
SHOP = "ada.example.com"


class Handler:
    """Handles deliveries as the test says; remembers which ones it got."""

    def __init__(self) -> None:
        self.does: Callable[[InboundDelivery], None] = lambda delivery: None
        self.got: list[int] = []

    def __call__(self, delivery: InboundDelivery) -> None:
        self.got.append(delivery.pk)
        self.does(delivery)


handler = Handler()


def signature_of(body: bytes, secret: str = SECRET) -> str:
    """Return the signature as the provider sends it."""
    return base64.b64encode(hmac_sha256(secret, body)).decode()


def accounts(call: Call) -> Sequence[str]:
    """Return the shop of the header."""
    return [call.headers.get("x-shop", "")]


def verifies(call: Call, secrets: Mapping[str, str]) -> bool:
    """Compare the signature of the header."""
    secret = secrets.get("api_secret", "")
    return bool(secret) and is_same(
        signature_of(call.body, secret), call.headers.get("x-hmac-sha256", "")
    )


def keys(call: Call) -> tuple[str, str]:
    """Return the id of the delivery, and that of the event behind it."""
    return call.headers.get("x-webhook-id", ""), call.headers.get("x-event-id", "")


PROVIDER = Provider(
    name="pretend",
    webhook=Webhook(
        max_body_bytes=3 * 1024 * 1024,
        kept_headers=("x-topic", "x-shop", "x-webhook-id"),
        accounts=accounts,
        verifies=verifies,
        topic=lambda call: call.headers.get("x-topic", ""),
        keys=keys,
        handle=lambda delivery: handler(delivery),
        despite_pause=frozenset({"privacy"}),
    ),
)
