"""The log lines of tasks: their names, how they ended, and which request sent them."""

import threading

import pytest
import structlog
from celery import signals
from celery.contrib.testing.worker import start_worker

from orderchainer.celery import app
from orderchainer.operations.tasks import beat_once
from orderchainer.testing.written_log import WrittenLog


@app.task(name="tests.add_up")
def add_up(numbers: list[int]) -> int:
    structlog.get_logger("x").info("adding")
    return sum(numbers)


@app.task(name="tests.fail")
def fail(_secret: str) -> None:
    raise LookupError("nothing there")


def test_a_tasks_lines_have_its_name_and_the_last_says_how_it_ended(
    log: WrittenLog,
) -> None:
    result = add_up.apply(([1, 2],))

    within, finished = log.lines()
    assert (within["event"], within["task"], within["task_id"]) == (
        "adding",
        "tests.add_up",
        result.id,
    )
    assert 0 <= finished.pop("duration_ms") < 5000
    finished.pop("timestamp")
    assert finished == {
        "level": "info",
        "logger": "orderchainer.operations.tasks",
        "event": "task_finished",
        "task": "tests.add_up",
        "task_id": result.id,
        "outcome": "success",
    }


def test_a_failed_task_is_an_error_without_its_arguments(log: WrittenLog) -> None:
    fail.apply(("argument-of-somebody",))

    (error,) = log.errors()
    assert (error["event"], error["task"], error["error"]) == (
        "task_failed",
        "tests.fail",
        "nothing there",
    )
    assert "LookupError: nothing there" in error["exception"]
    (finished,) = log.lines("task_finished")
    assert finished["outcome"] == "failure"
    assert "argument-of-somebody" not in log.text


def test_frequent_tasks_of_beat_are_not_logged(log: WrittenLog) -> None:
    beat_once.apply()

    assert not log.lines()


@pytest.mark.slow
def test_a_tasks_lines_have_the_id_of_the_request_that_sent_it(log: WrittenLog) -> None:
    # A real worker on the broker of this process, which ends after its task.
    done = threading.Event()

    @signals.task_postrun.connect(weak=False)
    def tell(sender: object, **_: object) -> None:
        if sender == add_up:
            done.set()

    try:
        with structlog.contextvars.bound_contextvars(request_id="abc"):
            add_up.apply_async(([1],), queue="test-logs")
        with start_worker(app, pool="solo", perform_ping_check=False, queues=["test-logs"]):
            assert done.wait(timeout=10)
    finally:
        signals.task_postrun.disconnect(tell)

    assert [line["request_id"] for line in log.lines("adding")] == ["abc"]
    assert [line["request_id"] for line in log.lines("task_finished")] == ["abc"]
