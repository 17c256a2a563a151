"""Refuse to start where the log could not be written, in a sentence instead of a traceback."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_log_file(
    app_configs: Sequence[AppConfig] | None = None, **_: object
) -> list[CheckMessage]:
    """Report a LOG_FILE that this process can neither append to nor create."""
    path = Path(settings.LOGGING["handlers"]["file"]["path"])
    reason = _why_not_writable(path)
    if reason is None:
        return []
    return [
        Error(
            f"The log file {path} cannot be written: {reason}.",
            hint="Set LOG_FILE to a path that this user may write, or make its directory writable.",
            id="orderchainer.E001",
        )
    ]


def _why_not_writable(path: Path) -> str | None:
    if path.exists():
        if path.is_dir():
            return "it is a directory"
        return None if os.access(path, os.W_OK) else "permission denied"
    # The directory is made with the first line; what counts is the nearest one that is there.
    parent = next(folder for folder in path.parents if folder.exists())
    if not parent.is_dir():
        return f"{parent} is not a directory"
    if not os.access(parent, os.W_OK | os.X_OK):
        return f"permission denied in {parent}"
    return None
