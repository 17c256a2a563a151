"""Answer a provider that asks whether an address is ours, before it sends anything there."""

from collections.abc import Mapping

import structlog
from django.utils import timezone

from integrations.contracts import Webhook
from integrations.errors import HandshakeRefused
from integrations.models import Integration
from orderchainer.core.encryption import Undecryptable

logger = structlog.get_logger(__name__)

# Each costs a decryption, and strangers may ask.
MAX_INTEGRATIONS = 500


def answer_handshake(*, provider: str, webhook: Webhook, query: Mapping[str, str]) -> str:
    """Return the text to answer with, if the query fits the secrets of an open integration.

    The query names no account, so it is compared with every one, the newest first. Raises
    `HandshakeRefused`.
    """
    assert webhook.handshake is not None
    now = timezone.now()
    answer: str | None = None
    integrations = Integration.objects.filter(provider=provider).open().order_by("-pk")
    for integration in integrations[:MAX_INTEGRATIONS]:
        try:
            versions = integration.reveal_versions(now)
        except Undecryptable as exc:
            logger.error("integration_unreadable", integration=integration.pk, error=str(exc))
            continue
        for version in versions:
            # The loop goes on after a match, so that the time does not tell which one it was.
            answer = webhook.handshake(query, version) or answer
    if answer is None:
        raise HandshakeRefused
    return answer
