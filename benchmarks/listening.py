"""Many WebSocket clients in one cheap process. They report what arrived, when and in which order.

`python -m benchmarks.listening` reads lines of JSON: the first says where to connect, each later
one what to wait for. It is a separate process, so that it does not slow down the measurement.
"""

import base64
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

CONNECT_SECONDS = 30
_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_POSITION = b'"position":'

# One buffer for all: allocating one of this size for each read would cost more than the read.
_buffer = memoryview(bytearray(1 << 20))


@dataclass(frozen=True)
class Crowd:
    """A number of clients of one URL."""

    port: int
    path: str
    token: str
    size: int


@dataclass(frozen=True)
class Heard:
    """What a crowd received: how many messages, in which order, and when.

    `times` holds for each position when it arrived at each client, by the monotonic clock, which
    all processes share.
    """

    received: int
    in_order: bool
    last_at: float
    times: dict[str, list[float]]


# --- Driving it ---------------------------------------------------------------------------------


class Listeners:
    """The process with a connected crowd."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def expect(self, messages: int, *, within_seconds: float) -> None:
        """Make each client wait for that many messages. `heard` returns the result."""
        self._say({"messages": messages, "within_seconds": within_seconds})

    def heard(self) -> Heard:
        """Wait until everything has arrived or the time is up."""
        return Heard(**self._hear())

    def _say(self, line: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The listening process has ended.")
        heard: dict[str, Any] = json.loads(line)
        return heard


@contextmanager
def listening(crowd: Crowd) -> Iterator[Listeners]:
    """Start the process and connect its clients."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.listening"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            listeners = Listeners(process)
            listeners._say(asdict(crowd))
            listeners._hear()
            yield listeners
        finally:
            process.kill()


# --- The process --------------------------------------------------------------------------------


class Client:
    """One WebSocket, reading only."""

    def __init__(self, crowd: Crowd) -> None:
        self.socket = socket.create_connection(("127.0.0.1", crowd.port), CONNECT_SECONDS)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                f"GET {crowd.path} HTTP/1.1\r\nHost: 127.0.0.1:{crowd.port}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Authorization: Bearer {crowd.token}\r\n\r\n"
            ).encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = self.socket.recv(4096)
            if not part:
                raise RuntimeError(f"The handshake failed: {answer!r}")
            answer += part
        head, _, self._unread = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"The handshake failed: {head!r}")
        self.socket.setblocking(False)
        self.count = 0
        self.position = 0
        self.in_order = True

    def read(self) -> list[int]:
        """Read what has arrived and return the positions of its messages."""
        data = self._unread + bytes(_buffer[: self.socket.recv_into(_buffer)])
        positions = []
        start = 0
        while (end := _end_of_frame(data, start)) is not None:
            head, payload_start = data[start], start + _head_size(data[start + 1])
            opcode = head & 0x0F
            if opcode == _TEXT:
                at = data.rindex(_POSITION, payload_start, end) + len(_POSITION)
                positions.append(int(data[at : end - 1]))
            elif opcode == _PING:
                self._pong(data[payload_start:end])
            elif opcode == _CLOSE:
                raise RuntimeError(f"The server closed with {data[payload_start:end]!r}")
            start = end
        self._unread = data[start:]
        for position in positions:
            self.in_order = self.in_order and position > self.position
            self.position = position
        self.count += len(positions)
        return positions

    def _pong(self, payload: bytes) -> None:
        # Clients must mask their frames; the mask is zero.
        self.socket.send(bytes([0x8A, 0x80 | len(payload)]) + bytes(4) + payload)


def _head_size(second: int) -> int:
    return {126: 4, 127: 10}.get(second, 2)


def _end_of_frame(data: bytes, start: int) -> int | None:
    """Return where the frame at `start` ends, or None while it is incomplete."""
    if len(data) < start + 2:
        return None
    size = data[start + 1]
    head = _head_size(size)
    if len(data) < start + head:
        return None
    length = size if head == 2 else int.from_bytes(data[start + 2 : start + head], "big")
    end = start + head + length
    return end if end <= len(data) else None


def main() -> None:
    """Connect, then listen for ever and report on request."""
    crowd = Crowd(**json.loads(sys.stdin.readline()))
    clients = [Client(crowd) for _ in range(crowd.size)]
    _report({})
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        while True:
            line = _listen_until_asked(selector)
            _report(asdict(_listen(selector, clients, **json.loads(line))))


def _report(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _listen_until_asked(selector: selectors.BaseSelector) -> str:
    while True:
        for key, _ in selector.select():
            if key.data is None:
                line = sys.stdin.readline()
                if not line:
                    sys.exit()
                return line
            key.data.read()


def _listen(
    selector: selectors.BaseSelector,
    clients: list[Client],
    messages: int,
    within_seconds: float,
) -> Heard:
    """Listen until each client has `messages` more than when the last report was made."""
    for client in clients:
        client.in_order = True
    waited_for = messages * len(clients)
    # Some may have arrived before the request.
    received = sum(client.count for client in clients)
    times: dict[str, list[float]] = {}
    now = time.monotonic()
    deadline = now + within_seconds
    while received < waited_for and now < deadline:
        for key, _ in selector.select(deadline - now):
            if key.data is None:
                continue
            positions = key.data.read()
            now = time.monotonic()
            received += len(positions)
            for position in positions:
                times.setdefault(str(position), []).append(now)
        now = max(now, time.monotonic()) if received < waited_for else now
    in_order = all(client.in_order and client.count == messages for client in clients)
    for client in clients:
        client.count = 0
    return Heard(received, in_order, now, times)


if __name__ == "__main__":
    main()
