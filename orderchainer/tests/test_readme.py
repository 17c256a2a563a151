"""The README's tour, typed in as it stands, gives the answers that it prints."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.conf import settings

from orderchainer.testing.servers import environment_in, free_port, running

pytestmark = pytest.mark.processes

README = (Path(settings.BASE_DIR) / "README.md").read_text()
MARK = "--- end of answer ---"


def tour() -> list[tuple[str, str]]:
    """Return the tour's commands, each with the answer that the README prints below it."""
    steps: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = step.partition("\n")
            steps.append((command, answer.strip()))
    return steps


def pattern_of(answer: str) -> str:
    """Return the answer as a pattern, in which `…` stands for anything within its line."""
    return re.escape(answer).replace("…", "[^\n]*?")


def test_the_tour_answers_as_printed(tmp_path: Path) -> None:
    steps = tour()
    assert len(steps) > 10
    port, sandbox_port = free_port(), free_port()
    with (
        running(
            *("-m", "integrations.sandbox", "--port", str(sandbox_port)),
            directory=tmp_path / "sandbox",
        ),
        running(
            *("manage.py", "serve", "--prepare"),
            directory=tmp_path / "service",
            PORT=str(port),
            # Where the pretend shop posts its webhooks.
            PUBLIC_URL=f"http://localhost:{port}",
            DISCORD_WEBHOOK_HOSTS=f"127.0.0.1:{sandbox_port}",
            SHOPIFY_API_BASE=f"http://127.0.0.1:{sandbox_port}/shopify/{{shop}}",
        ) as service,
    ):
        service.wait_for("/readyz")
        # Beside the subscriptions the shop posts to port 8000, where another service may listen.
        shop = f"http://127.0.0.1:{sandbox_port}/_control/shopify/shops/-"
        requests.post(f"{shop}/listener", json={"url": ""}, timeout=5).raise_for_status()
        script = "".join(f"{command}\necho '{MARK}'\n" for command, _ in steps)
        for printed, actual in [
            ("localhost:8000", f"localhost:{service.port}"),
            ("127.0.0.1:8400", f"127.0.0.1:{sandbox_port}"),
            (".venv/bin/python", shlex.quote(sys.executable)),
            ("/tmp/heard.txt", shlex.quote(str(tmp_path / "heard.txt"))),
        ]:
            script = script.replace(printed, actual)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                **environment_in(tmp_path / "service"),
                "PORT": str(service.port),
                "WS_PORT": "0",
                "REDIS_URL": "",
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    answers = [answer.strip() for answer in done.stdout.split(MARK)]
    for (command, printed), answer in zip(steps, answers, strict=False):
        answer = answer.replace(str(sandbox_port), "8400").replace(str(service.port), "8000")
        assert re.fullmatch(pattern_of(printed), answer), (command, answer, done.stderr)
    assert len(answers) == len(steps) + 1
