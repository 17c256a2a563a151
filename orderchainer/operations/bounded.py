"""Call something that may hang, and wait for it only as long as we want."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")

# A call that hangs keeps its thread. Once all threads are taken, the next call times out.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="bounded")


def ask(question: Callable[[], T]) -> "Future[T]":
    """Run `question` in another thread; wait for it with `result(timeout=…)`."""

    def answer() -> T:
        try:
            return question()
        finally:
            connections.close_all()

    return _threads.submit(answer)
