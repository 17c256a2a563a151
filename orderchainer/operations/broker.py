"""Redis as Celery's broker, for workers that survive a restart of Redis.

When Redis goes away while a worker holds unacknowledged messages, kombu's channel tries to put them
back over the broken connection, and later to acknowledge them there. It raises an error that Celery
does not expect, and the worker ends. This channel drops such messages instead. Nothing is lost: a
message only asks a task to look at a row, and a sweep finds the row without it.
"""

from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """A channel that sends nothing once it is closed."""

    # kombu's flag: put unacknowledged messages back when the channel closes.
    do_restore = False

    def basic_ack(self, delivery_tag: Any, multiple: bool = False) -> None:
        """Acknowledge a message while the connection is open."""
        if not self.closed:
            super().basic_ack(delivery_tag, multiple)

    def basic_reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Reject a message while the connection is open."""
        if not self.closed:
            super().basic_reject(delivery_tag, requeue)


class Transport(redis.Transport):
    """The transport that `CELERY_BROKER_TRANSPORT` names, for `redis://` and `rediss://`."""

    Channel = Channel
