"""A clean stream and a channel layer of this test's loop."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from channels.layers import channel_layers, get_channel_layer

from accounts.models import User
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_team
from notifications.layers import ThreadSafeInMemoryChannelLayer
from notifications.tests.factories import in_thread
from orders.models import EventStream


@pytest.fixture
async def live(transactional_db: None) -> AsyncIterator[None]:
    """Let worker threads and sockets meet, as in a server: committed rows, a bound channel layer."""
    # Emptied with all tables after each test of this kind.
    await in_thread(EventStream.objects.get_or_create, pk=1)
    channel_layers.backends.clear()
    layer = get_channel_layer()
    if isinstance(layer, ThreadSafeInMemoryChannelLayer):
        layer.bind(asyncio.get_running_loop())
    yield
    channel_layers.backends.clear()


@pytest.fixture
async def ada(live: None) -> User:
    """A user."""
    return await in_thread(make_user)


@pytest.fixture
async def bob(live: None) -> User:
    """Another user."""
    return await in_thread(make_user)


@pytest.fixture
async def staff(live: None) -> User:
    """A member of the staff."""
    return await in_thread(make_user, is_staff=True)


@pytest.fixture
async def team(live: None) -> Team:
    """A project with somebody in each role."""
    return await in_thread(make_team)
