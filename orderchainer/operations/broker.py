"""Redis as the broker of tasks, for workers that outlive it.

When Redis goes while a worker has messages that it has not acknowledged, kombu's own channel tries to put
them back, and later to acknowledge them, over the connection that broke; it fails in a way that Celery does
not expect, and the worker ends. Here a channel lets go of what came over a lost connection. Nothing is lost
with it: a message only asks to look at a row, and a sweep finds the row.
"""

from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """A channel that owes nothing to the broker once it is closed."""

    # The flag of kombu's virtual channels for putting back what was not acknowledged.
    do_restore = False

    def basic_ack(self, delivery_tag: Any, multiple: bool = False) -> None:
        """Acknowledge a message of an open connection."""
        if not self.closed:
            super().basic_ack(delivery_tag, multiple)

    def basic_reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Refuse a message of an open connection."""
        if not self.closed:
            super().basic_reject(delivery_tag, requeue)


class Transport(redis.Transport):
    """What `orderchainer.celery` takes `redis://` and `rediss://` for."""

    Channel = Channel
