"""HTTP and WebSocket for servers that speak ASGI (daphne)."""

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from orderchainer.core.starting import read_settings

read_settings()

django_application = get_asgi_application()

# The imports below read models, so they must wait until Django is set up.
from notifications.sockets.routing import websocket_application  # noqa: E402
from orderchainer.core.http.leaving import noting_who_leaves  # noqa: E402
from orderchainer.operations.heap import freeze_what_is_loaded  # noqa: E402

application = ProtocolTypeRouter(
    {"http": noting_who_leaves(django_application), "websocket": websocket_application}
)

freeze_what_is_loaded()
