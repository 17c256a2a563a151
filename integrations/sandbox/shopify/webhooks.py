"""Webhooks on their way out: signed, sent, tried again, and in the end given up.

Shopify waits one second for the connection and five for the answer. Everything but a 2xx is a
failure, and a failed delivery is tried eight more times within four hours, with the same body and
the same ids. Whether the real service keeps the delivery's id for a retry is disputed; this one
does unless `Sender.new_id_for_retries` is set.
"""

import base64
import hashlib
import heapq
import hmac
import http.client
import itertools
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
# When the eight retries come, in seconds after the failure before: four hours in all.
RETRIES: Sequence[float] = (10, 30, 90, 300, 900, 1800, 4200, 7070)
SENDERS = 8
# Signatures that the control plane can ask for.
SIGNATURES = ("good", "old", "wrong", "none")


def signature(secret: str, body: bytes) -> str:
    """Return the value of `X-Shopify-Hmac-Sha256`."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


@dataclass(frozen=True)
class Attempt:
    """One try. `status` is None if no answer came; then `error` says why."""

    at: float
    status: int | None
    error: str = ""
    answer: str = ""

    @property
    def is_success(self) -> bool:
        """Tell whether the receiver took the delivery."""
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Delivery:
    """One webhook for one receiver. Without a `url` it is only kept, and nobody gets it."""

    topic: str
    body: bytes
    shop: str
    api_version: str
    triggered_at: datetime
    signature: str
    webhook_id: str
    event_id: str
    url: str = ""
    name: str = ""
    subscription_id: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    # How often it is tried at most; 1 for what the control plane sends once.
    most_attempts: int = 1 + len(RETRIES)

    @property
    def headers(self) -> dict[str, str]:
        """All headers as they go out."""
        triggered = self.triggered_at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
        optional = {"X-Shopify-Hmac-Sha256": self.signature, "X-Shopify-Name": self.name}
        return {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": self.topic,
            "X-Shopify-Shop-Domain": self.shop,
            "X-Shopify-API-Version": self.api_version,
            "X-Shopify-Webhook-Id": self.webhook_id,
            "X-Shopify-Event-Id": self.event_id,
            "X-Shopify-Triggered-At": triggered,
            **{name: value for name, value in optional.items() if value},
        }

    @property
    def state(self) -> str:
        """`kept` without a receiver, else `delivered`, `failed` or `waiting`."""
        if not self.url:
            return "kept"
        if self.attempts and self.attempts[-1].is_success:
            return "delivered"
        return "failed" if len(self.attempts) >= self.most_attempts else "waiting"


def send(delivery: Delivery) -> Attempt:
    """Try once, follow no redirect, and note the attempt."""
    attempt = _try(delivery)
    delivery.attempts.append(attempt)
    return attempt


def _try(delivery: Delivery) -> Attempt:
    parts = urlsplit(delivery.url)
    at = time.time()
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, delivery.body, delivery.headers)
        response = connection.getresponse()
        return Attempt(at, response.status, answer=response.read(2000).decode(errors="replace"))
    except (OSError, http.client.HTTPException) as exc:
        return Attempt(at, None, f"{type(exc).__name__}: {exc}")
    finally:
        connection.close()


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine by its name or address alone, without a look-up."""
    if host == "localhost":
        return True
    try:
        return socket.inet_pton(socket.AF_INET, host)[0] == 127
    except OSError:
        return host == "::1"


class Sender:
    """Sends deliveries from a few threads of its own, each when it is due.

    `pace` shrinks the waits before retries: 0.001 makes four hours of them fifteen seconds.
    """

    def __init__(self, *, pace: float, on_failure: Callable[[Delivery], None]) -> None:
        self.pace = pace
        self.new_id_for_retries = False
        self._on_failure = on_failure
        self._queue: list[tuple[float, int, Delivery]] = []
        self._numbers = itertools.count()
        self._busy = 0
        self._changed = threading.Condition()
        self._has_threads = False

    def put(self, delivery: Delivery, *, after_seconds: float = 0) -> None:
        """Send a delivery soon, or after a while."""
        with self._changed:
            self._start()
            due = time.monotonic() + after_seconds
            heapq.heappush(self._queue, (due, next(self._numbers), delivery))
            self._changed.notify()

    def wait(self, seconds: float = 10) -> bool:
        """Wait until nothing is on its way or waits for a retry. Return whether that came true."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._busy, seconds)

    def clear(self) -> None:
        """Drop what was not sent yet."""
        with self._changed:
            self._queue.clear()
            self._changed.notify_all()

    def _start(self) -> None:
        if self._has_threads:
            return
        self._has_threads = True
        for number in range(SENDERS):
            name = f"shopify-webhooks-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while True:
            delivery = self._take()
            try:
                attempt = send(delivery)
                if not attempt.is_success:
                    self._after_failure(delivery)
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _take(self) -> Delivery:
        with self._changed:
            while True:
                if not self._queue:
                    self._changed.wait()
                elif (left := self._queue[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    self._busy += 1
                    return heapq.heappop(self._queue)[2]

    def _after_failure(self, delivery: Delivery) -> None:
        tries = len(delivery.attempts)
        if tries < delivery.most_attempts and tries <= len(RETRIES):
            if self.new_id_for_retries:
                delivery.webhook_id = str(uuid.uuid4())
            self.put(delivery, after_seconds=RETRIES[tries - 1] * self.pace)
        else:
            self._on_failure(delivery)
