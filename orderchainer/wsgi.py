"""HTTP for servers that speak WSGI (gunicorn in production)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")

application = get_wsgi_application()

# This import must wait until the apps are loaded.
from orderchainer.operations.heap import freeze_what_is_loaded  # noqa: E402

freeze_what_is_loaded()
