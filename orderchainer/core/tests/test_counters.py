"""The cache of counters for rate limits: exact with many threads, bounded, and never blocking."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
import redis
import time_machine

from orderchainer.core.limits.counters import (
    REDIS_TIMEOUT_SECONDS,
    LocalCounters,
    LocalCountersCache,
    RedisCounters,
    RedisCountersCache,
)
from orderchainer.testing.processes import RedisServer, redis_server, wait_until
from orderchainer.testing.servers import free_port
from orderchainer.testing.written_log import WrittenLog

needs_redis = pytest.mark.skipif(
    not RedisServer.is_installed(), reason="needs the program redis-server"
)


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that only these tests use."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        wait_until_it_answers(server)
        yield server


def wait_until_it_answers(server: RedisServer) -> None:
    def answers() -> bool:
        with redis.Redis.from_url(server.url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    wait_until(answers, within_seconds=10, what="Redis answers")


@pytest.fixture(params=["local", pytest.param("redis", marks=needs_redis)])
def cache(request: pytest.FixtureRequest) -> LocalCountersCache:
    """An empty cache of either kind."""
    if request.param == "local":
        return LocalCountersCache(str(uuid4()), {})
    server: RedisServer = request.getfixturevalue("own_redis")
    cache = RedisCountersCache(server.url, {})
    cache.clear()
    return cache


def counted(cache: LocalCountersCache, key: str) -> int:
    """Count once as django-ratelimit does."""
    return 1 if cache.add(key, 1, 60) else cache.incr(key)


# --- Both kinds -------------------------------------------------------------------------------


def test_counts_each_key_separately(cache: LocalCountersCache) -> None:
    assert [counted(cache, "one") for _ in range(3)] == [1, 2, 3]
    assert counted(cache, "other") == 1


def test_fifty_threads_at_once_count_fifty(cache: LocalCountersCache) -> None:
    start = Barrier(50)

    def work() -> int:
        # Each thread has its own cache object, as in Django.
        own = type(cache)(cache.location, {})
        start.wait(10)
        return counted(own, "crowd")

    with ThreadPoolExecutor(50) as pool:
        counts = [future.result(20) for future in [pool.submit(work) for _ in range(50)]]

    assert sorted(counts) == list(range(1, 51))


def test_refuses_to_cache_anything_else(cache: LocalCountersCache) -> None:
    with pytest.raises(ValueError, match="`add` counts"):
        cache.incr("never-added")
    with pytest.raises(NotImplementedError):
        cache.set("key", "value")


def test_clearing_it_forgets_all_counts(cache: LocalCountersCache) -> None:
    counted(cache, "one")

    cache.clear()

    assert counted(cache, "one") == 1


# --- In this process --------------------------------------------------------------------------


def test_a_counter_expires() -> None:
    counters = LocalCounters()
    with time_machine.travel(1000, tick=False) as clock:
        assert counters.add("one", 1, lifetime_seconds=60) == 1
        clock.shift(59)
        assert counters.add("one", 1, lifetime_seconds=60) == 2
        clock.shift(60)
        assert counters.add("one", 1, lifetime_seconds=60) == 1


def test_expired_counters_do_not_stay_in_memory() -> None:
    counters = LocalCounters()
    with time_machine.travel(1000, tick=False) as clock:
        for number in range(100):
            counters.add(str(number), 1, lifetime_seconds=60)
        clock.shift(61)

        counters.add("last", 1, lifetime_seconds=60)

    assert len(counters) == 1


def test_a_flood_does_not_reset_the_count_of_a_client_over_the_limit() -> None:
    counters = LocalCounters(most=1000)
    for _ in range(6):
        counters.add("stopped", 1, lifetime_seconds=60)

    for number in range(20_000):
        counters.add(f"address {number}", 1, lifetime_seconds=60)

    assert len(counters) <= 1000
    assert counters.add("stopped", 1, lifetime_seconds=60) == 7


# --- In Redis ---------------------------------------------------------------------------------


@needs_redis
def test_a_count_is_one_round_trip_and_expires(
    own_redis: RedisServer,
) -> None:
    counters = RedisCounters(own_redis.url)
    counters.add("trips", 1, lifetime_seconds=60)  # connects
    with redis.Redis.from_url(own_redis.url) as client:
        before = commands_of(client)

        counters.add("trips", 1, lifetime_seconds=65.5)

        # Our own INFO is one of the two; commands inside a script need no round trip.
        assert commands_of(client) - before == 2
        assert client.ttl("trips") == 66


def commands_of(client: redis.Redis) -> int:
    """Return how many commands clients have sent so far."""
    calls = client.info("commandstats")
    return sum(
        int(stats["calls"])
        for name, stats in calls.items()
        if name not in {"cmdstat_incrby", "cmdstat_expire"}
    )


@needs_redis
def test_clearing_it_deletes_only_its_own_keys(
    own_redis: RedisServer,
) -> None:
    cache = RedisCountersCache(own_redis.url, {"KEY_PREFIX": "limits"})
    with redis.Redis.from_url(own_redis.url) as client:
        client.flushall()
        client.set("celery", "a task")
        counted(cache, "one")
        assert sorted(client.keys()) == [b"celery", b"limits:1:one"]

        cache.clear()

        assert client.keys() == [b"celery"]


def test_counts_locally_while_redis_is_down_and_logs_that_once(log: WrittenLog) -> None:
    cache = RedisCountersCache(f"redis://127.0.0.1:{free_port()}/0", {})
    started = time.monotonic()

    assert [counted(cache, "one") for _ in range(200)] == list(range(1, 201))

    assert time.monotonic() - started < 0.5
    assert [line["level"] for line in log.lines("limits_counted_apart")] == ["warning"]


def test_waits_only_once_and_briefly_for_a_redis_that_hangs(
    log: WrittenLog,
) -> None:
    with socket.socket() as stalled:
        stalled.bind(("127.0.0.1", 0))
        stalled.listen()
        cache = RedisCountersCache(f"redis://127.0.0.1:{stalled.getsockname()[1]}/0", {})
        waits = []
        for expected in range(1, 6):
            started = time.monotonic()
            assert counted(cache, "one") == expected
            waits.append(time.monotonic() - started)

    assert REDIS_TIMEOUT_SECONDS <= waits[0] < 2 * REDIS_TIMEOUT_SECONDS + 0.2
    assert max(waits[1:]) < 0.05
    assert len(log.lines("limits_counted_apart")) == 1


@needs_redis
def test_counts_in_redis_again_when_it_is_back(
    tmp_path: Path, log: WrittenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderchainer.core.limits.counters.REDIS_PAUSE_SECONDS", 0.1)
    with redis_server(tmp_path) as server:
        wait_until_it_answers(server)
        cache = RedisCountersCache(server.url, {})
        assert [counted(cache, "one"), counted(cache, "one")] == [1, 2]

        server.stall()
        # The counters start again here, because Redis cannot be reached.
        assert [counted(cache, "one"), counted(cache, "one")] == [1, 2]
        server.go_on()
        time.sleep(0.15)

        # A Redis that hung may still have counted what it received.
        assert counted(cache, "one") in {3, 4}
        assert len(log.lines("limits_counted_apart")) == 1
        assert len(log.lines("limits_counted_together")) == 1


@needs_redis
def test_retries_on_a_connection_that_was_closed_meanwhile(
    own_redis: RedisServer, log: WrittenLog
) -> None:
    cache = RedisCountersCache(own_redis.url, {})
    cache.clear()
    counted(cache, "one")
    with redis.Redis.from_url(own_redis.url) as client:
        client.client_kill_filter(_type="normal", skipme=True)

    assert counted(cache, "one") == 2
    assert not log.lines("limits_counted_apart")
