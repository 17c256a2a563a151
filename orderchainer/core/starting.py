"""How each process of OrderChainer begins."""

import os

from django.conf import settings

from orderchainer.core.environment import WrongSettings


def read_settings() -> None:
    """Read the settings. If some are wrong, end the process and say so without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")
    try:
        # Django reads them when they are first used.
        _ = settings.DEBUG
    except WrongSettings as exc:
        raise SystemExit(str(exc)) from None
