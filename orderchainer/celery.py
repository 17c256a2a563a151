"""The Celery application that every worker, beat and web process shares."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")

# Addresses of Redis lead to the channel that outlives it.
TRANSPORT_ALIASES |= dict.fromkeys(
    ("redis", "rediss"), "orderchainer.operations.broker:Transport"
)

app = Celery("orderchainer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
