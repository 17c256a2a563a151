"""The project: it composes the apps and decides nothing."""

from orderchainer.celery import app as celery_app

__all__ = ["celery_app"]
