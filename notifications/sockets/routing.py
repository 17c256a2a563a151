"""The WebSocket paths, each with and without its trailing slash.

Channels uses ASGI applications where Django's patterns and their types expect views.
"""

from channels.routing import URLRouter
from django.urls import re_path

from notifications.sockets.consumers import nothing_here, own_notifications, project_events

websocket_application = URLRouter(
    [
        re_path(r"^ws/notifications/(?P<user_id>[^/]+)/?$", own_notifications),  # type: ignore[arg-type,list-item]
        re_path(r"^ws/projects/(?P<project_id>[^/]+)/?$", project_events),  # type: ignore[arg-type,list-item]
        re_path(r"", nothing_here),  # type: ignore[arg-type,list-item]
    ]
)
