"""System checks for settings that cannot work together, or not on this machine.

`manage.py check` runs them, and so does the start of each process. What is wrong with a value by
itself is found when the settings are read (`orderchainer/core/environment.py`).
"""

import os
import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

from orderchainer.core.environment import MAX_PORT

LEAST_SECRET_BYTES = 32
# SQLite has RETURNING since this version, of March 2021.
LEAST_SQLITE = (3, 35, 0)

_USUAL_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.ASCII)


@register()
def check_credentials_keys(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a key that cannot encrypt, before anything needs it."""
    for number, key in enumerate(settings.CREDENTIALS_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"Key number {number} of CREDENTIALS_KEYS is not a Fernet key.",
                    hint="A Fernet key is 32 random bytes in URL-safe base64. Make one with "
                    "`python -c 'from cryptography.fernet import Fernet; "
                    "print(Fernet.generate_key().decode())'`.",
                    id="orderchainer.E001",
                )
            ]
    return []


@register()
def check_unknown_names(**kwargs: Any) -> Sequence[CheckMessage]:
    """Warn of a line in `.env` that has no effect."""
    return [
        Warning(
            f"{name} ({place}) is not a setting of OrderChainer.",
            hint=".env.example lists all settings. If another program reads it, never mind.",
            id="orderchainer.W006",
        )
        for name, place in settings.UNKNOWN_NAMES.items()
    ]


@register()
def check_ports_differ(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a sandbox on a port of the service itself."""
    if not settings.SANDBOX or settings.SANDBOX_PORT not in (settings.PORT, settings.WS_PORT):
        return []
    return [
        Error(
            f"SANDBOX_PORT is {settings.SANDBOX_PORT}, where the service itself listens.",
            hint="Take another port for the sandbox: SANDBOX_PORT=8400.",
            id="orderchainer.E002",
        )
    ]


@register()
def check_sandbox(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse pretend providers in production, and where no single process could start them."""
    if not settings.SANDBOX or (settings.DEBUG and settings.EMBEDDED):
        return []
    reason = "DEBUG is off" if not settings.DEBUG else "REDIS_URL is set"
    return [
        Error(
            f"SANDBOX is on although {reason}.",
            hint="Only the embedded server of `make run` plays the providers. Set SANDBOX=off; "
            "to try a service with REDIS_URL, start `make sandbox` beside it.",
            id="orderchainer.E011",
        )
    ]


@register()
def check_token_lifetimes(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse access tokens that live longer than their refresh tokens."""
    minutes_of_a_day = 24 * 60
    refresh_minutes = settings.REFRESH_TOKEN_EXPIRE_DAYS * minutes_of_a_day
    if refresh_minutes >= settings.ACCESS_TOKEN_EXPIRE_MINUTES:
        return []
    return [
        Error(
            "Access tokens live longer than refresh tokens.",
            hint="Set ACCESS_TOKEN_EXPIRE_MINUTES to at most REFRESH_TOKEN_EXPIRE_DAYS.",
            id="orderchainer.E003",
        )
    ]


@register()
def check_secret_key(**kwargs: Any) -> Sequence[CheckMessage]:
    """Warn if the key is too short for signing tokens."""
    if len(settings.SECRET_KEY.encode()) >= LEAST_SECRET_BYTES:
        return []
    return [
        Warning(
            f"SECRET_KEY is shorter than {LEAST_SECRET_BYTES} bytes, and access tokens are signed "
            "with it (RFC 7518, section 3.2).",
            hint="Make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(50))'`. "
            "A new key ends all sessions.",
            id="orderchainer.W001",
        )
    ]


@register()
def check_shared_database(**kwargs: Any) -> Sequence[CheckMessage]:
    """Warn if several processes would share an SQLite file."""
    if settings.EMBEDDED or "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        Warning(
            "REDIS_URL is set, so several processes share the database, but that is a SQLite file.",
            hint=(
                "This works if all of them run on one machine. Otherwise set DATABASE_URL to "
                "PostgreSQL."
            ),
            id="orderchainer.W002",
        )
    ]


@register()
def check_sqlite_version(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse an SQLite without RETURNING, because a checkout needs it to read its cart."""
    if "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
        return []
    # Only here, because a service on PostgreSQL does without this library.
    import sqlite3

    if sqlite3.sqlite_version_info >= LEAST_SQLITE:
        return []
    least = ".".join(map(str, LEAST_SQLITE))
    return [
        Error(
            f"This Python has SQLite {sqlite3.sqlite_version}; {least} or newer is needed.",
            hint="Use a Python that was built with a newer one, or PostgreSQL (DATABASE_URL).",
            id="orderchainer.E009",
        )
    ]


@register()
def check_public_url(**kwargs: Any) -> Sequence[CheckMessage]:
    """Warn if our links lead to a host name that we would refuse."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        return []
    return [
        Warning(
            f"PUBLIC_URL is {settings.PUBLIC_URL!r}, whose host is not among ALLOWED_HOSTS: "
            "links in messages would lead nowhere.",
            hint="Set PUBLIC_URL to where people reach this service.",
            id="orderchainer.W003",
        )
    ]


@register()
def check_collected_static_files(**kwargs: Any) -> Sequence[CheckMessage]:
    """Warn if production needs static files that are not collected yet."""
    root = settings.STATIC_ROOT
    if root is None or (root / "staticfiles.json").exists():
        return []
    return [
        Warning(
            "Static files are not collected, so the back office and the API pages cannot be shown.",
            hint="Run `manage.py collectstatic --noinput`.",
            id="orderchainer.W004",
        )
    ]


@register()
def check_log_file(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a LOG_FILE that this process can neither append to nor create."""
    path = Path(settings.LOGGING["handlers"]["file"]["path"])
    reason = why_not_writable(path)
    if reason is None:
        return []
    return [
        Error(
            f"The log file {path} cannot be written: {reason}.",
            hint="Set LOG_FILE to a path that this user may write, or make its directory writable.",
            id="orderchainer.E004",
        )
    ]


def why_not_writable(path: Path) -> str | None:
    """Return why this process can neither write nor create the file `path`; None if it can."""
    if path.is_dir():
        return "it is a directory"
    if path.exists():
        return None if os.access(path, os.W_OK) else "permission denied"
    # The first line creates the directory.
    return _why_not_writable_in(path.parent)


def _why_not_writable_in(directory: Path) -> str | None:
    """Return why this process cannot create a file in `directory`, which may not exist yet."""
    # The nearest existing parent decides.
    nearest = next(folder for folder in (directory, *directory.parents) if folder.exists())
    if not nearest.is_dir():
        return f"{nearest} is not a directory"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"permission denied in {nearest}"
    return None


@register()
def check_media_root(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a MEDIA_ROOT or a PRIVATE_FILES_ROOT that this process cannot write to."""
    errors = []
    for name, what in {"MEDIA_ROOT": "Pictures", "PRIVATE_FILES_ROOT": "Files"}.items():
        root = Path(getattr(settings, name))
        reason = _why_not_writable_in(root)
        if reason is not None:
            hint = f"Set {name} to a directory that this user may write, or make it writable."
            complaint = f"{what} cannot be kept in {root}: {reason}."
            errors.append(Error(complaint, hint=hint, id="orderchainer.E008"))
    return errors


@register()
def check_worker_metrics(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a malformed WORKER_METRICS_LISTEN, and one that would show no metrics."""
    listen = settings.WORKER_METRICS_LISTEN
    if not listen:
        return []
    host, _colon, port = listen.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= MAX_PORT:
        return [
            Error(
                f"WORKER_METRICS_LISTEN is {listen!r}.",
                hint="Write host:port: 127.0.0.1:9101.",
                id="orderchainer.E005",
            )
        ]
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return [
            Warning(
                "WORKER_METRICS_LISTEN is set, but PROMETHEUS_MULTIPROC_DIR is not: the metrics "
                "will lack everything that the worker's children count.",
                hint="Set PROMETHEUS_MULTIPROC_DIR to a directory of this worker's own.",
                id="orderchainer.W005",
            )
        ]
    return []


@register()
def check_cors_allowed_origins(**kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse an entry that no browser sends as an origin, since it would allow no site."""
    return [
        Error(
            f"CORS_ALLOWED_ORIGINS holds {text!r}, which no browser sends as its origin.",
            hint=_hint_for_origin(text),
            id="orderchainer.E010",
        )
        for text in settings.CORS_ALLOWED_ORIGINS
        if _origin_in(text) != text
    ]


def _hint_for_origin(text: str) -> str:
    if text == "*":
        return "List each site by its own origin: a star for all of them is not supported."
    if text.lower() == "null":
        return (
            "Every page in a sandbox and every local file has the origin null. "
            "Serve the page from a host."
        )
    if "://" not in text:
        # Without a scheme, people mean the usual one.
        scheme = "http" if text.startswith(("localhost", "127.")) else "https"
        text = f"{scheme}://{text}"
    if origin := _origin_in(text):
        return f"Write {origin!r}."
    return (
        "Write scheme, host and, if it is not the usual one, port: https://shop.example.com or "
        "http://localhost:3000."
    )


def _origin_in(text: str) -> str | None:
    """Return the origin of a URL as browsers write it (RFC 6454, 6.2), or None if it has none."""
    if not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        is_ipv6 = ":" in host
        host = f"[{IPv6Address(host)}]" if is_ipv6 else host.encode("idna").decode()
    except ValueError:
        return None
    if parts.scheme not in _USUAL_PORTS or port == 0 or not _HOST.fullmatch(host):
        return None
    is_usual = port is None or port == _USUAL_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")
