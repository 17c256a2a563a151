"""HTTP for servers that speak WSGI (gunicorn in production)."""

from django.core.wsgi import get_wsgi_application

from orderchainer.core.starting import read_settings

read_settings()

application = get_wsgi_application()

# This import must wait until the apps are loaded.
from orderchainer.operations.heap import freeze_what_is_loaded  # noqa: E402

freeze_what_is_loaded()
