"""The Celery application of all workers, beat and web processes."""

import os
from typing import Any

from celery import Celery
from celery.loaders.app import AppLoader

from orderchainer.core.starting import read_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")


class Loader(AppLoader):
    """Celery's loader, which ends a worker or beat with a sentence if settings are wrong."""

    def config_from_object(self, obj: Any, silent: bool = False) -> Any:
        """Read the settings. Celery calls it when it first needs one."""
        read_settings()
        return super().config_from_object(obj, silent)


app = Celery("orderchainer", loader="orderchainer.celery:Loader")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
