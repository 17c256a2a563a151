"""The control for a server: `benchmarks.control.wsgi:application`."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
