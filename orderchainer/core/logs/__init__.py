"""What is logged, how, and where to.

Every record, from structlog or from the standard library, becomes one JSON line in the log file; what
is an error stands in a file of its own as well. The console shows the same, for people while DEBUG is
on. `docs/operations.md` lists the fields and the names of the security events.
"""

import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import structlog
from django.core.exceptions import ImproperlyConfigured

from orderchainer.core.logs.secrets import REDACTED, scrub

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# --- Keeping secrets out ----------------------------------------------------------------------

# Names under which nothing is ever logged, whoever logs it. An API token's id opens nothing.
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token(?!_id$)|authorization|cookie|credential|api_?key|webhook|signature"
    r"|^(access|refresh)$|database_url|redis_url|broker_url",
    re.IGNORECASE,
)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the values of secret names, however deep they stand."""
    for name, value in event.items():
        event[name] = _redacted(name, value)
    return event


def _redacted(name: object, value: object) -> object:
    # A word like "missing" under `token` would be harmless; nobody can tell it from a token.
    if value is not None and isinstance(name, str) and _is_secret(name):
        return REDACTED
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {key: _redacted(key, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(None, inner) for inner in value]
    return value


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


# --- Lines ------------------------------------------------------------------------------------


def _json_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    fields = {
        "timestamp": event.pop("timestamp"),
        "level": event.pop("level"),
        "logger": event.pop("logger"),
        "event": event.pop("event"),
        **event,
    }
    try:
        line = orjson.dumps(
            fields, default=str, option=orjson.OPT_NON_STR_KEYS
        ).decode()
    except TypeError:
        # A lone surrogate or an integer beyond 64 bits: hostile input that is worth its line.
        line = structlog.processors.JSONRenderer(default=str)(None, "", fields)  # type: ignore[assignment]
    return line


# What every record gets, wherever it comes from.
_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_SHOWN: list[structlog.types.Processor] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    redact,
]


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Write a record as one JSON line. Several handlers share the line, so it is made once."""

    def __init__(self) -> None:
        super().__init__(
            processors=[*_SHOWN, structlog.processors.format_exc_info, _json_line],
            foreign_pre_chain=_SHARED,
        )

    def format(self, record: logging.LogRecord) -> str:
        line: str | None = getattr(record, "json_line", None)
        if line is None:
            line = record.json_line = scrub(super().format(record))
        return line


class ConsoleFormatter(structlog.stdlib.ProcessorFormatter):
    """Write a record for people, in colours where the console has them."""

    def __init__(self, *, colours: bool) -> None:
        super().__init__(
            processors=[
                *_SHOWN,
                # The default shows the local variables of each frame, secrets and all.
                structlog.dev.ConsoleRenderer(
                    colors=colours, exception_formatter=structlog.dev.plain_traceback
                ),
            ],
            foreign_pre_chain=_SHARED,
        )

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class SecurityEventHandler(logging.Handler):
    """Turn what Django logs under `django.security` into a security event.

    Django writes a forged host as an error, so that any stranger could fill the file of errors.
    """

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("security").warning(
            "request_refused",
            reason=record.name.removeprefix("django.security.").lower(),
            detail=record.getMessage(),
        )


def _is_crash(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


# --- Configuration ----------------------------------------------------------------------------


def error_file_of(file: Path) -> Path:
    """Return the file beside `file` that holds errors only."""
    return file.with_name(f"{file.stem}-errors{file.suffix}")


def logging_config(
    *,
    level: str,
    file: Path,
    for_people: bool,
    max_bytes: int = 20 * 1024 * 1024,
    backups: int = 5,
) -> dict[str, Any]:
    """Return Django's LOGGING: lines in `file` and on the console, errors beside it as well.

    A file is rotated when it holds `max_bytes`; `backups` older ones are kept. Raises
    ImproperlyConfigured for an unknown level.
    """
    if level not in LEVELS:
        raise ImproperlyConfigured(
            f"LOG_LEVEL is {level!r}; use one of {', '.join(LEVELS)}."
        )
    rotated = {
        "class": "orderchainer.core.logs.files.SharedRotatingFileHandler",
        "formatter": "line",
        "max_bytes": max_bytes,
        "backups": backups,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "orderchainer.core.logs.LineFormatter"},
            "people": {
                "()": "orderchainer.core.logs.ConsoleFormatter",
                "colours": sys.stderr.isatty(),
            },
        },
        "filters": {
            "crashes": {
                "()": "django.utils.log.CallbackFilter",
                "callback": _is_crash,
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "people" if for_people else "line",
            },
            "file": {**rotated, "path": str(file)},
            "errors": {**rotated, "path": str(error_file_of(file)), "level": "ERROR"},
            "security": {"()": "orderchainer.core.logs.SecurityEventHandler"},
        },
        "root": {"level": level, "handlers": ["console", "file", "errors"]},
        "loggers": {
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            # What has no traceback only repeats the status that stands in the request's own line.
            "django.request": {"filters": ["crashes"]},
            "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
            "django.security": {"handlers": ["security"], "propagate": False},
            # These tell of each task, with its arguments; `orderchainer.core.logs.tasks` does without.
            "celery.app.trace": {"level": "CRITICAL"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # At DEBUG these write whole requests and bodies.
            "asyncio": {"level": "WARNING"},
            "autobahn": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Set up the standard library's logging and structlog on top of it; Django's LOGGING_CONFIG."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(config["root"]["level"]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
