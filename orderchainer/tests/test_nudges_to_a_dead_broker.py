"""Nudges to a broker that is down: they cost a request almost no time and never fail it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from orderchainer.testing.servers import environment_in, free_port

# A process with the settings of the production mode.
NUDGES = """
import json, time
import django
django.setup()
from orderchainer.core.background import nudge
from orders.tasks import relay_events

seconds = []
for _ in range(4):
    started = time.monotonic()
    nudge(relay_events)
    seconds.append(time.monotonic() - started)
print(json.dumps(seconds))
"""


def seconds_of_nudges(directory: Path, *, port: int) -> list[float]:
    """Return how long each of four nudges took in a fresh process with its broker at `port`."""
    done = subprocess.run(
        [sys.executable, "-c", NUDGES],
        cwd=settings.BASE_DIR,
        env=environment_in(
            directory,
            DJANGO_SETTINGS_MODULE="orderchainer.settings",
            REDIS_URL=f"redis://127.0.0.1:{port}/0",
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


@pytest.mark.processes
def test_a_dead_broker_costs_a_moment(tmp_path: Path) -> None:
    # The first nudge of a process also imports the broker's library.
    first, *others = seconds_of_nudges(tmp_path, port=free_port())

    assert first < 1
    assert max(others) < 0.1


@pytest.mark.processes
def test_waits_only_once_for_a_broker_that_hangs(tmp_path: Path) -> None:
    with socket.socket() as stalled:
        stalled.bind(("127.0.0.1", 0))
        stalled.listen()

        first, *others = seconds_of_nudges(tmp_path, port=stalled.getsockname()[1])

    assert 1 < first < 4
    assert max(others) < 0.1
