"""The stream's last position, and the lock under which it grows."""

from orders.stream.models import EventStream


def lock_stream() -> EventStream:
    """Let one relay at a time extend the stream; held until the transaction ends."""
    stream, _ = EventStream.objects.select_for_update(no_key=True).get_or_create(pk=1)
    return stream
