"""What `manage.py check --deploy` finds: settings that work on a laptop and not in production.

The checks in `checks.py` run at every start and refuse what cannot work. These run only when
somebody asks, because what they warn of may be right: a machine without a proxy, a first try.
"""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Tags, Warning, register

from accounts.limits import CODES_SENT, SIGN_IN
from orderchainer.core.hosts import is_this_machine

LEAST_TOKEN_CHARACTERS = 20
# What people type when something asks them for a password.
GUESSABLE_PASSWORDS = frozenset(
    {"admin", "changeme", "orderchainer", "password", "postgres", "root", "secret", "test"}
)

# --- Hosts and addresses ----------------------------------------------------------------------


@register(Tags.security, deploy=True)
def check_allowed_hosts(**_: object) -> Sequence[CheckMessage]:
    """Warn if only this machine may call the service, or if any host name will do."""
    hint = (
        "Set ALLOWED_HOSTS to the name in the address: ALLOWED_HOSTS=orders.example.com,127.0.0.1"
    )
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Warning(
                "ALLOWED_HOSTS holds a star, so the service answers under any name that a "
                "request makes up.",
                hint=hint,
                id="deploy.W001",
            )
        ]
    # Without any entry, Django's own check complains.
    if settings.ALLOWED_HOSTS and all(is_this_machine(host) for host in settings.ALLOWED_HOSTS):
        return [
            Warning(
                "ALLOWED_HOSTS names only this machine, so requests from elsewhere get a 400.",
                hint=hint,
                id="deploy.W002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_address(**_: object) -> Sequence[CheckMessage]:
    """Warn if links lead readers to their own machine, or go unencrypted."""
    parts = urlsplit(settings.PUBLIC_URL)
    if is_this_machine(parts.hostname or ""):
        return [
            Warning(
                f"PUBLIC_URL is {settings.PUBLIC_URL}: links in e-mails lead readers to their own "
                "machines, and providers cannot post webhooks there.",
                hint="Set PUBLIC_URL to the address that people type: https://orders.example.com",
                id="deploy.W003",
            )
        ]
    if parts.scheme != "https":
        return [
            Warning(
                f"PUBLIC_URL is {settings.PUBLIC_URL}, without TLS: passwords, tokens and cookies "
                "can be read on the way, and providers post webhooks to https only.",
                hint="Put a proxy with TLS in front (docs/operations.md) and write https://.",
                id="deploy.W004",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_socket_address(**_: object) -> Sequence[CheckMessage]:
    """Warn if browsers cannot open the WebSocket of a page. Empty means the address of the page."""
    parts = urlsplit(settings.SOCKET_URL)
    is_secure_page = settings.PUBLIC_URL.startswith("https://")
    if not settings.SOCKET_URL or parts.scheme == "wss" or not is_secure_page:
        return []
    return [
        Warning(
            f"SOCKET_URL is {settings.SOCKET_URL}, without TLS: browsers open no such WebSocket "
            "from a page with https, so pages are not live.",
            hint="Remove SOCKET_URL if the proxy passes /ws/ on, or write wss://.",
            id="deploy.W018",
        )
    ]


@register(Tags.security, deploy=True)
def check_proxy(**_: object) -> Sequence[CheckMessage]:
    """Warn if there is a proxy with TLS and we do not read what it says about the client."""
    if not settings.PUBLIC_URL.startswith("https://"):
        return []
    warnings: list[CheckMessage] = []
    if not settings.TRUSTED_PROXIES:
        warnings.append(
            Warning(
                "TRUSTED_PROXIES is 0, although PUBLIC_URL is https: to the service, all requests "
                "come from the proxy's address. All people share one rate limit, and the activity "
                "log shows the wrong address.",
                hint="Set TRUSTED_PROXIES to the number of your proxies that a request passes, "
                "usually 1.",
                id="deploy.W005",
            )
        )
    if not getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        warnings.append(
            Warning(
                "TRUST_X_FORWARDED_PROTO is off, although PUBLIC_URL is https: the service takes "
                "every request for http. Links to the next page begin with http, and the back "
                "office may refuse sign-ins.",
                hint="Let the proxy set X-Forwarded-Proto whatever the client sent, and set "
                "TRUST_X_FORWARDED_PROTO=on.",
                id="deploy.W006",
            )
        )
    if not settings.SECURE_HSTS_SECONDS:
        warnings.append(
            Warning(
                "HSTS_SECONDS is 0: a browser that is sent to the http address gives away its "
                "first request.",
                hint="Set HSTS_SECONDS=3600 to try it. Once https has worked for a while, set "
                "31536000, which is a year.",
                id="deploy.W007",
            )
        )
    return warnings


# --- Services ---------------------------------------------------------------------------------


@register(deploy=True)
def check_services(**_: object) -> Sequence[CheckMessage]:
    """Warn of the embedded mode, and of a database for a single machine."""
    warnings: list[CheckMessage] = []
    if settings.EMBEDDED:
        warnings.append(
            Warning(
                "REDIS_URL is not set, so everything runs in one process: gunicorn would answer "
                "requests and nothing would do the background work.",
                hint="Set REDIS_URL, for example to redis://127.0.0.1:6379/0.",
                id="deploy.W008",
            )
        )
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        warnings.append(
            Warning(
                "The database is a SQLite file: only one request at a time can write.",
                hint="Set DATABASE_URL, for example to postgres://user:password@host:5432/name.",
                id="deploy.W009",
            )
        )
    elif database["PASSWORD"] in GUESSABLE_PASSWORDS | {database["USER"], database["NAME"]} - {""}:
        warnings.append(
            Warning(
                "The password in DATABASE_URL is easy to guess.",
                hint="Make one with `python3 -c 'import secrets; print(secrets.token_hex(24))'`.",
                id="deploy.W010",
            )
        )
    return warnings


# --- Doors ------------------------------------------------------------------------------------


@register(Tags.security, deploy=True)
def check_passwords_can_not_be_guessed(**_: object) -> Sequence[CheckMessage]:
    """Warn if strangers may try as many passwords or codes as they like, or the common ones."""
    warnings: list[CheckMessage] = [
        Warning(
            f"{limit.setting} is empty: anybody may guess passwords and codes without end.",
            hint=f"Remove {limit.setting} to get the default back.",
            id="deploy.W011",
        )
        for limit in (SIGN_IN, CODES_SENT)
        if not limit.rate
    ]
    if not settings.PASSWORD_REJECT_COMMON:
        warnings.append(
            Warning(
                "PASSWORD_REJECT_COMMON is off: people may choose passwords like password123, "
                "which others try first.",
                hint="Set PASSWORD_REJECT_COMMON=on.",
                id="deploy.W012",
            )
        )
    return warnings


@register(Tags.security, deploy=True)
def check_metrics_token(**_: object) -> Sequence[CheckMessage]:
    """Warn if METRICS_TOKEN can be guessed. Without one, only this machine sees the metrics."""
    if not settings.METRICS_TOKEN or len(settings.METRICS_TOKEN) >= LEAST_TOKEN_CHARACTERS:
        return []
    return [
        Warning(
            f"METRICS_TOKEN has fewer than {LEAST_TOKEN_CHARACTERS} characters and can be guessed.",
            hint="Make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`.",
            id="deploy.W013",
        )
    ]


# --- Files ------------------------------------------------------------------------------------


@register(Tags.security, deploy=True)
def check_private_files(**_: object) -> Sequence[CheckMessage]:
    """Warn if others can read customers' files, through a web server or on this machine."""
    private = Path(settings.PRIVATE_FILES_ROOT)
    public = {
        "MEDIA_ROOT": settings.MEDIA_ROOT,
        "the directory of static files": settings.STATIC_ROOT,
    }
    warnings: list[CheckMessage] = [
        Warning(
            f"PRIVATE_FILES_ROOT ({private}) lies within {name}, which a web server may serve.",
            hint="Set PRIVATE_FILES_ROOT to a directory of its own.",
            id="deploy.W014",
        )
        for name, root in public.items()
        if root is not None and private.resolve().is_relative_to(Path(root).resolve())
    ]
    if _others_may(stat.S_IXOTH | stat.S_IROTH, private):
        warnings.append(
            Warning(
                f"Every user of this machine can open {private}, where customers' files are.",
                hint=f"Run `chmod 750 {private}`.",
                id="deploy.W015",
            )
        )
    return warnings


@register(Tags.security, deploy=True)
def check_env_file(**_: object) -> Sequence[CheckMessage]:
    """Warn if every user of this machine can read the file with the secrets."""
    name = os.environ.get("ENV_FILE", ".env")
    file = Path(settings.BASE_DIR) / name
    if not name or not _others_may(stat.S_IROTH, file):
        return []
    return [
        Warning(
            f"Every user of this machine can read the secrets in {file}.",
            hint=f"Run `chmod 640 {file}`, with the service's group as its group.",
            id="deploy.W016",
        )
    ]


def _others_may(bits: int, path: Path) -> bool:
    """Tell whether `path` gives one of `bits` to users who are neither its owner nor its group.

    A directory above it that they cannot enter keeps them out. So does a path that does not exist.
    """
    path = path.resolve()
    try:
        can_enter = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
        return can_enter and bool(path.stat().st_mode & bits)
    except OSError:
        return False


@register(Tags.staticfiles, deploy=True)
def check_static_files_are_complete(**_: object) -> Sequence[CheckMessage]:
    """Warn if this release has static files that `collectstatic` has not collected yet."""
    root = settings.STATIC_ROOT
    manifest = root and Path(root) / "staticfiles.json"
    # Without any collected file, `check_collected_static_files` complains.
    if not manifest or not manifest.exists():
        return []
    missing = sorted(set(_static_files()) - json.loads(manifest.read_text())["paths"].keys())
    if not missing:
        return []
    return [
        Warning(
            f"{len(missing)} static files of this release are not collected, such as {missing[0]}. "
            "Pages that use them fail.",
            hint="Run `manage.py collectstatic --noinput`.",
            id="deploy.W017",
        )
    ]


def _static_files() -> Iterator[str]:
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", None)
            yield f"{prefix}/{path}" if prefix else path
