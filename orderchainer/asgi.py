"""HTTP and WebSocket for servers that speak ASGI (daphne)."""

from concurrent.futures import ThreadPoolExecutor

import django
from channels.routing import ProtocolTypeRouter
from django.apps import apps

from orderchainer.core.starting import read_settings

read_settings()

# Django is already set up if `manage.py serve` imports this, and then it has looked by itself.
has_looked = apps.ready
django.setup(set_prefix=False)

# The imports below read models, so they must wait until Django is set up.
from notifications.sockets.routing import websocket_application  # noqa: E402
from orderchainer.core.http.leaving import noting_who_leaves  # noqa: E402
from orderchainer.core.http.one_thread import OneThreadHandler  # noqa: E402
from orderchainer.operations import starting  # noqa: E402
from orderchainer.operations.heap import freeze_what_is_loaded  # noqa: E402

if not has_looked:
    # In a thread of its own, because some servers import this inside of their event loop.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(
            starting.require, starting.checks, starting.services, starting.schema
        ).result()

application = ProtocolTypeRouter(
    {"http": noting_who_leaves(OneThreadHandler()), "websocket": websocket_application}
)

freeze_what_is_loaded()
