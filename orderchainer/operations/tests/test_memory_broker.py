"""The broker of the embedded mode: workers sleep, and wake when there is something to do."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import pytest
from kombu import Connection, Consumer, Exchange, Producer, Queue

from orderchainer.operations import memory_broker
from orderchainer.operations.memory_broker import Transport

PATIENCE_SECONDS = 30.0


@pytest.fixture
def queue() -> Queue:
    name = f"memory-broker-{time.monotonic_ns()}"
    return Queue(name, Exchange(name), routing_key=name)


@pytest.fixture
def connection() -> Iterator[Connection]:
    with Connection("memory://", transport=Transport) as opened:
        yield opened


def publish(queue: Queue, body: str) -> None:
    """Send a message as another thread of the process would."""
    with Connection("memory://", transport=Transport) as other:
        Producer(other).publish(body, exchange=queue.exchange, routing_key=queue.routing_key)


def test_a_waiting_worker_hears_of_a_message_without_looking_for_it(
    connection: Connection, queue: Queue
) -> None:
    received: list[str] = []
    with Consumer(connection, [queue], callbacks=[lambda body, _: received.append(body)]):
        sender = threading.Timer(0.5, publish, [queue, "hello"])
        sender.start()
        before = time.thread_time()
        # Without a limit: only the message can wake it.
        connection.drain_events()
        spent = time.thread_time() - before
        sender.join()

    assert received == ["hello"]
    # The time of this thread's processor, which does not depend on what else the machine does.
    assert spent < 0.1


def test_a_message_that_came_before_is_found(connection: Connection, queue: Queue) -> None:
    received: list[str] = []
    with Consumer(connection, [queue], callbacks=[lambda body, _: received.append(body)]):
        publish(queue, "early")

        connection.drain_events(timeout=PATIENCE_SECONDS)

    assert received == ["early"]


def test_waiting_ends_with_its_time(connection: Connection, queue: Queue) -> None:
    with (
        Consumer(connection, [queue], callbacks=[lambda body, message: None]),
        pytest.raises(TimeoutError),
    ):
        connection.drain_events(timeout=0.05)


def test_an_acknowledged_message_makes_room_for_the_next_at_once(
    connection: Connection, queue: Queue
) -> None:
    messages: list[object] = []
    consumer = Consumer(
        connection,
        [queue],
        callbacks=[lambda body, message: messages.append(message)],
        prefetch_count=1,
    )
    with consumer:
        publish(queue, "first")
        publish(queue, "second")
        connection.drain_events(timeout=PATIENCE_SECONDS)
        acknowledging = threading.Timer(0.2, messages[0].ack)  # type: ignore[attr-defined]  # a message
        acknowledging.start()

        # Without a limit: only the acknowledgement can wake it.
        connection.drain_events()
        acknowledging.join()

    assert [message.payload for message in messages] == ["first", "second"]  # type: ignore[attr-defined]


def test_a_message_wakes_only_the_workers_of_its_queue(
    connection: Connection, queue: Queue
) -> None:
    other = Queue(f"{queue.name}-other", Exchange(f"{queue.name}-other"), routing_key="other")
    with Consumer(connection, [queue], callbacks=[lambda body, message: None]):
        connection.transport.alarm.clear()  # type: ignore[attr-defined]  # ours
        with Connection("memory://", transport=Transport) as sender:
            Producer(sender).publish(
                "hello", exchange=other.exchange, routing_key="other", declare=[other]
            )

        assert not connection.transport.alarm.is_set()  # type: ignore[attr-defined]  # ours


def test_a_worker_may_begin_while_another_thread_sends(
    connection: Connection, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = threading.Event()

    class SlowlyRead(WeakSet[Any]):
        def __iter__(self) -> Iterator[Any]:
            for alarm in super().__iter__():
                sends.set()
                time.sleep(0.3)
                yield alarm

    def begin() -> None:
        assert sends.wait(PATIENCE_SECONDS)
        begun = Connection("memory://", transport=Transport)
        Consumer(begun, [queue]).consume()
        workers.append(begun)

    workers: list[Connection] = []
    monkeypatch.setitem(memory_broker._listening, queue.name, SlowlyRead())
    with Consumer(connection, [queue]):
        beginner = threading.Thread(target=begin)
        beginner.start()
        publish(queue, "hello")
        beginner.join()

    [begun] = workers
    begun.release()
