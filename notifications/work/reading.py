"""Tell providers that we have read a message. The person who wrote it then sees a mark."""

import structlog

from notifications.channels import CHANNELS
from notifications.models import LinePause, Message
from notifications.work.pausing import pausable

logger = structlog.get_logger(__name__)


def tell_read(message_id: int) -> None:
    """Tell the provider of a message that we have read it. We try once: a failure does no harm."""
    message = Message.objects.filter(pk=message_id, is_read=True).first()
    channel = CHANNELS.get(message.channel) if message else None
    if message is None or channel is None or channel.mark_read is None:
        return
    try:
        with pausable(message.line, LinePause.Call.SEND):
            channel.mark_read(message.line, message.provider_id)
    except Exception as exc:  # noqa: BLE001 (a provider's package may raise anything)
        logger.info("read_not_told", message=message.pk, error=type(exc).__name__)
