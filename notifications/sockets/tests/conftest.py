"""A clean stream, a channel layer bound to the test's loop, and the service on its database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from channels.layers import channel_layers, get_channel_layer
from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.tests.factories import make_staff, make_user
from accounts.tests.projects import Team, make_team
from integrations.sandbox.server import Sandbox
from integrations.sandbox.shopify import Shopify
from notifications.sockets.layers import ThreadSafeInMemoryChannelLayer
from notifications.sockets.tests.factories import in_thread
from orderchainer.testing.servers import (
    Service,
    free_port,
    plenty,
    running,
    services_of_this_test,
)
from orders.stream.models import EventStream

CELERY = ("-m", "celery", "--app", "orderchainer")
GUNICORN = (
    *("-m", "gunicorn", "orderchainer.wsgi", "--no-control-socket"),
    *("--worker-class", "gthread", "--threads", "4"),
)


@pytest.fixture
async def live(transactional_db: None) -> AsyncIterator[None]:
    """Run a test like a server: rows are committed, and the channel layer is bound to the loop.

    So worker threads and sockets see each other.
    """
    # A transactional test empties all tables, so this row has to be made again.
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
    """A member of the staff who may view orders."""
    return await in_thread(make_staff, "view_order")


@pytest.fixture
async def team(live: None) -> Team:
    """A project with a member in each role."""
    return await in_thread(make_team)


@dataclass(frozen=True)
class Shop:
    """The service as seen from outside: a port for HTTP and one for WebSockets."""

    http: str
    websockets: str
    processes: tuple[Service, ...]


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path) -> Iterator[Shop]:
    """The whole service on this test's database; see `serving`."""
    with serving(tmp_path) as shop:
        yield shop


@pytest.fixture
def shop_and_shopify(transactional_db: None, tmp_path: Path) -> Iterator[tuple[Shop, Shopify]]:
    """The same, with a pretend Shopify that it asks and that posts its webhooks to it."""
    shopify = Shopify()
    with (
        Sandbox(shopify) as sandbox,
        serving(tmp_path, SHOPIFY_API_BASE=f"http://{sandbox.host}/shopify/{{shop}}") as shop,
    ):
        shopify.shop.listener = f"{shop.http}/api/v1/webhooks/shopify"
        yield shop, shopify


@contextmanager
def serving(tmp_path: Path, **variables: str) -> Iterator[Shop]:
    """Run the whole service on the test's database, with a separate port for WebSockets.

    On PostgreSQL and Redis it runs as in production: gunicorn, daphne and a worker. On SQLite it
    runs in the embedded mode, as one process.
    """
    EventStream.objects.get_or_create(pk=1)
    http, websockets = free_port(), free_port()
    environment = {"PORT": str(http), "WS_PORT": str(websockets), **plenty(), **variables}
    with ExitStack() as stack:

        def start(name: str, *command: str, **more: str) -> Service:
            variables = {**environment, **more}
            return stack.enter_context(running(*command, directory=tmp_path / name, **variables))

        if connection.vendor == "sqlite" or not settings.REDIS_URL:
            file = connection.settings_dict["NAME"]
            started = [start("serve", "manage.py", "serve", DATABASE_URL=f"sqlite:///{file}")]
        else:
            environment |= services_of_this_test()
            started = [
                start("worker", *CELERY, "worker", "--concurrency", "1"),
                start("daphne", "manage.py", "serve", PORT=str(websockets)),
                start("web", *GUNICORN, "--bind", f"127.0.0.1:{http}"),
            ]
        for service in started[-2:]:
            service.wait_for("/healthz")
        yield Shop(f"http://127.0.0.1:{http}", f"ws://127.0.0.1:{websockets}", tuple(started))
