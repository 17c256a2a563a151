"""The cache that limits are counted in: Redis for all processes together, or this process for itself.

django-ratelimit asks a cache twice for each count: `add`, and `incr` where the counter was there already.
Over Redis these would be two or three ways there and back, with each request of everybody. Here `add`
counts, whether the counter was there or not, and keeps the sum for the `incr` that follows it.
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

# Some thirty megabytes. Requests of a minute that one process answers make far fewer.
MAX_COUNTERS = 100_000
SWEEP_SECONDS = 60.0

# A count is worth a moment and no more: rather than wait, a process counts for itself for a while.
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_PAUSE_SECONDS = 5.0
MAX_CONNECTIONS = 1000

# Both at once, so that no counter stays for ever because a process died between the two.
ADD = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return count
"""


class LocalCounters:
    """Counters of one process, which are forgotten when their time is over; at most `most` of them.

    Where there are too many the lowest go first: a flood of addresses that come once each does not wash
    away the counts of those who have been stopped.
    """

    def __init__(self, most: int = MAX_COUNTERS) -> None:
        self._most = most
        self._lock = Lock()
        # By key, the count and the moment at which it is over.
        self._counters: dict[str, tuple[int, float]] = {}
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._counters)

    def add(self, key: str, amount: int, *, lifetime_seconds: float) -> int:
        """Add `amount` to the counter of `key` and return the sum; it lives on from now."""
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
        """Forget all counts."""
        with self._lock:
            self._counters.clear()

    def _make_room(self, now: float) -> None:
        """Forget what is over, now and then, and what has the lowest counts if that is not enough."""
        is_full = len(self._counters) >= self._most
        if not is_full and 0 <= now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        live = {
            key: counter for key, counter in self._counters.items() if counter[1] > now
        }
        if len(live) >= self._most:
            # A quarter at once, since finding them costs more than forgetting them.
            for key in sorted(live, key=live.__getitem__)[: max(1, self._most // 4)]:
                del live[key]
        self._counters = live


class RedisCounters:
    """Counters that all processes share, as long as Redis answers at once."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            # Once more for a connection that was closed while nobody used it; a timeout is one for good.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            max_connections=MAX_CONNECTIONS,
        )
        self._breaker = Breaker(REDIS_PAUSE_SECONDS)

    def add(self, key: str, amount: int, *, lifetime_seconds: float) -> int | None:
        """Do as `LocalCounters.add`, in one way there and back; None while Redis does not count."""
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
        """Forget the counts whose keys begin so, and nothing else of this database. Raises RedisError."""
        for key in self._client.scan_iter(match=f"{prefix}*", count=1000):
            self._client.delete(key)


# Of the whole process: Django makes a cache for each thread.
@cache
def _local_counters(_location: str) -> LocalCounters:
    return LocalCounters()


@cache
def _redis_counters(url: str) -> RedisCounters:
    return RedisCounters(url)


class LocalCountersCache(BaseCache):
    """A cache of counters, and of nothing else, in this process."""

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))
        self.location = location
        self._local = _local_counters(location)
        # What `add` has counted. Django gives each thread a cache of its own, so nobody comes between.
        self._counted: tuple[str, int] | None = None

    def add(
        self,
        key: Any,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Add `value` to the counter, and tell whether that is all there is in it."""
        key = self.make_and_validate_key(key, version=version)
        lifetime = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        count = self._count(key, value, float(lifetime or 0))
        self._counted = (key, count)
        return bool(count == value)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Return what `add` has counted. Raises ValueError for a key that was not added just before."""
        key = self.make_and_validate_key(key, version=version)
        counted, self._counted = self._counted, None
        if counted is None or counted[0] != key or delta != 1:
            msg = f"Key {key!r} is not counted by `incr` alone: `add` counts."
            raise ValueError(msg)
        return counted[1]

    def clear(self) -> None:
        """Forget all counts: whoever was stopped may go on."""
        self._local.clear()

    def _count(self, key: str, amount: int, lifetime_seconds: float) -> int:
        return self._local.add(key, amount, lifetime_seconds=lifetime_seconds)


class RedisCountersCache(LocalCountersCache):
    """The same for all processes together, in Redis; each counts for itself while Redis is away.

    So a limit holds for each process then, and no request is refused, or held up, because of Redis.
    """

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(location, params)
        self._shared = _redis_counters(location)

    def clear(self) -> None:
        """Forget all counts, of all processes and of this one. Raises RedisError."""
        super().clear()
        self._shared.clear(self.make_key(""))

    def _count(self, key: str, amount: int, lifetime_seconds: float) -> int:
        count = self._shared.add(key, amount, lifetime_seconds=lifetime_seconds)
        if count is None:
            return super()._count(key, amount, lifetime_seconds)
        return count
