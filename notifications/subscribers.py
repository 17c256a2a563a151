"""What push does when the apps below announce something: pass the word on, nothing more."""

from collections.abc import Sequence
from uuid import UUID

from accounts.events import access_changed, credentials_ended
from notifications.wakeups import announcer
from orders.stream.subscribers import stream_advanced


def wake_listeners(*, position: int, **signal: object) -> None:
    """The relay has given events their positions."""
    announcer.stream_advanced(position)


def close_sockets_of(*, credential_ids: Sequence[UUID], **signal: object) -> None:
    """Sessions or API tokens have ended, and with them every socket they opened."""
    announcer.credentials_ended(credential_ids)


def doubt_sockets_of(
    *, user_id: int | None, project_id: int | None, **signal: object
) -> None:
    """Somebody may do something else than before, and some sockets may have to go."""
    announcer.access_changed(user_id, project_id)


def connect() -> None:
    """Listen to the apps below. Safe to call twice."""
    stream_advanced.connect(wake_listeners, dispatch_uid="notifications.wake_listeners")
    credentials_ended.connect(
        close_sockets_of, dispatch_uid="notifications.close_sockets_of"
    )
    access_changed.connect(
        doubt_sockets_of, dispatch_uid="notifications.doubt_sockets_of"
    )
