"""What is logged, how, and where to."""

from pathlib import Path
from typing import Any


def logging_config(*, level: str, file: Path) -> dict[str, Any]:
    """Return Django's LOGGING."""
    return {"version": 1, "disable_existing_loggers": False}
