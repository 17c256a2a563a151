"""The facts that accounts announce.

Lesser facts than an order's: they are signals and not rows. Who misses one finds the truth by asking
`accounts.queries.still_open`.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

# Sent with `user_id: int` and `session_ids: list[UUID]` once the end of these sessions is committed:
# a logout, a changed password, a deactivated user, a refresh token used twice.
sessions_ended = Signal()


def announce_ended_sessions(*, user_id: int, session_ids: Sequence[UUID]) -> None:
    """Send `sessions_ended` after the commit; a listener that fails is logged and harms nobody."""
    ended = list(session_ids)
    if ended:
        transaction.on_commit(
            lambda: sessions_ended.send_robust(
                sender=None, user_id=user_id, session_ids=ended
            )
        )
