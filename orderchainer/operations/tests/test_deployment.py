"""`manage.py check --deploy` finds what is missing or dangerous, and nothing in a right set-up."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage
from django.test import override_settings

from accounts.checks import check_that_emails_arrive
from integrations.checks import check_where_providers_are
from integrations.discord.checks import check_discord_hosts_are_real
from orderchainer.operations import deployment
from orderchainer.operations.deployment import (
    check_allowed_hosts,
    check_env_file,
    check_metrics_token,
    check_passwords_can_not_be_guessed,
    check_private_files,
    check_proxy,
    check_public_address,
    check_services,
    check_socket_address,
    check_static_files_are_complete,
)

Check = Callable[..., Sequence[CheckMessage]]

POSTGRES: dict[str, Any] = {
    "ENGINE": "orderchainer.core.db.postgresql",
    "NAME": "orderchainer",
    "USER": "orderchainer",
    "PASSWORD": "3b1f0c77d2a94e6685fe",
}
HTTPS = {"PUBLIC_URL": "https://orders.example.com"}
BEHIND_A_PROXY = {
    **HTTPS,
    "TRUSTED_PROXIES": 1,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SECURE_HSTS_SECONDS": 3600,
}
LIMITED = {"RATE_LIMIT_AUTH": "5/m", "RATE_LIMIT_CODES": "10/h"}
SMTP = {
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "DEFAULT_FROM_EMAIL": "Our shop <orders@example.com>",
}


def ids(messages: Sequence[CheckMessage]) -> list[str]:
    for message in messages:
        assert message.hint, message
    return [str(message.id) for message in messages]


CASES: list[tuple[Check, dict[str, Any], list[str]]] = [
    (check_allowed_hosts, {"ALLOWED_HOSTS": ["orders.example.com", "127.0.0.1"]}, []),
    (check_allowed_hosts, {"ALLOWED_HOSTS": [".example.com"]}, []),
    (check_allowed_hosts, {"ALLOWED_HOSTS": ["10.0.0.7"]}, []),
    (check_allowed_hosts, {"ALLOWED_HOSTS": ["orders.example.com", "*"]}, ["deploy.W001"]),
    (check_allowed_hosts, {"ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"]}, ["deploy.W002"]),
    (check_public_address, HTTPS, []),
    (check_public_address, {"PUBLIC_URL": "http://localhost:8000"}, ["deploy.W003"]),
    (check_public_address, {"PUBLIC_URL": "https://127.0.0.1"}, ["deploy.W003"]),
    (check_public_address, {"PUBLIC_URL": "https://[::1]:8443"}, ["deploy.W003"]),
    (check_public_address, {"PUBLIC_URL": "http://orders.example.com"}, ["deploy.W004"]),
    (check_socket_address, {**HTTPS, "SOCKET_URL": ""}, []),
    (check_socket_address, {**HTTPS, "SOCKET_URL": "wss://orders.example.com:8001"}, []),
    (
        check_socket_address,
        {"PUBLIC_URL": "http://orders.lan", "SOCKET_URL": "ws://orders.lan"},
        [],
    ),
    (check_socket_address, {**HTTPS, "SOCKET_URL": "ws://orders.example.com"}, ["deploy.W018"]),
    (check_proxy, BEHIND_A_PROXY, []),
    (check_proxy, {**BEHIND_A_PROXY, "PUBLIC_URL": "http://orders.lan", "TRUSTED_PROXIES": 0}, []),
    (check_proxy, {**BEHIND_A_PROXY, "TRUSTED_PROXIES": 0}, ["deploy.W005"]),
    (check_proxy, {**BEHIND_A_PROXY, "SECURE_PROXY_SSL_HEADER": None}, ["deploy.W006"]),
    (check_proxy, {**BEHIND_A_PROXY, "SECURE_HSTS_SECONDS": 0}, ["deploy.W007"]),
    (check_passwords_can_not_be_guessed, {**LIMITED, "PASSWORD_REJECT_COMMON": True}, []),
    (
        check_passwords_can_not_be_guessed,
        {**LIMITED, "PASSWORD_REJECT_COMMON": False},
        ["deploy.W012"],
    ),
    *(
        (
            check_passwords_can_not_be_guessed,
            {**LIMITED, "PASSWORD_REJECT_COMMON": True, name: ""},
            ["deploy.W011"],
        )
        for name in ("RATE_LIMIT_AUTH", "RATE_LIMIT_CODES")
    ),
    (check_metrics_token, {"METRICS_TOKEN": ""}, []),
    (check_metrics_token, {"METRICS_TOKEN": "x" * 20}, []),
    (check_metrics_token, {"METRICS_TOKEN": "prometheus"}, ["deploy.W013"]),
    (check_that_emails_arrive, SMTP, []),
    (check_that_emails_arrive, {**SMTP, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}, []),
    (check_that_emails_arrive, {**SMTP, "EMAIL_USE_TLS": False, "EMAIL_HOST": "127.0.0.1"}, []),
    (check_that_emails_arrive, {**SMTP, "EMAIL_USE_TLS": False}, ["accounts.W004"]),
    *(
        (
            check_that_emails_arrive,
            {**SMTP, "EMAIL_BACKEND": f"django.core.mail.backends.{name}.EmailBackend"},
            ["accounts.W002"],
        )
        for name in ("dummy", "locmem", "filebased")
    ),
    (
        check_that_emails_arrive,
        {**SMTP, "DEFAULT_FROM_EMAIL": "OrderChainer <orders@localhost>"},
        ["accounts.W003"],
    ),
    (check_where_providers_are, {"TELEGRAM_API_BASE": ""}, []),
    (check_where_providers_are, {"TELEGRAM_API_BASE": "https://proxy.example.com"}, []),
    (check_where_providers_are, {"OPENAI_API_BASE": "http://127.0.0.1:11434/v1"}, []),
    (
        check_where_providers_are,
        {"SHOPIFY_API_BASE": "http://127.0.0.1:8400/shopify/{shop}"},
        ["integrations.W001"],
    ),
    (
        check_where_providers_are,
        {"WHATSAPP_API_BASE": "http://proxy.example.com"},
        ["integrations.W002"],
    ),
    (check_discord_hosts_are_real, {"DISCORD_WEBHOOK_HOSTS": []}, []),
    (check_discord_hosts_are_real, {"DISCORD_WEBHOOK_HOSTS": ["hooks.example.com"]}, []),
    (
        check_discord_hosts_are_real,
        {"DISCORD_WEBHOOK_HOSTS": ["discord.com", "127.0.0.1:8400"]},
        ["integrations.W003"],
    ),
]


@pytest.mark.parametrize(
    ("is_embedded", "database", "found"),
    [
        (False, POSTGRES, []),
        (True, POSTGRES, ["deploy.W008"]),
        (False, {"ENGINE": "orderchainer.core.db.sqlite"}, ["deploy.W009"]),
        (False, {**POSTGRES, "PASSWORD": "orderchainer"}, ["deploy.W010"]),
        (False, {**POSTGRES, "PASSWORD": "changeme"}, ["deploy.W010"]),
        # Such a database knows its users by other means.
        (False, {**POSTGRES, "PASSWORD": ""}, []),
    ],
)
def test_the_embedded_mode_and_a_weak_database_are_found(
    is_embedded: bool, database: dict[str, Any], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", database)
    with override_settings(EMBEDDED=is_embedded):
        assert ids(check_services()) == found


@pytest.mark.parametrize(("check", "values", "found"), CASES)
def test_dangerous_settings_are_found_and_right_ones_are_not(
    check: Check, values: dict[str, Any], found: list[str]
) -> None:
    with override_settings(SANDBOX_HOST="127.0.0.1:8400", **values):
        assert ids(check()) == found


# --- Files ------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a directory that every user of the machine could reach, if they may enter it."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == Path.home().owner() and str(folder) not in {"/", "/tmp"}:
            folder.chmod(0o755)
    return tmp_path


def test_private_files_that_others_can_open_are_found(directory: Path) -> None:
    private = directory / "private"
    with override_settings(PRIVATE_FILES_ROOT=private, MEDIA_ROOT=directory / "media"):
        # The service makes the directory with its first file.
        assert ids(check_private_files()) == []
        private.mkdir(mode=0o755)
        assert ids(check_private_files()) == ["deploy.W015"]
        private.chmod(0o750)
        assert ids(check_private_files()) == []
        private.chmod(0o755)
        directory.chmod(0o750)
        assert ids(check_private_files()) == []


def test_private_files_among_the_pictures_are_found(tmp_path: Path) -> None:
    with override_settings(
        PRIVATE_FILES_ROOT=tmp_path / "media/private", MEDIA_ROOT=tmp_path / "media"
    ):
        assert ids(check_private_files()) == ["deploy.W014"]


def test_secrets_in_a_file_that_everybody_can_read_are_found(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = directory / "env"
    file.write_text("SECRET_KEY=…\n")
    monkeypatch.setenv("ENV_FILE", str(file))

    file.chmod(0o644)
    assert ids(check_env_file()) == ["deploy.W016"]
    file.chmod(0o640)
    assert ids(check_env_file()) == []
    monkeypatch.setenv("ENV_FILE", "")
    assert ids(check_env_file()) == []


def test_static_files_of_an_older_release_are_found(tmp_path: Path) -> None:
    names = list(deployment._static_files())
    assert "admin/js/core.js" in names
    manifest = tmp_path / "staticfiles.json"
    with override_settings(STATIC_ROOT=tmp_path):
        # The check at the start says that nothing is collected.
        assert ids(check_static_files_are_complete()) == []
        manifest.write_text(json.dumps({"paths": dict.fromkeys(names, "")}))
        assert ids(check_static_files_are_complete()) == []
        manifest.write_text(json.dumps({"paths": dict.fromkeys(names[1:], "")}))
        assert ids(check_static_files_are_complete()) == ["deploy.W017"]


# --- The command ------------------------------------------------------------------------------


@pytest.mark.processes
def test_the_set_up_in_the_documents_has_no_warning_and_every_check_is_registered(
    tmp_path: Path,
) -> None:
    file = Path(settings.BASE_DIR) / "docs/deployment/orderchainer.env"
    right = {
        **dict(re.findall(r"^([A-Z_]+)=(.*)$", file.read_text(), re.MULTILINE)),
        "SECRET_KEY": "jVPnC1wM0yS2x9kQ8Z6rT4uB7aE3dG5hL_fJ-iKoWqXsNvRtYbHc2Lk",
        "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
        # Directories in which this user may write.
        "MEDIA_ROOT": str(tmp_path / "media"),
        "PRIVATE_FILES_ROOT": str(tmp_path / "private"),
        "LOG_FILE": str(tmp_path / "log"),
    }
    wrong = {
        "SECRET_KEY": right["SECRET_KEY"],
        "CREDENTIALS_KEYS": right["CREDENTIALS_KEYS"],
        "METRICS_TOKEN": "prometheus",
        "RATE_LIMIT_CODES": "",
        "SHOPIFY_API_BASE": "http://127.0.0.1:8400/shopify/{shop}",
        "DISCORD_WEBHOOK_HOSTS": "127.0.0.1:8400",
    }

    def found(environment: dict[str, str]) -> set[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy"],
            cwd=settings.BASE_DIR,
            env={"PATH": os.environ["PATH"], "ENV_FILE": "", **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return set(re.findall(r"\?: \(([\w.]+)\)", done.stderr))

    # Whether static files are collected here depends on the machine.
    assert found(right) - {"orderchainer.W004", "deploy.W017"} == set()
    assert found(wrong) == {
        *(f"deploy.W0{number}" for number in ("02", "03", "08", "09", "11", "12", "13")),
        *("security.W018", "accounts.W003", "integrations.W001", "integrations.W003"),
    }
