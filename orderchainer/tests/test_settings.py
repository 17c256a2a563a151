"""What the environment can set, and which values the settings refuse."""

import os
import re
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.test import override_settings
from kombu import Connection

from orderchainer.core.limits.rates import LIMITS
from orderchainer.operations.broker import Transport
from orderchainer.operations.checks import (
    check_cors_allowed_origins,
    check_sandbox,
    check_sqlite_version,
)

ROOT: Path = settings.BASE_DIR
SECRET = "a-long-random-string-for-production-starts"


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a Python command of the project with only `environment` in its environment."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
            "ENV_FILE": "",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def value_of(setting: str, **environment: str) -> str:
    """Return a setting as a process with that environment sees it."""
    done = run(
        "-c",
        f"from django.conf import settings; print(settings.{setting})",
        **environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- Where a value comes from ----------------------------------------------------------------


def test_a_database_in_memory_is_no_file() -> None:
    for url in ("sqlite:///:memory:", "sqlite://:memory:"):
        assert value_of("DATABASES['default']['NAME']", DATABASE_URL=url) == ":memory:"


@pytest.mark.parametrize("unset", [{}, {"DATABASE_URL": "", "REDIS_URL": ""}])
def test_the_defaults_run_everything_in_one_process_on_sqlite(
    unset: dict[str, str],
) -> None:
    done = run(
        "-c",
        "from django.conf import settings as s; "
        "print(s.DEBUG, s.EMBEDDED, s.PORT, s.BIND_ADDRESS, s.DATABASES['default']['NAME'])",
        **unset,
    )

    assert done.stdout.strip() == f"True True 8000 127.0.0.1 {ROOT / 'orderchainer.db'}"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    tmp_path: Path,
) -> None:
    file = tmp_path / "env"
    file.write_text("PORT=9001\nREFRESH_TOKEN_EXPIRE_DAYS=3\n")

    seen = run(
        "-c",
        "from django.conf import settings as s; "
        "print(s.PORT, s.REFRESH_TOKEN_EXPIRE_DAYS, s.ACCESS_TOKEN_EXPIRE_MINUTES)",
        ENV_FILE=str(file),
        PORT="9002",
    )

    assert seen.stdout.split() == ["9002", "3", "15"]


# --- What is refused -------------------------------------------------------------------------


def test_production_does_not_start_without_its_secrets() -> None:
    done = run("manage.py", "check", DEBUG="off")

    assert done.returncode == 1
    complaints, hints = done.stderr.splitlines()[::2], done.stderr.splitlines()[1::2]
    assert complaints == [
        "SECRET_KEY is not set, and DEBUG is off.",
        "CREDENTIALS_KEYS is not set, and DEBUG is off.",
    ]
    # What the hints say to do makes secrets that are accepted.
    made = [run("-c", hint.partition(" -c ")[2].strip("'")).stdout.strip() for hint in hints]
    assert len(made[0]) >= 50
    assert Fernet(made[1])


@pytest.mark.slow
def test_production_starts_with_both() -> None:
    done = run(
        "manage.py",
        "check",
        DEBUG="off",
        SECRET_KEY=SECRET,
        CREDENTIALS_KEYS=Fernet.generate_key().decode(),
        EMAIL_URL="smtp+tls://mail.example.com:587",
    )

    assert (done.returncode, done.stdout) == (
        0,
        "System check identified no issues (0 silenced).\n",
    )


@pytest.mark.parametrize(
    ("version", "complaints"),
    [((3, 34, 1), ["orderchainer.E009"]), ((3, 35, 0), []), ((3, 45, 1), [])],
)
def test_an_old_sqlite_is_refused_where_it_is_used(
    version: tuple[int, ...], complaints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    uses_it = "sqlite" in settings.DATABASES["default"]["ENGINE"]

    found = [message.id for message in check_sqlite_version()]

    assert found == (complaints if uses_it else [])


@pytest.mark.parametrize(
    ("is_debugging", "is_embedded", "complaint"),
    [
        (True, True, ""),
        (False, True, "SANDBOX is on although DEBUG is off."),
        (True, False, "SANDBOX is on although REDIS_URL is set."),
    ],
)
def test_only_the_embedded_server_of_a_developer_plays_the_providers(
    is_debugging: bool, is_embedded: bool, complaint: str
) -> None:
    with override_settings(SANDBOX=True, DEBUG=is_debugging, EMBEDDED=is_embedded):
        assert [message.msg for message in check_sandbox()] == [complaint] * bool(complaint)
    with override_settings(SANDBOX=False, DEBUG=is_debugging, EMBEDDED=is_embedded):
        assert check_sandbox() == []


@pytest.mark.processes
@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"SANDBOX": "on", "REDIS_URL": "redis://127.0.0.1:6379/0"}, "orderchainer.E011"),
        ({"CREDENTIALS_KEYS": "too-short"}, "orderchainer.E001"),
        ({"ACCESS_TOKEN_EXPIRE_MINUTES": "20000"}, "orderchainer.E003"),
        ({"MEDIA_ROOT": "/dev/null/pictures"}, "orderchainer.E008"),
        ({"MEDIA_ROOT": "manage.py"}, "orderchainer.E008"),
        ({"CORS_ALLOWED_ORIGINS": "shop.example.com"}, "orderchainer.E010"),
        ({"ASSISTANT_PROVIDER": "abacus"}, "assistant.E002"),
        ({"WORKER_METRICS_LISTEN": "9101"}, "orderchainer.E005"),
    ],
)
def test_an_impossible_combination_is_refused_by_a_check(
    environment: dict[str, str], complaint: str
) -> None:
    done = run("manage.py", "check", **environment)

    assert done.returncode != 0
    assert complaint in done.stderr
    assert "HINT: " in done.stderr


# What each kind refuses. Texts and lists of words may be anything; some have a system check.
NONSENSE = {
    "switch": "maybe",
    "number": "-1",
    "seconds": "-1",
    "choice": "loud",
    "rate": "0/m",
    "hosts": "https://shop.example.com",
    "origins": "shop.example.com",
    "address": "shop.example.com",
    "socket_origin": "https://shop.example.com",
    "directory": "/dev/null/metrics",
    "redis": "127.0.0.1",
    "database": "garbage",
    "email": "foo://x",
}


def variables_by_kind() -> list[tuple[str, str]]:
    """Return each variable that the settings read, as (kind, name)."""
    source = (ROOT / "orderchainer" / "settings.py").read_text()
    return re.findall(r'\benv\.(\w+)\(\s*"([A-Z_]+)"(?=[,)])', source)


def test_every_wrong_setting_is_told_in_a_line_with_a_hint() -> None:
    wrong = {name: NONSENSE[kind] for kind, name in variables_by_kind() if kind in NONSENSE}
    assert len(wrong) > 50

    done = run("manage.py", "check", **wrong)

    assert done.returncode == 1
    complaints, hints = done.stderr.splitlines()[::2], done.stderr.splitlines()[1::2]
    assert sorted(complaint.split()[0] for complaint in complaints) == sorted(wrong)
    assert all(hint.startswith("  Write ") for hint in hints)


@pytest.mark.slow
def test_an_empty_setting_is_the_default_or_is_told_in_plain_words() -> None:
    kinds = {name: kind for kind, name in variables_by_kind()}
    must_have_a_value = {"switch", "number", "seconds", "choice"}
    wrong = {name for name, kind in kinds.items() if kind in must_have_a_value}

    done = run("manage.py", "check", **dict.fromkeys(kinds, ""))

    told = [line.split(".")[0] for line in done.stderr.splitlines()[::2]]
    assert sorted(told) == sorted(f"{name} is empty" for name in wrong)

    empty = dict.fromkeys(kinds.keys() - wrong, "")
    assert run("manage.py", "check", **empty).returncode == 0
    names = ("BIND_ADDRESS", "MEDIA_ROOT", "PRIVATE_FILES_ROOT", "LOG_FILE", "ALLOWED_HOSTS")
    values = ", settings.".join(names)
    assert value_of(values, **empty) == value_of(values)


def test_every_limit_reads_its_rate_as_a_rate() -> None:
    names = {name for kind, name in variables_by_kind() if kind == "rate"}

    assert {limit.setting for limit in LIMITS.values()} == names


@pytest.mark.processes
@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "serve"),
        ("manage.py", "migrate"),
        ("manage.py", "shell", "-c", "1"),
        ("manage.py", "listen", "token"),
        ("-m", "celery", "--app", "orderchainer", "worker"),
        ("-m", "celery", "--app", "orderchainer", "beat"),
        ("-m", "daphne", "orderchainer.asgi:application"),
    ],
)
def test_no_command_starts_with_a_wrong_setting(command: tuple[str, ...]) -> None:
    done = run(*command, PORT="abc", EMAIL_URL="foo://x")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "PORT is 'abc'.\n"
        "  Write a whole number from 1 to 65535.\n"
        "EMAIL_URL begins with foo://, which is not supported.\n"
        "  Write smtp+tls://user:password@mail.example.com:587, or consolemail:// for none.\n"
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("shop.example.com", "Write 'https://shop.example.com'."),
        ("localhost:3000", "Write 'http://localhost:3000'."),
        ("https://Shop.Example.com/", "Write 'https://shop.example.com'."),
        ("HTTPS://shop.example.com", "Write 'https://shop.example.com'."),
        ("https://shop.example.com:443", "Write 'https://shop.example.com'."),
        ("http://shop.example.com:80", "Write 'http://shop.example.com'."),
        ("https://shop.example.com/cart?x=1#y", "Write 'https://shop.example.com'."),
        ("https://ada:pw@shop.example.com", "Write 'https://shop.example.com'."),
        ("https://bücher.example", "Write 'https://xn--bcher-kva.example'."),
        ("http://[0:0:0:0:0:0:0:1]:3000", "Write 'http://[::1]:3000'."),
        ("*", "List each site by its own origin"),
        ("null", "Every page in a sandbox"),
        ("https://*.example.com", "Write scheme, host and"),
        ("https://shop.example.com:0", "Write scheme, host and"),
        ("https://shop.example.com:70000", "Write scheme, host and"),
        ("https://", "Write scheme, host and"),
        ("https://[::1", "Write scheme, host and"),
        ("file:///home/ada/shop.html", "Write scheme, host and"),
        ("https://shop.example.com https://b.example", "Write scheme, host and"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused_and_the_hint_helps(
    text: str, hint: str
) -> None:
    with override_settings(CORS_ALLOWED_ORIGINS=[text]):
        (message,) = check_cors_allowed_origins()

    assert message.id == "orderchainer.E010"
    assert repr(text) in message.msg
    assert message.hint is not None
    assert message.hint.startswith(hint)


@pytest.mark.slow
def test_origins_as_browsers_send_them_are_taken() -> None:
    environment = {
        "CORS_ALLOWED_ORIGINS": "https://shop.example.com, http://localhost:3000,"
        "http://127.0.0.1:8080,http://[::1]:3000,https://my_shop.example,"
    }

    assert run("manage.py", "check", **environment).returncode == 0
    assert value_of("CORS_ALLOWED_ORIGINS", **environment) == str(
        [
            "https://shop.example.com",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:3000",
            "https://my_shop.example",
        ]
    )
    assert value_of("CORS_ALLOWED_ORIGINS") == "[]"


@pytest.mark.processes
@pytest.mark.parametrize(
    ("environment", "warning"),
    [
        ({"SECRET_KEY": "short"}, "orderchainer.W001"),
        ({"REDIS_URL": "redis://127.0.0.1:6379/0"}, "orderchainer.W002"),
        ({"ALLOWED_HOSTS": "orders.example.com"}, "orderchainer.W003"),
    ],
)
def test_warns_of_settings_that_may_not_work(environment: dict[str, str], warning: str) -> None:
    done = run("manage.py", "check", **environment)

    assert done.returncode == 0
    assert warning in done.stderr


@pytest.mark.slow
def test_an_unknown_name_in_the_file_is_a_warning_unless_it_resembles_a_setting(
    tmp_path: Path,
) -> None:
    file = tmp_path / "env"
    file.write_text("POSTGRES_PASSWORD=x\nFAVOURITE_COLOUR=teal\n")

    done = run("manage.py", "check", ENV_FILE=str(file))

    assert done.returncode == 0
    assert done.stderr.count("orderchainer.W006") == 1
    assert "FAVOURITE_COLOUR (line 2 of env) is not a setting of OrderChainer." in done.stderr

    file.write_text("SECRETKEY=x\n")

    done = run("manage.py", "check", ENV_FILE=str(file))

    assert done.returncode == 1
    assert done.stderr.startswith(
        "SECRETKEY (line 1 of env) is not a setting. Did you mean SECRET_KEY?\n"
    )


# --- Effects of the settings ------------------------------------------------------------------


@pytest.mark.processes
def test_the_sandbox_stands_in_for_the_providers_unless_their_addresses_are_set() -> None:
    names = "DISCORD_WEBHOOK_HOSTS, settings.SHOPIFY_API_BASE"
    assert value_of(names, SANDBOX="on", SANDBOX_PORT="8401") == (
        "['127.0.0.1:8401'] http://127.0.0.1:8401/shopify/{shop}"
    )
    own = {"DISCORD_WEBHOOK_HOSTS": "chat.example.com", "SHOPIFY_API_BASE": "https://example.com"}
    assert value_of(names, SANDBOX="on", **own) == "['chat.example.com'] https://example.com"


@pytest.mark.processes
def test_with_a_key_of_ones_own_the_sandbox_leaves_gemini_to_google() -> None:
    names = "GEMINI_API_KEY, repr(settings.GEMINI_API_BASE)"
    assert value_of(names, SANDBOX="on", SANDBOX_PORT="8401") == (
        "pretend-gemini-key 'http://127.0.0.1:8401/gemini'"
    )
    assert value_of(names, SANDBOX="on", GEMINI_API_KEY="my-own-key") == "my-own-key ''"


@pytest.mark.slow
def test_redis_takes_cache_tasks_and_push_out_of_the_process() -> None:
    redis = "redis://127.0.0.1:6379/0"

    assert value_of("EMBEDDED", REDIS_URL=redis) == "False"
    assert value_of("CELERY_BROKER_URL", REDIS_URL=redis) == redis
    for url in (redis, redis.replace("redis:", "rediss:")):
        transport = value_of("CELERY_BROKER_TRANSPORT", REDIS_URL=url)
        assert Connection(url, transport=transport).get_transport_cls() is Transport
    assert "redis" in value_of("CACHES['default']['BACKEND']", REDIS_URL=redis)


def test_limits_are_counted_where_all_processes_see_them() -> None:
    backend = "CACHES['limits']['BACKEND']"

    assert value_of(backend).endswith(".LocalCountersCache")
    redis = "redis://127.0.0.1:6379/0"
    assert value_of(backend, REDIS_URL=redis).endswith(".RedisCountersCache")


def test_an_empty_rate_switches_a_limit_off() -> None:
    assert value_of("RATE_LIMIT_AUTH") == "5/m"
    assert value_of("RATE_LIMIT_AUTH", RATE_LIMIT_AUTH="") == ""


def test_a_pool_of_no_connections_is_no_pool() -> None:
    postgres = "postgres://someone@127.0.0.1/orders"

    pool = "DATABASES['default'].get('OPTIONS', {}).get('pool')"
    assert "'max_size': 8" in value_of(pool, DATABASE_URL=postgres)
    assert value_of(pool, DATABASE_URL=postgres, DATABASE_POOL_SIZE="0") == "None"


# --- `.env.example` ---------------------------------------------------------------------------


def test_the_example_lists_every_variable_once() -> None:
    read = {name for kind, name in variables_by_kind() if kind not in {"note", "leave", "kept"}}

    listed = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    # docker-compose.yml reads this one.
    assert sorted(listed) == sorted(read | {"POSTGRES_PASSWORD"})


def test_no_variable_of_the_containers_counts_as_misspelt() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    named = set(re.findall(r"\$\{([A-Z_]+)", compose))

    assert "POSTGRES_PASSWORD" in named
    # Each is a setting, or the settings leave it to others.
    assert named <= {name for _kind, name in variables_by_kind()}


def test_each_variable_of_the_example_says_what_it_is() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    for before, line in pairwise(lines):
        if re.match(r"#?[A-Z_]+=", line):
            assert before.startswith("# "), f"{line} has no comment above it"


def test_the_examples_defaults_are_the_settings_defaults() -> None:
    text = (ROOT / ".env.example").read_text()

    done = run(
        "-c",
        "from django.conf import settings as s; "
        "print(s.PORT, s.DATABASE_POOL_SIZE, s.MAX_REQUEST_BODY_BYTES, s.LOG_MAX_BYTES)",
    )

    for name, value in zip(
        ("PORT", "DATABASE_POOL_SIZE", "MAX_REQUEST_BODY_BYTES", "LOG_MAX_BYTES"),
        done.stdout.split(),
        strict=True,
    ):
        assert f"#{name}={value}\n" in text


@pytest.mark.slow
def test_workers_know_every_task_that_is_scheduled_or_has_a_queue() -> None:
    """A worker finds the tasks of each app in its `tasks.py`, so this asks a process of its own."""
    done = run(
        "-c",
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from orderchainer.celery import app\n"
        "app.loader.import_default_modules()\n"
        "named = {each['task'] for each in settings.CELERY_BEAT_SCHEDULE.values()}\n"
        "print(sorted((named | set(settings.CELERY_TASK_ROUTES)) - set(app.tasks)))",
    )

    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stdout + done.stderr
