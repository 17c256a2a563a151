"""The handler for ASGI, which answers each request in one thread."""

import threading
from typing import Any

import pytest
from asgiref import testing
from asgiref.sync import SyncToAsync
from django.http import HttpRequest, HttpResponse
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


urlpatterns = [path("here", view), path("failing", failing)]


def noting(get_response: Any) -> Any:
    """Note the thread, as a middleware."""

    def middleware(request: HttpRequest) -> Any:
        threads.append(threading.current_thread())
        return get_response(request)

    return middleware


async def answer_to(path: str) -> tuple[int, bytes]:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
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
        communicator: Any = communicate(OneThreadHandler(), scope)
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
