"""The cache that counts requests for rate limits: in Redis for all processes, or in this process.

django-ratelimit calls the cache twice for each count: `add`, and then `incr` if the counter existed
already. With Redis that would be two or three round trips for every request. Here `add` always
counts, and keeps the sum for the `incr` that follows.
"""

import time
from collections.abc import Mapping
from functools import cache
from math import ceil
from threading import Lock
from typing import Any

import redis
import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from orderchainer.core.breaker import Breaker

logger = structlog.get_logger(__name__)

# This many take about thirty megabytes. One process needs far fewer for a minute's requests.
MAX_COUNTERS = 100_000
SWEEP_SECONDS = 60.0

# Counting is not worth a longer wait. If Redis is slow, each process counts by itself for a while.
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_PAUSE_SECONDS = 5.0
MAX_CONNECTIONS = 1000

# One script, so that no counter stays for ever because a process died between the two commands.
ADD = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return count
"""


class LocalCounters:
    """Counters of one process. They expire, and there are at most `most` of them.

    If there are too many, the lowest are dropped first. So a flood of addresses that come once each
    does not push out the counts of clients that are over their limit.
    """

    def __init__(self, most: int = MAX_COUNTERS) -> None:
        self._most = most
        self._lock = Lock()
        # By key: the count and when it expires.
        self._counters: dict[str, tuple[int, float]] = {}
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._counters)

    def add(self, key: str, amount: int, *, lifetime_seconds: float) -> int:
        """Add `amount` to the counter of `key`, restart its lifetime, and return the sum."""
        with self._lock:
            now = time.time()
            count, ends_at = self._counters.get(key, (0, 0.0))
            if ends_at <= now:
                count = 0
                self._make_room(now)
            count += amount
            self._counters[key] = (count, now + lifetime_seconds)
            return count

    def clear(self) -> None:
        """Delete all counters."""
        with self._lock:
            self._counters.clear()

    def _make_room(self, now: float) -> None:
        """Delete expired counters now and then, and the lowest ones if that is not enough."""
        is_full = len(self._counters) >= self._most
        if not is_full and 0 <= now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        live = {key: counter for key, counter in self._counters.items() if counter[1] > now}
        if len(live) >= self._most:
            # A quarter at once, because finding them costs more than deleting them.
            for key in sorted(live, key=live.__getitem__)[: max(1, self._most // 4)]:
                del live[key]
        self._counters = live


class RedisCounters:
    """Counters that all processes share, as long as Redis answers quickly."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            # Retry once, for a connection that was closed while idle. Do not retry a timeout.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            max_connections=MAX_CONNECTIONS,
        )
        self._breaker = Breaker(REDIS_PAUSE_SECONDS)

    def add(self, key: str, amount: int, *, lifetime_seconds: float) -> int | None:
        """Do the same as `LocalCounters.add` in one round trip. Return None while Redis is down."""
        if not self._breaker.may_be_asked():
            return None
        try:
            count = self._client.eval(ADD, 1, key, amount, ceil(lifetime_seconds))
        except (redis.RedisError, OSError) as exc:
            if self._breaker.failed():
                logger.warning("limits_counted_apart", error=str(exc))
            return None
        if self._breaker.answered():
            logger.info("limits_counted_together")
        return int(count)

    def clear(self, prefix: str) -> None:
        """Delete the counters whose keys begin with the prefix, and nothing else.

        Raises RedisError.
        """
        for key in self._client.scan_iter(match=f"{prefix}*", count=1000):
            self._client.delete(key)


# For the whole process, because Django makes a cache object for each thread.
@cache
def _local_counters(_location: str) -> LocalCounters:
    return LocalCounters()


@cache
def _redis_counters(url: str) -> RedisCounters:
    return RedisCounters(url)


class LocalCountersCache(BaseCache):
    """A cache of this process that holds only counters."""

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))
        self.location = location
        self._local = _local_counters(location)
        # The sums from `add`. Each thread has its own cache object, so no other thread interferes.
        self._counted: tuple[str, int] | None = None

    def add(
        self,
        key: Any,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Add `value` to the counter and tell whether the counter is new."""
        key = self.make_and_validate_key(key, version=version)
        lifetime = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        count = self._count(key, value, float(lifetime or 0))
        self._counted = (key, count)
        return bool(count == value)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Return the sum from `add`. Raises ValueError for a key that was not added just before."""
        key = self.make_and_validate_key(key, version=version)
        counted, self._counted = self._counted, None
        if counted is None or counted[0] != key or delta != 1:
            msg = f"Key {key!r} is not counted by `incr` alone: `add` counts."
            raise ValueError(msg)
        return counted[1]

    def clear(self) -> None:
        """Delete all counters, so that nobody is over a limit."""
        self._local.clear()

    def _count(self, key: str, amount: int, lifetime_seconds: float) -> int:
        return self._local.add(key, amount, lifetime_seconds=lifetime_seconds)


class RedisCountersCache(LocalCountersCache):
    """The same in Redis, for all processes together. While Redis is down each process counts by
    itself.

    The limit then applies to each process, and no request fails or waits because of Redis.
    """

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(location, params)
        self._shared = _redis_counters(location)

    def clear(self) -> None:
        """Delete all counters, the shared ones and this process's. Raises RedisError."""
        super().clear()
        self._shared.clear(self.make_key(""))

    def _count(self, key: str, amount: int, lifetime_seconds: float) -> int:
        count = self._shared.add(key, amount, lifetime_seconds=lifetime_seconds)
        if count is None:
            return super()._count(key, amount, lifetime_seconds)
        return count
