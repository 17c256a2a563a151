"""gunicorn reads this file by itself when it starts in this directory."""

import os
from functools import partial
from typing import Any

from gunicorn.systemd import listen_fds  # type: ignore[import-untyped]

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

    starting.require(
        partial(starting.binds, _places(server)),
        starting.checks,
        starting.services,
        starting.schema,
    )

    # Load everything before the workers are forked, so that they share it.
    server.app.wsgi()


def _places(server: Any) -> list[tuple[str, int]]:
    """Return the addresses and ports that gunicorn opens itself.

    systemd hands over open sockets; after a USR2, so does the process from before.
    """
    inherits = listen_fds(unset_environment=False) or "GUNICORN_FD" in os.environ
    if inherits or server.cfg.reuse_port:
        return []
    # Paths of sockets are texts, and descriptors are numbers.
    return [place for place in server.address if isinstance(place, tuple)]
