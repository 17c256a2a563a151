"""`manage.py serve`: serve HTTP and WebSocket, and in the embedded mode run the worker and beat
too.
"""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from orderchainer.operations.sandbox import sandbox_beside
from orderchainer.operations.server import ListenError
from orderchainer.operations.serving import BackgroundDied, serve


class Command(BaseCommand):
    """Serve until Ctrl-C."""

    help = (
        "Serves HTTP and WebSocket on PORT and WS_PORT. Without REDIS_URL the same process also "
        "does the background work; with it, workers and beat are separate processes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options that override the environment."""
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="Migrate the database first and, in the embedded mode, load the demo data.",
        )
        parser.add_argument("--address", default=settings.BIND_ADDRESS, help="Where to listen.")

    def handle(self, *args: Any, address: str, prepare: bool, **options: Any) -> None:
        """Serve. A port in use ends in a message and an exit status, not in a traceback."""
        try:
            with sandbox_beside():
                if prepare:
                    self._prepare()
                else:
                    self.check_migrations()
                serve(address=address, ports=ports(), on_ready=self._say_where)
        except ListenError as exc:
            raise CommandError(f"Cannot listen: {exc}") from exc
        except BackgroundDied as exc:
            raise CommandError(str(exc)) from exc
        except KeyboardInterrupt:
            # Ctrl-C before the server handles the signal.
            return

    def _prepare(self) -> None:
        call_command("migrate", verbosity=0, interactive=False, stdout=self.stdout)
        if settings.EMBEDDED:
            call_command("demo", stdout=self.stdout)
        # This thread runs the server from now on; each request and task opens its own connection.
        connections.close_all()

    def _say_where(self) -> None:
        if settings.EMBEDDED:
            self.stdout.write(f"OrderChainer is ready at {settings.PUBLIC_URL}/ (Ctrl-C ends it).")
            if settings.SANDBOX:
                self.stdout.write(
                    f"The sandbox plays the providers: http://{settings.SANDBOX_HOST}/_control/"
                )
        else:
            (port,) = ports()
            self.stdout.write(f"OrderChainer listens on port {port} (Ctrl-C ends it).")
            self.stdout.write(
                "REDIS_URL is set, so background work needs processes of its own: "
                "`celery -A orderchainer worker` and one `celery -A orderchainer beat`."
            )
        self.stdout.flush()


def ports() -> list[int]:
    """Return the ports to listen on.

    In the embedded mode one process listens on both. Otherwise another server has PORT for HTTP,
    and this one listens on WS_PORT only.
    """
    if settings.EMBEDDED:
        return [port for port in (settings.PORT, settings.WS_PORT) if port]
    return [settings.WS_PORT or settings.PORT]
