"""The Celery application of all workers, beat and web processes."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")

app = Celery("orderchainer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
