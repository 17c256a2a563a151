"""Tell every process through the channel layer that something happened, without the content.

Worker threads call this after a commit. A caller never waits for the channel layer and never fails
with it: a separate thread with its own loop sends, over one lasting connection. A lost message is
logged; listeners find the news by themselves.
"""

import asyncio
import os
import threading
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog
from channels.layers import get_channel_layer

logger = structlog.get_logger(__name__)

# Every process that holds sockets has one channel in this group.
PUSH_GROUP = "push"
STREAM_ADVANCED = "stream.advanced"
CREDENTIALS_ENDED = "credentials.ended"
ACCESS_CHANGED = "access.changed"

SEND_SECONDS = 5.0

# Whose access changed, and where: the ids of a user and of a project, None for any.
Access = tuple[int | None, int | None]


class Announcer:
    """Sends to `PUSH_GROUP` from any thread.

    Positions that come during a send are merged into one.
    """

    def __init__(self) -> None:
        self.forget_thread()

    def forget_thread(self) -> None:
        """Reset everything; the next message starts a new thread. A forked process needs this."""
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        # Only the loop's thread uses the attributes below.
        self._position = 0
        self._ended: set[str] = set()
        self._changed: set[Access] = set()
        self._sending: asyncio.Task[None] | None = None

    def stream_advanced(self, position: int) -> None:
        """Announce that the stream has reached `position`."""
        self._home().call_soon_threadsafe(self._note_position, position)

    def credentials_ended(self, credential_ids: Iterable[UUID]) -> None:
        """Announce that these sessions or API tokens have ended."""
        ended = [str(credential_id) for credential_id in credential_ids]
        self._home().call_soon_threadsafe(self._note_ended, ended)

    def access_changed(self, user_id: int | None, project_id: int | None) -> None:
        """Announce that this user's access to this project has changed; None stands for any."""
        self._home().call_soon_threadsafe(self._note_changed, (user_id, project_id))

    def _home(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_run_for_ever,
                    args=[self._loop],
                    name="push-announcer",
                    daemon=True,
                ).start()
            return self._loop

    def _note_position(self, position: int) -> None:
        self._position = max(self._position, position)
        self._send_soon()

    def _note_ended(self, credential_ids: Iterable[str]) -> None:
        self._ended.update(credential_ids)
        self._send_soon()

    def _note_changed(self, access: Access) -> None:
        self._changed.add(access)
        self._send_soon()

    def _send_soon(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_noted())

    async def _send_noted(self) -> None:
        while self._position or self._ended or self._changed:
            if self._ended:
                ended, self._ended = sorted(self._ended), set()
                await _send({"type": CREDENTIALS_ENDED, "credential_ids": ended})
            if self._changed:
                changed, self._changed = self._changed, set()
                await _send({"type": ACCESS_CHANGED, "access": list(map(list, changed))})
            if self._position:
                position, self._position = self._position, 0
                await _send({"type": STREAM_ADVANCED, "position": position})


def _run_for_ever(loop: asyncio.AbstractEventLoop) -> None:
    """Run `loop`. Log whatever interrupts it and restart it, because its end would go unnoticed."""
    while True:
        try:
            loop.run_forever()
        except BaseException:
            logger.exception("push_announcer_interrupted")


async def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    assert layer is not None
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await layer.group_send(PUSH_GROUP, message)
    except Exception:
        # Any error of the layer: every listener polls, so this causes a delay and no loss.
        logger.exception("push_wakeup_lost", kind=message["type"])


announcer = Announcer()


# A fork copies memory but not threads: the child has the parent's loop and no thread that runs it.
os.register_at_fork(after_in_child=announcer.forget_thread)
