"""What processes load when they start: nothing that few of them ever use.

Each of these takes megabytes in every process, and the time to load them at every start.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from orderchainer.testing.servers import environment_in

# Loaded by the function that needs it. Add a library here when a new one is used the same way.
SELDOM_USED = frozenset(
    {
        "PIL",  # pictures
        "google",  # the assistant
        "httpx2",
        "integrations.sandbox",
        "jsonschema",
        "openpyxl",
        "phonenumbers",
        "pydantic",
        "websockets",
        "xlsxwriter",
    }
)
# A web process has no sockets, no worker and no beat, and PostgreSQL as its database.
NOT_IN_A_WEB_PROCESS = frozenset({"daphne", "autobahn", "channels_redis", "celery.beat", "sqlite3"})
# `manage.py check` and `--help` start nothing that serves.
NOT_IN_A_COMMAND = frozenset({"daphne", "autobahn", "celery.beat"})

WEB = "import orderchainer.wsgi"
EMBEDDED = """
from django.core.management import load_command_class
import django; django.setup()
load_command_class("orderchainer.operations", "serve")
load_command_class("orderchainer.demo", "demo")
import orderchainer.asgi
"""
# Django's check of picture fields looks for Pillow.
COMMAND = """
import django; django.setup()
from django.core.management import call_command
call_command("check")
"""
# The database is new.
LOOK_FOR_TABLES = """
import django; django.setup()
from orderchainer.operations import starting
[problem] = starting.schema()
"""


def loaded_by(code: str, directory: Path, **variables: str) -> set[str]:
    """Return the names of all modules that a process has after `code`."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{code}\nimport sys; print(*sys.modules)"],
        cwd=settings.BASE_DIR,
        env={
            **environment_in(directory, **variables),
            "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split(" "))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "unwanted", "variables"),
    [
        pytest.param(
            WEB,
            SELDOM_USED | NOT_IN_A_WEB_PROCESS,
            {
                "DEBUG": "off",
                "SECRET_KEY": "k" * 50,
                "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
                "DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing",
                "REDIS_URL": "redis://127.0.0.1:9/0",
            },
            id="web",
        ),
        pytest.param(EMBEDDED, SELDOM_USED, {}, id="embedded"),
        pytest.param(COMMAND, (SELDOM_USED | NOT_IN_A_COMMAND) - {"PIL"}, {}, id="check"),
    ],
)
def test_what_few_processes_use_is_not_loaded(
    code: str, unwanted: frozenset[str], variables: dict[str, str], tmp_path: Path
) -> None:
    loaded = loaded_by(code, tmp_path, **variables)

    assert "django.contrib.admin" in loaded
    assert sorted(unwanted & loaded) == []


@pytest.mark.slow
def test_looking_for_missing_tables_loads_no_migration(tmp_path: Path) -> None:
    """Every process looks when it starts, and web processes again for `/readyz`."""
    loaded = loaded_by(LOOK_FOR_TABLES, tmp_path)

    assert "orderchainer.operations.health" in loaded
    assert [name for name in loaded if ".migrations.0" in name] == []
