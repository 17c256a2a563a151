"""Take a call of a provider: verify it, store it, wake a worker. All before the answer."""

import hashlib
from collections.abc import Sequence

import structlog
from django.db import IntegrityError

from integrations.contracts import Call, Webhook
from integrations.errors import CallRefused
from integrations.inbound.storing import store_new
from integrations.inbound.tasks import work_on_delivery
from integrations.inbound.verifying import integrations_that_sign
from integrations.models import InboundDelivery
from integrations.models.deliveries import MAX_ABOUT_LENGTH, MAX_KEY_LENGTH, MAX_TOPIC_LENGTH
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.measures import Counter
from orderchainer.core.printable import printable

security_log = structlog.get_logger("security")

MAX_HEADER_LENGTH = 500

CALLS = Counter(
    "orderchainer_webhook_calls_total",
    "Calls of providers, by provider and outcome (stored, repeated, refused).",
    ["provider", "outcome"],
)


def receive(*, provider: str, webhook: Webhook, call: Call) -> Sequence[InboundDelivery]:
    """Store a call for each integration whose secrets sign it, and return what is new.

    A repeat of a stored call stores nothing. Twenty copies of a call at once store one row. Taking
    a call costs one query and one insert. Raises `CallRefused` if the call has no valid signature.
    The error never says more.
    """
    signing = integrations_that_sign(provider, webhook, call)
    if not signing:
        CALLS.labels(provider, "refused").inc()
        security_log.warning("webhook_refused", provider=provider)
        raise CallRefused
    topic = _short(webhook.topic(call), MAX_TOPIC_LENGTH)
    key, second_key = map(_key, webhook.keys(call))
    # A call without a key of its own is recognised by its bytes.
    key = key or hashlib.sha256(topic.encode() + b"\n" + call.body).hexdigest()
    about = _short(webhook.about(call), MAX_ABOUT_LENGTH)
    headers = {
        name: _short(call.headers[name], MAX_HEADER_LENGTH)
        for name in webhook.kept_headers
        if name in call.headers
    }
    try:
        stored = store_new(
            [
                InboundDelivery(
                    integration=integration,
                    topic=topic,
                    key=key,
                    second_key=second_key,
                    about=about,
                    headers=headers,
                    body=call.body,
                )
                for integration in signing
            ]
        )
    except IntegrityError as exc:
        # An integration was deleted at this moment, so its account is no longer connected.
        raise CallRefused from exc
    CALLS.labels(provider, "stored").inc(len(stored))
    CALLS.labels(provider, "repeated").inc(len(signing) - len(stored))
    for delivery in stored:
        # The task's lines in the log have the id of this request.
        nudge_on_commit(work_on_delivery, delivery.pk)
    return stored


def _short(text: str, length: int) -> str:
    """Return a text from outside in a form that the database can keep."""
    return printable(text)[:length]


def _key(text: str) -> str:
    """Return a key that the database can keep, and that differs where the given keys differ."""
    if len(text) <= MAX_KEY_LENGTH and text.isprintable():
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
