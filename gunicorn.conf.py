"""gunicorn reads this file by itself when it starts in this directory."""

from typing import Any

from orderchainer.core.starting import read_settings


def on_starting(server: Any) -> None:
    """Look whether everything is there before the first worker starts.

    A worker that cannot start would only write a traceback, and one without a database would
    answer every request with a 500.
    """
    if not server.app.app_uri.startswith("orderchainer."):
        return
    read_settings()

    import django

    django.setup()

    # These need the settings and the apps.
    from orderchainer.operations import starting

    starting.require(starting.checks, starting.services, starting.schema)

    # Load everything before the workers are forked, so that they share it.
    server.app.wsgi()
