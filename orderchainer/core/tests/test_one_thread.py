"""The handler for ASGI, which answers each request in one thread."""

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from asgiref import testing
from asgiref.sync import SyncToAsync
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import override_settings
from django.urls import path

from orderchainer.core.http.one_thread import OneThreadHandler

# The library has no types.
communicate: Any = testing.ApplicationCommunicator

threads: list[threading.Thread] = []


def view(request: HttpRequest) -> HttpResponse:
    """Note the thread."""
    threads.append(threading.current_thread())
    return HttpResponse(b"here")


def failing(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise RuntimeError("on purpose")


class Slow:
    """A view that has a database connection and then takes its time."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.may_end = threading.Event()
        self.connection: Any = None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer at once, or with a stream that is slow."""
        if "stream" in request.GET:
            return StreamingHttpResponse(iter(self.take, b""))
        return HttpResponse(self.take())

    def take(self) -> bytes:
        """Return nothing, late."""
        connection.ensure_connection()
        self.connection = connections[DEFAULT_DB_ALIAS]
        self.has_begun.set()
        assert self.may_end.wait(20)
        return b""


slow = Slow()
urlpatterns = [
    path("here", view),
    path("failing", failing),
    path("slow", lambda request: slow(request)),
]


def noting(get_response: Any) -> Any:
    """Note the thread, as a middleware."""

    def middleware(request: HttpRequest) -> Any:
        threads.append(threading.current_thread())
        return get_response(request)

    return middleware


def scope_of(path: str, query: bytes = b"") -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}


async def answer_to(path: str) -> tuple[int, bytes]:
    with override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            f"{__name__}.noting",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        ALLOWED_HOSTS=["*"],
    ):
        communicator: Any = communicate(OneThreadHandler(), scope_of(path))
        await communicator.send_input({"type": "http.request", "body": b""})
        start = await communicator.receive_output()
        body = await communicator.receive_output()
        await communicator.wait()
    return start["status"], body["body"]


async def test_middleware_and_view_of_a_request_run_in_one_thread_beside_the_loop() -> None:
    threads.clear()

    assert await answer_to("/here") == (200, b"here")

    middlewares, views = threads
    assert middlewares is views
    assert views is not threading.current_thread()


async def test_a_request_is_handed_to_its_thread_three_times_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    call = SyncToAsync.__call__

    async def counted(self: Any, *args: Any, **options: Any) -> Any:
        calls.append(repr(self.func))
        return await call(self, *args, **options)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)

    await answer_to("/here")

    # When it begins, for middleware and view together, and when it is over.
    assert len(calls) <= 3, calls


@override_settings(DEBUG=False)
async def test_a_defect_and_an_unknown_path_are_answered_as_everywhere() -> None:
    assert (await answer_to("/failing"))[0] == 500
    assert (await answer_to("/unknown"))[0] == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("query", [b"", b"stream=yes"])
async def test_a_request_that_is_cancelled_still_gives_its_connection_back(
    query: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.slow", Slow())
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        communicator: Any = communicate(OneThreadHandler(), scope_of("/slow", query))
        await communicator.send_input({"type": "http.request", "body": b""})
        await asyncio.to_thread(slow.has_begun.wait, 20)
        await communicator.send_input({"type": "http.disconnect"})
        # As daphne does when the view goes on after the client has left.
        for _ in range(2):
            await asyncio.sleep(0.05)
            communicator.future.cancel()

    slow.may_end.set()
    await asyncio.wait([communicator.future], timeout=20)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while slow.connection.connection is not None:
                await asyncio.sleep(0.01)
    assert slow.connection.connection is None
