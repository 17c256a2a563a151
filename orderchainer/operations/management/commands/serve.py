"""`manage.py serve`: serve HTTP and WebSocket, and in the embedded mode run the worker and beat
too.
"""

from functools import partial
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from orderchainer.operations import starting
from orderchainer.operations.health import missing_migrations
from orderchainer.operations.sandbox import sandbox_beside
from orderchainer.operations.server import ListenError
from orderchainer.operations.serving import BackgroundDied, serve
from orderchainer.operations.starting import require


class Command(BaseCommand):
    """Serve until Ctrl-C."""

    # `handle` runs them, after it has looked at the ports.
    requires_system_checks = ()
    help = (
        "Serves HTTP and WebSocket on PORT and WS_PORT. Without REDIS_URL the same process also "
        "does the background work; with it, workers and beat are separate processes."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Shown when everything runs, so that the address and the account are the last lines.
        self._about_demo = StringIO()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options that override the environment."""
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="Migrate the database first and, in the embedded mode, load the demo data.",
        )
        parser.add_argument("--address", default=settings.BIND_ADDRESS, help="Where to listen.")

    def handle(self, *args: Any, address: str, prepare: bool, **options: Any) -> None:
        """Serve. If something is missing, end with a sentence and a status, without a traceback."""
        require(partial(starting.ports, _places(address)), starting.checks, starting.services)
        try:
            with sandbox_beside():
                if prepare:
                    self._prepare()
                else:
                    require(starting.schema)
                serve(address=address, ports=[*ports().values()], on_ready=self._say_where)
        except ListenError as exc:
            # Another program took the port since we looked.
            raise CommandError(f"Cannot listen: {exc}") from exc
        except BackgroundDied as exc:
            raise CommandError(str(exc)) from exc
        except KeyboardInterrupt:
            # Ctrl-C before the server handles the signal.
            return

    def _prepare(self) -> None:
        if missing_migrations(connection):
            self.stdout.write("Making the tables of the database …")
            self.stdout.flush()
            call_command("migrate", verbosity=0, interactive=False, stdout=self.stdout)
        if settings.EMBEDDED:
            try:
                call_command("demo", stdout=self._about_demo)
            except BaseException:
                self._say_what_the_demo_has()
                raise
        # This thread runs the server from now on; each request and task opens its own connection.
        connections.close_all()

    def _say_what_the_demo_has(self) -> None:
        self.stdout.write(self._about_demo.getvalue())

    def _say_where(self) -> None:
        if settings.EMBEDDED:
            self.stdout.write(f"OrderChainer is ready at {settings.PUBLIC_URL}/ (Ctrl-C ends it).")
            if settings.SANDBOX:
                self.stdout.write(
                    f"The sandbox plays the providers: http://{settings.SANDBOX_HOST}/_control/"
                )
            self._say_what_the_demo_has()
        else:
            (port,) = ports().values()
            self.stdout.write(f"OrderChainer listens on port {port} (Ctrl-C ends it).")
            self.stdout.write(
                "REDIS_URL is set, so background work needs processes of its own: "
                "`celery -A orderchainer worker` and one `celery -A orderchainer beat`."
            )
        self.stdout.flush()


def ports() -> dict[str, int]:
    """Return the ports to listen on, by their settings.

    In the embedded mode one process listens on both. Otherwise another server has PORT for HTTP,
    and this one listens on WS_PORT only.
    """
    both = {"PORT": settings.PORT, "WS_PORT": settings.WS_PORT}
    named = {setting: port for setting, port in both.items() if port}
    if not settings.EMBEDDED and settings.WS_PORT:
        del named["PORT"]
    return named


def _places(address: str) -> dict[str, tuple[str, int]]:
    """Return where this process will listen, by setting."""
    places = {setting: (address, port) for setting, port in ports().items()}
    if settings.SANDBOX:
        host = settings.SANDBOX_HOST.partition(":")[0]
        places["SANDBOX_PORT"] = (host, settings.SANDBOX_PORT)
    return places
