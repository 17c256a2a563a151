"""The Celery tasks of the catalogue."""

from celery import shared_task

from catalog import services


@shared_task(name="catalog.sweep_pictures")
def sweep_pictures() -> None:
    """Delete the pictures that a crash left without a product. Runs daily; may run twice."""
    services.sweep_pictures()
