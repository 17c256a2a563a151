"""The channel layer of the embedded mode."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from channels.layers import InMemoryChannelLayer

# The server's loop normally takes over a call in about a millisecond. If it takes longer than this,
# it is stuck or gone.
HAND_OVER_SECONDS = 5.0


class ThreadSafeInMemoryChannelLayer(InMemoryChannelLayer):
    """Channels' in-memory layer, which workers' threads may also use.

    The stock layer puts a message into an `asyncio.Queue`. This does not wake a loop in another
    thread, so a consumer gets the message about a second later, when something else wakes that
    loop. Here the server names its loop with `bind`, and calls from other loops run on that loop.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._home: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the loop on which all consumers of this process run."""
        self._home = loop

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send a message to a channel.

        Raises ChannelFull, or TimeoutError if the server's loop is gone.
        """
        await self._at_home(super().send(channel, message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send a message to each channel of a group.

        Raises TimeoutError if the server's loop is gone.
        """
        await self._at_home(super().group_send(group, message))

    async def group_add(self, group: str, channel: str) -> None:
        """Add a channel to a group."""
        await self._at_home(super().group_add(group, channel))

    async def group_discard(self, group: str, channel: str) -> None:
        """Remove a channel from a group."""
        await self._at_home(super().group_discard(group, channel))

    async def _at_home(self, call: Coroutine[Any, Any, None]) -> None:
        if self._home is None or self._home is asyncio.get_running_loop():
            await call
            return
        handed_over = asyncio.run_coroutine_threadsafe(call, self._home)
        await asyncio.wait_for(asyncio.wrap_future(handed_over), HAND_OVER_SECONDS)
