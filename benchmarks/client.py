"""A cheap HTTP client: raw sockets with kept connections, in its own process.

Reads a job as JSON from standard input and answers with JSON: `python -m benchmarks.client`.
"""

import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson

CONNECTIONS = 8
STALLED_SECONDS = 30


def request_of(method: str, path: str, token: str = "", body: bytes = b"") -> str:
    """Return a request, with a body in JSON if there is one."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body.decode()])


@dataclass(frozen=True)
class Job:
    """What to send, where and for how long. `requests` are whole HTTP requests, sent in turn.

    With `once` each is sent only once, and the job ends when all are answered. With a `pace`, so
    many are due in a second, evenly. The time of an answer counts from the moment at which its
    request was due: a client that waits for a slow answer sends late, and that is the server's
    fault.
    """

    port: int
    requests: Sequence[str]
    seconds: float
    expected_status: int
    connections: int = CONNECTIONS
    once: bool = False
    pace: int | None = None


@dataclass(frozen=True)
class Answered:
    """The time of each answer and of all together, in seconds."""

    seconds: list[float]
    elapsed: float


class Refused(Exception):
    """The server gave an unexpected answer."""


def run(job: Job) -> Answered:
    """Do a job in another process, so that the client's work does not count as the server's."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.client"],
        input=orjson.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise Refused(f"the client ended with {done.returncode}")
    answer = orjson.loads(done.stdout)
    return Answered(answer["seconds"], answer["elapsed"])


class Connection:
    """One kept connection. It sends a request, reads the answer, and sends the next."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = 0.0
        self._received = b""
        self._expected = 0

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._received, self._expected = b"", 0
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Read what has arrived; return the answer once it is complete."""
        received = self.socket.recv(1 << 20)
        if not received:
            raise Refused(f"the server hung up after {self._received[:200]!r}")
        self._received += received
        if not self._expected:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._expected = end + 4 + _length_in(self._received[:end])
        return self._received if len(self._received) >= self._expected else None


def _length_in(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise Refused(f"the answer names no length: {head!r}")


def work(job: Job) -> Answered:
    """Keep every connection busy until the time is over. Raises `Refused`."""
    requests = [request.encode() for request in job.requests]
    status = b"HTTP/1.1 %d " % job.expected_status
    sent = 0
    seconds: list[float] = []
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(job.connections):
            connection = Connection(job.port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(requests[sent % len(requests)])
            sent += 1
        waiting = job.connections
        while waiting:
            ready = selector.select(STALLED_SECONDS)
            if not ready:
                raise Refused("the server stalled")
            for key, _ in ready:
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                now = time.perf_counter()
                if not answer.startswith(status):
                    raise Refused(f"the server answered {answer[:500]!r}")
                seconds.append(now - connection.started)
                is_over = job.once and sent >= len(requests)
                if now - started < job.seconds and not is_over:
                    connection.send(requests[sent % len(requests)])
                    sent += 1
                else:
                    waiting -= 1
                    selector.unregister(connection.socket)
                    connection.socket.close()
        return Answered(seconds, time.perf_counter() - started)


def work_at_pace(job: Job, pace: int) -> Answered:
    """Send each request when it is due, on a connection that is free. Raises `Refused`."""
    requests = [request.encode() for request in job.requests]
    status = b"HTTP/1.1 %d " % job.expected_status
    idle = deque(Connection(job.port) for _ in range(job.connections))
    seconds: list[float] = []
    sent = 0
    with selectors.DefaultSelector() as selector:
        for connection in idle:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        started = time.perf_counter()
        while len(seconds) < len(requests):
            now = time.perf_counter()
            while sent < len(requests) and idle and now >= started + sent / pace:
                connection = idle.popleft()
                connection.send(requests[sent])
                connection.started = started + sent / pace
                sent += 1
            patience = float(STALLED_SECONDS)
            if sent < len(requests) and idle:
                patience = max(0.0, started + sent / pace - now)
            ready = selector.select(patience)
            if not ready and patience == STALLED_SECONDS:
                raise Refused("the server stalled")
            for key, _ in ready:
                answer = key.data.receive()
                if answer is None:
                    continue
                if not answer.startswith(status):
                    raise Refused(f"the server answered {answer[:500]!r}")
                seconds.append(time.perf_counter() - key.data.started)
                idle.append(key.data)
        for connection in idle:
            connection.socket.close()
        return Answered(seconds, time.perf_counter() - started)


if __name__ == "__main__":
    job = Job(**orjson.loads(sys.stdin.buffer.read()))
    answered = work(job) if job.pace is None else work_at_pace(job, job.pace)
    sys.stdout.buffer.write(orjson.dumps(asdict(answered)))
