"""The embedded mode as a real process: it starts, does all the work, stops, and starts again."""

import re
import signal
import socket
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import running

pytestmark = pytest.mark.processes

KEY = Fernet.generate_key().decode()
SERVE = ("manage.py", "serve", "--prepare")

# A task in the server's own process that cannot be interrupted.
SERVE_WITH_A_SLOW_TASK = """
import time
import django
django.setup()
from orderchainer.celery import app
from orderchainer.operations.serving import serve

@app.task(name="slow")
def slow():
    print("SLOW", flush=True)
    time.sleep(60)

slow.delay()
import os
serve(address="127.0.0.1", ports=[int(os.environ["PORT"])], on_ready=lambda: None)
"""


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_within_five_seconds_and_it_starts_again(
    stop_signal: signal.Signals, tmp_path: Path
) -> None:
    with running(*SERVE, directory=tmp_path) as first:
        # Ready also means that the worker has run a heartbeat task.
        first.wait_for("/readyz")
        introduction = first.output

        status = first.stop(stop_signal, within_seconds=5)

        assert status == 0, first.output
        assert not first.left_processes
        # The address and the account are the last lines, but for those of the log.
        told = "\n".join(line for line in introduction.splitlines() if not line.startswith("20"))
        assert re.search(
            r"OrderChainer is ready at .*Sign in at \S+/app/ with the demo account\..*"
            r"e-mail +demo@example.com\n +password +\S{16}$",
            told,
            re.DOTALL,
        )
        assert "task_finished" not in introduction
    files = {path.name for path in tmp_path.iterdir()}
    assert not {name for name in files if "pid" in name or "beat" in name}

    with running(*SERVE, directory=tmp_path) as second:
        second.wait_for("/readyz")

        assert "demo@example.com is there, with 14 orders" in second.output
        assert not re.search(r"password +\S{16}\n", second.output)


def test_a_kill_loses_nothing_and_the_next_start_works(tmp_path: Path) -> None:
    with running(*SERVE, directory=tmp_path) as first:
        first.wait_for("/readyz")
        first.kill()

    with running(*SERVE, directory=tmp_path) as second:
        second.wait_for("/readyz")

        assert "demo@example.com is there, with 14 orders" in second.output


def test_a_long_task_does_not_delay_the_stop(tmp_path: Path) -> None:
    with running(
        "-c",
        SERVE_WITH_A_SLOW_TASK,
        directory=tmp_path,
        DJANGO_SETTINGS_MODULE="orderchainer.settings",
    ) as service:
        service.wait_for("/healthz")
        deadline = time.monotonic() + 10
        while "SLOW" not in service.output:
            assert time.monotonic() < deadline, service.output
            time.sleep(0.05)

        service.stop(signal.SIGINT, within_seconds=5)

        assert not service.left_processes


def test_it_listens_on_a_second_port_for_websockets(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        second_port = probe.getsockname()[1]
    make_tables(tmp_path)

    with running(*SERVE, directory=tmp_path, WS_PORT=str(second_port)) as service:
        service.wait_for("/healthz")
        service.port = second_port

        assert service.status_of("/healthz") == 200


def test_a_taken_port_is_told_before_anything_else_begins(tmp_path: Path) -> None:
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1]

        with running(*SERVE, directory=tmp_path, PORT=str(port)) as service:
            status = service.process.wait(timeout=30)

            assert status == 1
            complaint, hint = service.output.splitlines()
            assert complaint == (
                f"Port {port} (PORT) is in use: another program listens on 127.0.0.1:{port}."
            )
            assert re.fullmatch(r"  Stop that program, or take another port: PORT=\d+", hint)
            # Nothing else was begun.
            assert not (tmp_path / "orderchainer.db").exists()


def test_the_admin_finds_its_static_files_without_collecting_them(
    tmp_path: Path,
) -> None:
    make_tables(tmp_path)
    with running(
        *SERVE,
        directory=tmp_path,
        DEBUG="off",
        SECRET_KEY="x" * 50,
        CREDENTIALS_KEYS=KEY,
    ) as service:
        service.wait_for("/healthz")

        assert service.status_of("/static/admin/js/core.js") == 200
