"""HTTP and WebSocket for servers that speak ASGI (daphne)."""

import django
from channels.routing import ProtocolTypeRouter

from orderchainer.core.starting import read_settings

read_settings()

django.setup(set_prefix=False)

# The imports below read models, so they must wait until Django is set up.
from notifications.sockets.routing import websocket_application  # noqa: E402
from orderchainer.core.http.leaving import noting_who_leaves  # noqa: E402
from orderchainer.core.http.one_thread import OneThreadHandler  # noqa: E402
from orderchainer.operations.heap import freeze_what_is_loaded  # noqa: E402

application = ProtocolTypeRouter(
    {"http": noting_who_leaves(OneThreadHandler()), "websocket": websocket_application}
)

freeze_what_is_loaded()
