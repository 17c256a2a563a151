"""The channel layer of the embedded mode."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from channels.layers import InMemoryChannelLayer

# The server's loop takes a call over in a millisecond or so; past this it is stuck, or gone.
HAND_OVER_SECONDS = 5.0


class ThreadSafeInMemoryChannelLayer(InMemoryChannelLayer):
    """Channels' in-memory layer, for sends from a worker's thread too.

    The stock layer puts a message into an `asyncio.Queue`, which does not wake a loop that runs in
    another thread: a consumer hears it when something else wakes that loop, about a second later. Here
    the server names its loop with `bind`, and what is called from another loop is done on that one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._home: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop on which all consumers of this process run."""
        self._home = loop

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Put a message on a channel. Raises ChannelFull, or TimeoutError if the server's loop is gone."""
        await self._at_home(super().send(channel, message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Put a message on each channel of a group. Raises TimeoutError if the server's loop is gone."""
        await self._at_home(super().group_send(group, message))

    async def group_add(self, group: str, channel: str) -> None:
        """Let a channel hear a group."""
        await self._at_home(super().group_add(group, channel))

    async def group_discard(self, group: str, channel: str) -> None:
        """Let a channel hear a group no longer."""
        await self._at_home(super().group_discard(group, channel))

    async def _at_home(self, call: Coroutine[Any, Any, None]) -> None:
        if self._home is None or self._home is asyncio.get_running_loop():
            await call
            return
        handed_over = asyncio.run_coroutine_threadsafe(call, self._home)
        await asyncio.wait_for(asyncio.wrap_future(handed_over), HAND_OVER_SECONDS)
