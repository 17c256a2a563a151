"""What a signal ends, what it lets finish, and what happens if a background thread dies."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from notifications.sockets import hub
from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import Service, free_port, running

pytestmark = pytest.mark.processes

# A view that takes two seconds.
SLOW_VIEW = """
import time
import django
django.setup()
from django.http import HttpResponse
from django.urls import path
from orderchainer import urls

def slow(request):
    print("BEGUN", flush=True)
    time.sleep(2)
    return HttpResponse("whole")

urls.urlpatterns.insert(0, path("slow", slow))
"""
SERVE_SLOWLY = (
    SLOW_VIEW
    + """
import os
from orderchainer.operations.serving import serve
serve(address="127.0.0.1", ports=[int(os.environ["PORT"])], on_ready=lambda: None)
"""
)
GUNICORN_SLOWLY = SLOW_VIEW + "\nfrom orderchainer.wsgi import application\n"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "orderchainer.settings"}


def stop_during_a_request(service: Service, stop_signal: signal.Signals) -> None:
    """Signal the service while it answers. Check that it finishes the answer and ends soon."""
    service.wait_for("/healthz")
    url = f"http://127.0.0.1:{service.port}/slow"
    with ThreadPoolExecutor(1) as thread:
        answering = thread.submit(requests.get, url, timeout=30)
        deadline = time.monotonic() + 20
        while "BEGUN" not in service.output:
            assert time.monotonic() < deadline, service.output
            time.sleep(0.02)

        status = service.stop(stop_signal, within_seconds=10)

        answer = answering.result()
    assert (answer.status_code, answer.text) == (200, "whole"), service.output
    assert status == 0, service.output
    assert not service.left_processes


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_request_in_flight_is_answered_before_the_end(
    stop_signal: signal.Signals, tmp_path: Path
) -> None:
    with running("-c", SERVE_SLOWLY, directory=tmp_path, **SETTINGS) as service:
        stop_during_a_request(service, stop_signal)


def test_gunicorn_answers_a_request_in_flight_before_its_end(tmp_path: Path) -> None:
    (tmp_path / "slow_wsgi.py").write_text(GUNICORN_SLOWLY)
    port = free_port()
    with running(
        *("-m", "gunicorn", "slow_wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--graceful-timeout", "10", "--no-control-socket"),
        directory=tmp_path,
        PORT=str(port),
        PYTHONPATH=str(tmp_path),
        **SETTINGS,
    ) as service:
        stop_during_a_request(service, signal.SIGTERM)


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_a_socket_is_closed_with_going_away(stop_signal: signal.Signals, tmp_path: Path) -> None:
    make_tables(tmp_path)
    with running("manage.py", "serve", "--prepare", directory=tmp_path) as service:
        service.wait_for("/readyz")
        base = f"http://127.0.0.1:{service.port}"
        account = {"email": "ada@example.com", "password": "password123"}
        user = requests.post(f"{base}/api/auth/register", json=account, timeout=20)
        token = requests.post(f"{base}/api/auth/token", json=account, timeout=20)
        with connect(
            f"ws://127.0.0.1:{service.port}/ws/notifications/{user.json()['id']}/",
            additional_headers={"Authorization": f"Bearer {token.json()['access_token']}"},
        ) as socket:
            socket.send('{"type": "ping"}')
            assert "pong" in str(socket.recv(timeout=20))

            status = service.stop(stop_signal, within_seconds=10)

            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert status == 0, service.output


# We raise the exception wherever that thread is, as a bug or a lack of memory would.
SERVE_AND_KILL_A_THREAD = """
import ctypes, os, threading, time
import django
django.setup()

def kill():
    while not (found := [t for t in threading.enumerate() if t.name == os.environ["THREAD"]]):
        time.sleep(0.1)
    [thread] = found
    time.sleep(2)
    error = {"RuntimeError": RuntimeError, "SystemExit": SystemExit}[os.environ["ERROR"]]
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(error)
    )

threading.Thread(target=kill, daemon=True).start()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "serve", "--prepare"])
"""


@pytest.mark.parametrize(
    ("thread", "error"),
    [
        ("worker-celery", "RuntimeError"),
        ("worker-emails", "SystemExit"),
        ("beat", "RuntimeError"),
    ],
)
def test_a_background_thread_that_dies_ends_the_process(
    thread: str, error: str, tmp_path: Path
) -> None:
    make_tables(tmp_path)
    with running(
        *("-c", SERVE_AND_KILL_A_THREAD),
        directory=tmp_path,
        THREAD=thread,
        ERROR=error,
        **SETTINGS,
    ) as service:
        status = service.process.wait(timeout=60)

        assert status not in {0, -signal.SIGKILL}, service.output
        assert not service.left_processes
    log = (tmp_path / "orderchainer.log").read_text()
    assert f'"event":"background_thread_died","thread":"{thread}"' in log


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
async def test_a_permanent_task_of_the_hub_goes_on_after_any_failure(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FIRST_RETRY_SECONDS", 0.01)
    again = asyncio.Event()
    times = 0

    async def work(healthy: object) -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise error
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(hub.Hub()._keep(work))
    async with asyncio.timeout(5):
        await again.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    assert task.cancelled()
