"""A socket gets each event once, in order, without gaps: live, after a pause, under load."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import OperationalError

from accounts.models import User
from notifications.sockets import consumers, hub, listeners
from notifications.sockets.feeds import OwnerFeed
from notifications.sockets.messages import Message, message_of
from notifications.sockets.outboxes import Batch, QueuedOutbox
from notifications.sockets.tests.factories import (
    Socket,
    in_thread,
    make_event,
    make_stream,
    socket_of,
)
from orders.lifecycle import EventType, Status
from orders.services import create_order, move_order
from orders.stream.models import Event
from orders.stream.queries import stream_after, stream_of_owner
from orders.stream.relay import relay_events


async def positions_heard(socket: Socket, number: int) -> list[int]:
    return [message["position"] for message in await socket.hear_many(number)]


# --- Live -----------------------------------------------------------------------------------------


async def test_tells_what_happens_to_an_order(ada: User) -> None:
    def live_through_it() -> int:
        order = create_order(by=ada, fields={"title": "A table"})
        move_order(order_id=order.pk, status=Status.SHIPPED, by=ada)
        relay_events()
        return order.pk

    async with socket_of(ada) as socket:
        order_id = await in_thread(live_through_it)
        created, moved = await socket.hear_many(2)

    assert created == {
        "type": "order_notification",
        "order_id": order_id,
        "message": "Order created successfully",
        "owner_id": ada.pk,
        "title": "A table",
        "event_id": created["event_id"],
        "position": 1,
    }
    assert moved == {
        "type": "order_status_update",
        "order_id": order_id,
        "old_status": "pending",
        "new_status": "shipped",
        "message": f"Order #{order_id} status updated from pending to shipped",
        "event_id": moved["event_id"],
        "position": 2,
    }


async def test_sends_nothing_unasked(ada: User) -> None:
    async with socket_of(ada) as socket:
        assert await socket.receive_nothing(timeout=0.3)


async def test_begins_with_events_after_the_opening(ada: User) -> None:
    await in_thread(make_stream, ada, 3)

    async with socket_of(ada) as socket:
        await in_thread(make_stream, ada, 1)
        assert await positions_heard(socket, 1) == [4]


async def test_tells_each_only_of_their_own_orders(ada: User, bob: User) -> None:
    async with socket_of(ada) as adas, socket_of(bob) as bobs:
        await in_thread(make_stream, ada, 2)
        await in_thread(make_stream, bob, 2)
        await in_thread(make_stream, ada, 1)

        assert await positions_heard(adas, 3) == [1, 2, 5]
        assert await positions_heard(bobs, 2) == [3, 4]


async def test_reads_each_event_once_for_all_sockets(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    encoded: list[int | None] = []

    def stream_after_counted(position: int, *, limit: int) -> list[Event]:
        reads.append(position)
        return stream_after(position, limit=limit)

    def message_of_counted(event: Event) -> Message:
        encoded.append(event.position)
        return message_of(event)

    monkeypatch.setattr(hub, "stream_after", stream_after_counted)
    monkeypatch.setattr(hub, "message_of", message_of_counted)

    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(socket_of(ada)) for _ in range(20)]
        await in_thread(make_stream, ada, 5)
        for socket in sockets:
            assert await positions_heard(socket, 5) == [1, 2, 3, 4, 5]

    assert encoded == [1, 2, 3, 4, 5]
    assert len(reads) < 10


# --- After a pause --------------------------------------------------------------------------------


async def test_replays_what_was_missed_and_marks_its_end(ada: User, bob: User) -> None:
    await in_thread(make_stream, ada, 3)
    await in_thread(make_stream, bob, 2)

    async with socket_of(ada, query="?after=1") as socket:
        assert await positions_heard(socket, 2) == [2, 3]
        assert await socket.hear() == {"type": "resumed", "position": 5}
        await in_thread(make_stream, ada, 1)
        assert await positions_heard(socket, 1) == [6]


async def test_replays_on_demand_of_a_message(ada: User) -> None:
    await in_thread(make_stream, ada, 3)

    async with socket_of(ada) as socket:
        await socket.send_json_to({"type": "resume", "after": 1})

        assert await positions_heard(socket, 2) == [2, 3]
        assert await socket.hear() == {"type": "resumed", "position": 3}


async def test_replays_nothing_if_nothing_was_missed(ada: User) -> None:
    await in_thread(make_stream, ada, 3)

    async with socket_of(ada, query="?after=3") as socket:
        assert await socket.hear() == {"type": "resumed", "position": 3}
        assert await socket.receive_nothing(timeout=0.2)


@pytest.mark.parametrize("length", [4, 5, 6, 23])
async def test_replays_in_pages(ada: User, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "REPLAY_PAGE_SIZE", 5)
    await in_thread(make_stream, ada, length)

    async with socket_of(ada, query="?after=0") as socket:
        assert await positions_heard(socket, length) == list(range(1, length + 1))
        assert await socket.hear() == {"type": "resumed", "position": length}


async def test_replays_heavy_messages_in_smaller_pages(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REPLAY_PAGE_BYTES", 10)
    await in_thread(make_stream, ada, 8)

    async with socket_of(ada, query="?after=0") as socket:
        assert await positions_heard(socket, 8) == list(range(1, 9))
        assert await socket.hear() == {"type": "resumed", "position": 8}


async def test_a_pong_tells_the_position(ada: User, bob: User) -> None:
    async with socket_of(ada) as socket:
        await in_thread(make_stream, bob, 2)
        await in_thread(make_stream, ada, 1)
        assert await positions_heard(socket, 1) == [3]

        await socket.send_json_to({"type": "ping"})

        assert await socket.hear() == {"type": "pong", "position": 3}


# --- While others write ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("page_size", [7, 200])
async def test_joins_a_running_stream_without_gap_repeat_or_disorder(
    ada: User, bob: User, page_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REPLAY_PAGE_SIZE", page_size)
    await in_thread(make_stream, ada, 40)

    def write_on() -> None:
        for number in range(300):
            make_event(ada, order_id=number)
            if number % 3 == 0:
                make_event(bob, order_id=number)
            relay_events()
        make_event(ada, EventType.DELETED)
        relay_events()

    async def hear_to_the_end(socket: Socket) -> list[int]:
        heard = []
        while (message := await socket.hear(timeout=10))["type"] != "order_deleted":
            if message["type"] != "resumed":
                heard.append(message["position"])
        return heard

    async def join(after: int) -> list[int]:
        if after % 2:
            async with socket_of(ada, query=f"?after={after}") as socket:
                return await hear_to_the_end(socket)
        async with socket_of(ada) as socket:
            await socket.send_json_to({"type": "resume", "after": after})
            return await hear_to_the_end(socket)

    writing = asyncio.create_task(in_thread(write_on))
    joining: dict[int, asyncio.Task[list[int]]] = {}
    for after in range(12):
        joining[after] = asyncio.create_task(join(after))
        await asyncio.sleep(0.05)
    await asyncio.gather(writing, *joining.values())

    written = [event.position for event in await in_thread(events_of, ada)]
    for after, joined in joining.items():
        missed = [position for position in written[:-1] if position and position > after]
        # The replay repeats events that had already come live, because the client asked for them.
        assert joined.result()[-len(missed) :] == missed
        if after % 2:
            assert joined.result() == missed


def events_of(owner: User) -> list[Event]:
    return stream_of_owner(owner.pk, after=0, limit=10_000)


async def test_keeps_events_that_come_while_the_last_page_is_read(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(make_stream, ada, 3)
    here = hub.hub_here()
    late: list[int] = []

    def after_but_slowly(feed: OwnerFeed, position: int, *, limit: int) -> list[Event]:
        page = feed_after(feed, position, limit=limit)
        if not late:
            late.extend(make_stream(ada, 2))
            while here.position < late[-1]:
                time.sleep(0.005)
        return page

    feed_after = OwnerFeed.after
    monkeypatch.setattr(OwnerFeed, "after", after_but_slowly)

    async with socket_of(ada, query="?after=1") as socket:
        heard = await socket.hear_many(5)

    assert [message["position"] for message in heard] == [2, 3, 3, 4, 5]
    assert heard[2] == {"type": "resumed", "position": 3}
    assert late == [4, 5]


# --- When something breaks ------------------------------------------------------------------------


class ForgetfulLayer(InMemoryChannelLayer):
    """A channel layer that loses whatever is sent."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Lose it."""


class BrokenLayer(InMemoryChannelLayer):
    """A channel layer whose server is away."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Fail."""
        raise ConnectionError

    async def new_channel(self, prefix: str = "specific.") -> str:
        """Fail."""
        raise ConnectionError


@pytest.mark.parametrize("layer", [ForgetfulLayer, BrokenLayer])
async def test_lost_wakeups_lose_no_events(
    ada: User, layer: type[InMemoryChannelLayer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.1)
    channel_layers.set("default", layer())

    async with socket_of(ada) as socket:
        for _ in range(3):
            await in_thread(make_stream, ada, 2)
        assert await positions_heard(socket, 6) == [1, 2, 3, 4, 5, 6]


async def test_goes_on_from_its_position_after_the_database_was_away(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FIRST_RETRY_SECONDS", 0.05)
    failures = iter(range(3))

    def fail_at_first(position: int, *, limit: int) -> list[Event]:
        if next(failures, None) is not None:
            raise OperationalError("the database is away")
        return stream_after(position, limit=limit)

    async with socket_of(ada) as socket:
        monkeypatch.setattr(hub, "stream_after", fail_at_first)
        await in_thread(make_stream, ada, 3)

        assert await positions_heard(socket, 3) == [1, 2, 3]
    assert next(failures, None) is None


async def test_closes_a_socket_that_cannot_be_served_and_goes_on_for_the_others(
    ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = QueuedOutbox.write

    def fail_at_the_first_event(outbox: QueuedOutbox, batch: Batch) -> None:
        if batch.first == 1:
            raise OSError("the way out is broken")
        write(outbox, batch)

    monkeypatch.setattr(QueuedOutbox, "write", fail_at_the_first_event)
    async with socket_of(ada) as broken, socket_of(bob) as whole:
        await in_thread(make_stream, ada, 1)
        assert await broken.hear_to_the_close(4503) == []

        await in_thread(make_stream, bob, 1)
        assert await positions_heard(whole, 1) == [2]


async def test_stops_with_the_last_socket_and_starts_with_the_next(ada: User) -> None:
    def working() -> set[str]:
        names = {task.get_name() for task in asyncio.all_tasks()}
        return {name for name in names if name.startswith("push-")}

    async with socket_of(ada), socket_of(ada):
        assert working() == {"push-stream", "push-wakeups", "push-recheck"}
    assert working() == set()

    async with socket_of(ada) as socket:
        await in_thread(make_stream, ada, 1)
        assert await positions_heard(socket, 1) == [1]


# --- Readers who do not keep up -------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave readers room for a few messages only."""
    monkeypatch.setattr(listeners, "MAX_UNREAD_BYTES", 1500)
    monkeypatch.setattr(listeners, "REPLAY_UNREAD_BYTES", 300)
    monkeypatch.setattr(hub, "REPLAY_PAGE_BYTES", 700)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give readers little time."""
    monkeypatch.setattr(listeners, "REPLAY_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(consumers, "FLUSH_SECONDS", 0.1)


@pytest.mark.slow
@pytest.mark.usefixtures("narrow", "impatient")
async def test_cuts_off_a_reader_who_takes_nothing_and_goes_on_for_the_others(
    ada: User,
) -> None:
    async with socket_of(ada) as quick, socket_of(ada) as slow:
        slow.reading.clear()
        await in_thread(make_stream, ada, 30)
        assert await positions_heard(quick, 30) == list(range(1, 31))
        await asyncio.sleep(0.6)
        slow.reading.set()
        heard = [message["position"] for message in await slow.hear_to_the_close(4408)]

    assert heard == list(range(1, len(heard) + 1))
    assert len(heard) < 30
    async with socket_of(ada, query=f"?after={len(heard)}") as back:
        rest = await positions_heard(back, 30 - len(heard))
        assert heard + rest == list(range(1, 31))


@pytest.mark.slow
@pytest.mark.usefixtures("narrow")
async def test_a_reader_who_falls_behind_catches_up_at_its_own_pace(
    ada: User,
) -> None:
    async with socket_of(ada) as socket:
        heard = []
        for _ in range(20):
            socket.reading.clear()
            await in_thread(make_stream, ada, 5)
            socket.reading.set()
            heard += await positions_heard(socket, 3)
        heard += await positions_heard(socket, 40)

        assert heard == list(range(1, 101))
        assert await socket.receive_nothing(timeout=0.2)


@pytest.mark.usefixtures("narrow")
async def test_never_holds_more_for_a_reader_than_it_may(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0
    put = QueuedOutbox._put

    def put_and_weigh(outbox: QueuedOutbox, texts: Iterable[str]) -> None:
        nonlocal most
        put(outbox, texts)
        most = max(most, outbox.buffered_bytes)

    monkeypatch.setattr(QueuedOutbox, "_put", put_and_weigh)

    async with socket_of(ada) as socket:
        socket.reading.clear()
        for _ in range(10):
            await in_thread(make_stream, ada, 8)
        socket.reading.set()
        assert await positions_heard(socket, 80) == list(range(1, 81))

    assert most <= 1500


@pytest.mark.slow
@pytest.mark.usefixtures("narrow", "impatient")
async def test_gives_up_a_replay_if_its_reader_takes_nothing(ada: User) -> None:
    await in_thread(make_stream, ada, 30)

    async with socket_of(ada) as socket:
        socket.reading.clear()
        await socket.send_json_to({"type": "resume", "after": 0})
        await asyncio.sleep(0.8)
        socket.reading.set()
        assert len(await socket.hear_to_the_close(4408)) < 30


# --- What a client may say ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "?after=-1",
        "?after=x",
        "?after=",
        "?after=1.5",
        "?after=0x1",
        "?after=+1",
        "?after=%00",
        "?after=%EF%BC%91",
        "?after=1&after=2",
        "?after=" + "9" * 19,
        "?after=" + "9" * 5000,
    ],
)
async def test_closes_on_a_malformed_position(ada: User, query: str) -> None:
    async with socket_of(ada, query=query) as socket:
        assert await socket.hear() == {
            "type": "error",
            "code": "invalid_position",
            "message": "`after` is a whole number from 0: the last position you have.",
        }
        assert await socket.close_code() == 4400


async def test_closes_on_a_position_that_the_stream_has_not_reached(ada: User) -> None:
    await in_thread(make_stream, ada, 2)

    async with socket_of(ada, query="?after=3") as socket:
        assert await socket.hear() == {
            "type": "error",
            "code": "position_ahead",
            "message": "The stream has only reached position 2.",
        }
        assert await socket.close_code() == 4400


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", "not_json"),
        ("[]", "no_type"),
        ("1", "no_type"),
        ("{}", "no_type"),
        ('{"type":1}', "no_type"),
        ('{"type":"subscribe"}', "unknown_type"),
        ('{"type":"resume"}', "invalid_position"),
        ('{"type":"resume","after":-1}', "invalid_position"),
        ('{"type":"resume","after":"1"}', "invalid_position"),
        ('{"type":"resume","after":1.0}', "invalid_position"),
        ('{"type":"resume","after":true}', "invalid_position"),
        ('{"type":"resume","after":null}', "invalid_position"),
        ('{"type":"resume","after":' + "9" * 30 + "}", "invalid_position"),
        ('{"type":"resume","after":9223372036854775807}', "position_ahead"),
        ('{"type":"ping","\\ud800":1}', "not_json"),
        ('{"type":"ping","x":NaN}', "not_json"),
        ("[" * 2000, "not_json"),
        ('{"type":"ping","x":"' + "x" * 5000 + '"}', "too_large"),
        (b"\x00\xff", "not_text"),
    ],
)
async def test_answers_malformed_messages_and_stays_open(
    ada: User, said: str | bytes, code: str
) -> None:
    async with socket_of(ada) as socket:
        await (socket.send_to(said) if isinstance(said, str) else socket.send_to(bytes_data=said))

        answer = await socket.hear()
        assert (answer["type"], answer["code"]) == ("error", code)
        assert set(answer) == {"type", "code", "message"}
        await in_thread(make_stream, ada, 1)
        assert await positions_heard(socket, 1) == [1]


async def test_closes_on_a_flood(ada: User) -> None:
    async with socket_of(ada) as socket:
        for _ in range(consumers.Allowance.AT_ONCE + 1):
            await socket.send_json_to({"type": "ping"})

        said = await socket.hear_to_the_close(4429)
        assert said[-1]["code"] == "too_many_messages"
