"""The log: what goes into it, in which form, and into which files.

Every record, from structlog or from the standard library, becomes one JSON line in the log file.
Errors also go to a separate file. The console shows the same records. While DEBUG is on, they are
formatted for people there, without what background tasks report as done. Control characters in a
stranger's text never reach either of them raw.
`docs/operations.md` lists the fields and the names of the security events.
"""

import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog

from orderchainer.core.logs.secrets import REDACTED, scrub
from orderchainer.core.printable import printable

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# --- Keeping secrets out ----------------------------------------------------------------------

# Values under these names are never logged. The id of an API token is not a secret.
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token(?!_id$)|authorization|cookie|credential|api_?key|webhook|signature"
    r"|^(access|refresh)$|database_url|redis_url|broker_url",
    re.IGNORECASE,
)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the values under secret names, however deep they are nested."""
    for name, value in event.items():
        if type(value) in _PLAIN and not _is_secret(name):
            continue
        # Keep this tuple, because the traceback is written from it later; `scrub` cleans its text.
        if name != "exc_info":
            event[name] = _redacted(name, value)
    return event


# Nothing can be nested in these.
_PLAIN = frozenset({str, int, float, bool})


def _redacted(name: object, value: object) -> object:
    # A harmless word such as "missing" under `token` goes too: we cannot tell it from a token.
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
        line = orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # A lone surrogate or an integer beyond 64 bits. Such hostile input should still be logged.
        line = structlog.processors.JSONRenderer(default=str)(None, "", fields)  # type: ignore[assignment]
    # JSON escapes only some control characters, and no direction marks.
    return printable(line)


def _printable_values(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Escape what a console would act on. The renderer itself escapes values that are no texts."""
    return {
        printable(name): printable(value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _printable_traceback(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write the traceback indented: no line of an exception's message may look like a record."""
    text = StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    for line in text.getvalue().strip("\n").split("\n"):
        out.write(f"\n  {printable(line)}")


# Applied to every record, from either library.
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
    """Write a record as one JSON line. Several handlers write it, so it is formatted once."""

    def __init__(self) -> None:
        super().__init__(
            processors=[*_SHOWN, structlog.processors.format_exc_info, _json_line],
            foreign_pre_chain=_SHARED,
        )

    def format(self, record: logging.LogRecord) -> str:
        line: str | None = getattr(record, "json_line", None)
        if line is None:
            event: object = record.msg
            if isinstance(event, dict) and "exc_info" not in event:
                # structlog has prepared it; its own formatter copies the whole record first.
                line = _json_line(None, "", redact(None, "", dict(event)))
            else:
                line = super().format(record)
            line = record.json_line = scrub(line)
        return line


class ConsoleFormatter(structlog.stdlib.ProcessorFormatter):
    """Write a record for people, in colour if the console supports it."""

    def __init__(self, *, colours: bool) -> None:
        super().__init__(
            processors=[
                *_SHOWN,
                _printable_values,
                # The default shows the local variables of each frame, which may be secrets.
                structlog.dev.ConsoleRenderer(
                    colors=colours, exception_formatter=_printable_traceback
                ),
            ],
            foreign_pre_chain=_SHARED,
        )

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class SecurityEventHandler(logging.Handler):
    """Turn records of `django.security` into security events.

    Django logs a forged host as an error, so any stranger could fill the error file.
    """

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("security").warning(
            "request_refused",
            reason=record.name.removeprefix("django.security.").lower(),
            detail=record.getMessage(),
        )


def _is_crash(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


def _is_for_people(record: logging.LogRecord) -> bool:
    """Tell whether people want to see a line while they watch.

    They do not want to see what Celery says about its own work, nor what a background task says
    unless it has an error to tell. They would scroll by what people look for, such as the password
    of the demo account.
    """
    if record.levelno != logging.INFO:
        return True
    event = record.msg
    if not isinstance(event, dict):
        return not record.name.startswith("celery.worker")
    if event.get("event") == "task_finished":
        return event.get("outcome") != "success"
    return "task" not in event or bool(event.get("error"))


# --- Configuration ----------------------------------------------------------------------------


def error_file_of(file: Path) -> Path:
    """Return the path of the error file that belongs to `file`."""
    return file.with_name(f"{file.stem}-errors{file.suffix}")


def logging_config(
    *,
    level: str,
    file: Path,
    for_people: bool,
    max_bytes: int = 20 * 1024 * 1024,
    backups: int = 5,
) -> dict[str, Any]:
    """Return Django's LOGGING: lines go to `file` and to the console, errors also to the error
    file.

    A file is rotated at `max_bytes`, and `backups` older files are kept. `level` is one of LEVELS.
    """
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
            "for_people": {
                "()": "django.utils.log.CallbackFilter",
                "callback": _is_for_people,
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "people" if for_people else "line",
                "filters": ["for_people"] if for_people else [],
            },
            "file": {**rotated, "path": str(file)},
            "errors": {**rotated, "path": str(error_file_of(file)), "level": "ERROR"},
            "security": {"()": "orderchainer.core.logs.SecurityEventHandler"},
        },
        "root": {"level": level, "handlers": ["console", "file", "errors"]},
        "loggers": {
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            # A record without a traceback only repeats the status from the request's own line.
            "django.request": {"filters": ["crashes"]},
            "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
            "django.security": {"handlers": ["security"], "propagate": False},
            # These log every task with its arguments; `orderchainer.core.logs.tasks` logs tasks
            # without them.
            "celery.app.trace": {"level": "CRITICAL"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # At DEBUG these log whole requests with their bodies.
            "asyncio": {"level": "WARNING"},
            "autobahn": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "google_genai": {"level": "WARNING"},
            "httpcore2": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Configure the standard library's logging, and structlog on top.

    Django calls it as LOGGING_CONFIG.
    """
    logging.config.dictConfig(config)
    # No line names these, and looking them up takes half of the time to make a record. gunicorn
    # writes the number of the process into each of its own lines.
    logging.logThreads = logging.logMultiprocessing = False
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(config["root"]["level"]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
