"""`manage.py openapi`: write the OpenAPI document of all surfaces."""

from typing import Any

from django.core.management.base import BaseCommand

from orderchainer.operations.documentation import document


class Command(BaseCommand):
    """Write the document."""

    help = "Write the OpenAPI document to standard output, the same as at /openapi.json."
    # It depends only on the code.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, without a line break at its end."""
        self.stdout.write(document().body.decode(), ending="")
