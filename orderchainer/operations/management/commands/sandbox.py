"""`manage.py sandbox`: play Discord, Shopify and the other providers on SANDBOX_PORT."""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from integrations.sandbox.__main__ import main
from orderchainer.operations import starting


class Command(BaseCommand):
    """Play the providers until Ctrl-C."""

    help = (
        "Plays the providers on SANDBOX_PORT, and prints how to point a service at it. It needs "
        "no database."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve, or say that the port is taken."""
        host, _, port = settings.SANDBOX_HOST.partition(":")
        starting.require(partial(starting.ports, {"SANDBOX_PORT": (host, int(port))}))
        main(["--host", host, "--port", port])
