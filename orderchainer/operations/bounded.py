"""Asking something that may hang, for no longer than one is willing to wait."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")

# What hangs keeps its thread; once all are taken, the next question waits and runs into its bound.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="bounded")


def ask(question: Callable[[], T]) -> "Future[T]":
    """Start `question` in a thread of its own; wait for it with `result(timeout=…)`."""

    def answer() -> T:
        try:
            return question()
        finally:
            connections.close_all()

    return _threads.submit(answer)
