"""Pass on what the apps below announce: to processes with sockets, to people and to workers.

Nothing more.
"""

from collections.abc import Sequence
from uuid import UUID

from accounts.events import access_changed, credentials_ended
from notifications.sockets.wakeups import announcer
from notifications.tasks import release_conversations
from notifications.work import noticing, telling
from orderchainer.core.background import nudge
from orders.stream.subscribers import Subscriber, stream_advanced, subscribe


def wake_listeners(*, position: int, **signal: object) -> None:
    """Pass on that the relay has given events their positions."""
    announcer.stream_advanced(position)


def close_sockets_of(*, credential_ids: Sequence[UUID], **signal: object) -> None:
    """Pass on that sessions or API tokens have ended; their sockets close."""
    announcer.credentials_ended(credential_ids)


def doubt_sockets_of(*, user_id: int | None, project_id: int | None, **signal: object) -> None:
    """Pass on that someone's access has changed; some sockets may have to close."""
    announcer.access_changed(user_id, project_id)


def release_what_is_left_behind(
    *, user_id: int | None, project_id: int | None, **signal: object
) -> None:
    """Have a worker assign a person's conversations to nobody, if they answer no more customers.

    If the nudge is lost, the daily sweep does it.
    """
    if user_id is not None:
        nudge(release_conversations, *([] if project_id is None else [project_id]))


def connect() -> None:
    """Listen to the apps below. Safe to call twice."""
    subscribe(Subscriber(telling.SUBSCRIBER, wants=telling.wants, deliver=telling.deliver))
    subscribe(Subscriber(noticing.SUBSCRIBER, wants=noticing.wants, deliver=noticing.deliver))
    stream_advanced.connect(wake_listeners, dispatch_uid="notifications.wake_listeners")
    credentials_ended.connect(close_sockets_of, dispatch_uid="notifications.close_sockets_of")
    access_changed.connect(doubt_sockets_of, dispatch_uid="notifications.doubt_sockets_of")
    access_changed.connect(
        release_what_is_left_behind, dispatch_uid="notifications.release_conversations"
    )
