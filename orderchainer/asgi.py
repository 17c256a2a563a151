"""HTTP and WebSocket for servers that speak ASGI (daphne)."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")

application = ProtocolTypeRouter({"http": get_asgi_application()})
