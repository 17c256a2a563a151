"""The first steps of an empty installation, typed in as they stand, give the answers in the page.

All processes of a production run, on PostgreSQL and Redis. Only the proxy is missing.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from orderchainer.testing.servers import (
    environment_in,
    free_port,
    needs_services,
    plenty,
    running,
    services_of_this_test,
)

pytestmark = [
    pytest.mark.processes,
    pytest.mark.services,
    needs_services,
    pytest.mark.django_db(transaction=True, reset_sequences=True),
]

PAGE = (Path(settings.BASE_DIR) / "docs/operations.md").read_text()
FIRST_STEPS = PAGE.partition("### The first steps")[2].partition("\n## ")[0]
MARK = "--- end of answer ---"


def steps() -> list[tuple[str, str]]:
    """Return the commands, each with the answer below it, in which `…` stands for anything."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", FIRST_STEPS, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = step.partition("\n")
            found.append((command, answer.strip()))
    return found


@pytest.fixture
def environment(transactional_db: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Start gunicorn, daphne, a worker and beat; return the environment of further commands."""
    http, sockets = free_port(), free_port()
    shared = {
        **services_of_this_test(),
        **plenty(),
        "DEBUG": "off",
        "SECRET_KEY": "a-secret-of-this-test-alone-and-no-other",
        "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
        "DATABASE_POOL_SIZE": "0",
    }
    celery = ("-m", "celery", "--app", "orderchainer")
    gunicorn = ("-m", "gunicorn", "orderchainer.wsgi", "--bind", f"127.0.0.1:{http}")
    serve = ("manage.py", "serve")
    with ExitStack() as stack:
        for name, command in {
            "worker": (*celery, "worker", "--concurrency", "2"),
            "beat": (*celery, "beat"),
            "sockets": serve,
            "web": (*gunicorn, "--no-control-socket", "--worker-class", "gthread"),
        }.items():
            port = {"sockets": sockets, "web": http}.get(name, free_port())
            service = stack.enter_context(
                running(*command, directory=tmp_path / name, **shared, PORT=str(port))
            )
            if name in {"sockets", "web"}:
                service.wait_for("/healthz")
        service.wait_for("/readyz")
        yield {
            **environment_in(tmp_path, **shared),
            "HTTP": f"http://127.0.0.1:{http}",
            "SOCKETS": f"ws://127.0.0.1:{sockets}",
            "DJANGO_SUPERUSER_PASSWORD": "sails and canvas of staff",
        }


def test_the_first_steps_answer_as_printed(environment: dict[str, str], tmp_path: Path) -> None:
    commands = steps()
    assert len(commands) > 10
    manage = shlex.join([sys.executable, str(Path(settings.BASE_DIR) / "manage.py")])
    script = f'manage() {{ {manage} "$@"; }}\n'
    script += "".join(f"{command}\necho '{MARK}'\n" for command, _ in commands)
    for printed, actual in {
        "https://orders.example.com": "$HTTP",
        "wss://orders.example.com": "$SOCKETS",
        # It asks for the password only on a terminal.
        "manage createsuperuser": "manage createsuperuser --noinput",
        "/tmp/project.json": shlex.quote(str(tmp_path / "project.json")),
    }.items():
        assert printed in script
        script = script.replace(printed, actual)

    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    answers = [answer.strip() for answer in done.stdout.split(MARK)]
    for (command, printed), answer in zip(commands, answers, strict=False):
        pattern = re.escape(printed).replace("…", "[^\n]*?")
        assert re.fullmatch(pattern, answer), (command, answer, done.stderr)
    assert len(answers) == len(commands) + 1
