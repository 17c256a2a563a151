"""A real client sends too much, or too slowly, to a real server."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path

import pytest
import requests

from orderchainer.testing.photographs import encoded, noise
from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import Service, running

pytestmark = pytest.mark.processes

MEBIBYTE = 1024 * 1024
BLOCK = b"x" * (256 * 1024)
HUGE = 400 * MEBIBYTE
CHAIN_REFUSAL = {
    "detail": "The body is larger than 1048576 bytes.",
    "code": "too_large",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The embedded service. Its other port behaves the same: one server listens on both."""
    directory = tmp_path_factory.mktemp("bodies")
    make_tables(directory)
    with running("manage.py", "serve", "--prepare", directory=directory) as started:
        started.wait_for("/readyz")
        yield started


def memory_of(service: Service) -> int:
    """Return the most bytes that the process has ever had in memory."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


class Upload:
    """One request, written by hand over one connection."""

    def __init__(self, service: Service, path: str, *headers: str) -> None:
        self.connection = socket.create_connection(("127.0.0.1", service.port), 20)
        head = [f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.connection.sendall("\r\n".join(head).encode())

    def send(self, size: int, *, chunked: bool) -> int:
        """Send up to `size` bytes, as far as the server takes them; return how many."""
        sent = 0
        block = b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK) if chunked else BLOCK
        try:
            while sent < size:
                self.connection.sendall(block)
                sent += len(BLOCK)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return sent

    def answer(self) -> tuple[int, str, bytes]:
        """Read the answer; return its status, its Connection header and its body.

        The server closes after it.
        """
        response = HTTPResponse(self.connection, method="POST")
        response.begin()
        body = response.read()
        assert self.connection.recv(1) == b""
        return response.status, response.headers["Connection"], body


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=b"])
def test_a_huge_body_is_refused_at_once_without_using_memory(
    service: Service, kind: str, chunked: bool
) -> None:
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {HUGE}"
    before = memory_of(service)

    client = Upload(service, "/api/orders/", f"Content-Type: {kind}", length)
    with closing(client.connection):
        client.send(HUGE, chunked=chunked)
        status, connection, body = client.answer()

    assert status == 413
    limit = 5 * MEBIBYTE if "form" in kind else MEBIBYTE
    words = f"The body is larger than {limit} bytes."
    assert json.loads(body) == {**CHAIN_REFUSAL, "detail": words, "error": words}
    assert connection == "close"
    # The server may hold a few copies of what the limit allows, but never the whole body.
    assert memory_of(service) - before < 40 * MEBIBYTE
    assert service.status_of("/healthz") == 200


def test_a_declared_length_is_refused_before_anything_is_sent(service: Service) -> None:
    client = Upload(
        service,
        "/api/v1/auth/login",
        "Content-Type: application/json",
        f"Content-Length: {HUGE}",
        "Expect: 100-continue",
    )
    with closing(client.connection):
        client.connection.settimeout(5)
        started = time.monotonic()
        # The server sends no `100 Continue` first.
        answer = client.connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"TOO_LARGE"' in answer.replace(b'": "', b'":"')
    assert time.monotonic() - started < 5


def test_a_handshake_with_a_huge_body_is_refused_too(service: Service) -> None:
    client = Upload(
        service,
        "/ws/notifications/1/",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Content-Length: {HUGE}",
    )
    with closing(client.connection):
        client.send(8 * MEBIBYTE, chunked=False)

        assert client.answer()[0] == 413


# The paths of webhooks have their own limit.
@pytest.mark.parametrize(
    ("path", "limit", "status"),
    [
        ("/api/auth/token", MEBIBYTE, 400),
        ("/api/v1/webhooks/whatsapp", 3 * MEBIBYTE, 401),
        ("/api/v1/webhooks/whatsapp/?a=b", 3 * MEBIBYTE, 401),
        ("/api/v1/webhooks/telegram/1", MEBIBYTE, 401),
        ("/api/v1/webhooks/whatsapps", MEBIBYTE, 404),
    ],
)
def test_one_byte_over_the_limit_is_refused(
    service: Service, path: str, limit: int, status: int
) -> None:
    statuses: dict[int, set[int]] = {}
    for size in (limit, limit + 1):
        for body in (b"x" * size, iter([b"x" * (size - 7), b"x" * 7])):
            answer = requests.post(
                f"http://127.0.0.1:{service.port}{path}",
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=20,
            )
            statuses.setdefault(size, set()).add(answer.status_code)

    assert statuses == {limit: {status}, limit + 1: {413}}


def test_an_upload_within_the_limit_still_works(service: Service) -> None:
    base = f"http://127.0.0.1:{service.port}"
    account = {"email": "ada@example.com", "password": "password123"}
    with requests.Session() as client:
        client.post(f"{base}/api/auth/register", json=account, timeout=20)
        token = client.post(f"{base}/api/auth/token", json=account, timeout=20).json()
        picture = encoded(noise(1150, 1150), "PNG")
        assert 3 * MEBIBYTE < len(picture) < 5 * MEBIBYTE

        answer = client.patch(
            f"{base}/auth/api/profile/",
            files={"avatar": ("me.png", picture)},
            headers={"Authorization": f"Bearer {token['access_token']}"},
            timeout=30,
        )

    assert answer.status_code == 200, answer.text


# A server that waits a second for a whole request, and an application that answers anything.
IMPATIENT = """
import os
from orderchainer.operations.server import OrderChainerServer, endpoints_on

async def application(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"thanks"})

OrderChainerServer(
    application,
    endpoints=endpoints_on("127.0.0.1", [int(os.environ["PORT"])]),
    max_body_bytes=lambda path, content_type: 1000,
    max_receive_seconds=1.0,
).run()
"""


def test_a_slow_sender_is_timed_out(tmp_path: Path) -> None:
    with running("-c", IMPATIENT, directory=tmp_path) as service:
        service.wait_for("/")
        client = Upload(service, "/", "Content-Length: 900")
        with closing(client.connection):
            started = time.monotonic()
            try:
                while time.monotonic() - started < 15:
                    client.connection.sendall(b"x")
                    time.sleep(0.2)
            except (BrokenPipeError, ConnectionResetError):
                pass

        assert time.monotonic() - started < 10
        assert service.status_of("/") == 200


def test_a_slow_sender_gets_a_408(tmp_path: Path) -> None:
    with running("-c", IMPATIENT, directory=tmp_path) as service:
        service.wait_for("/")
        client = Upload(service, "/", "Content-Length: 900")
        with closing(client.connection):
            status, connection, _ = client.answer()

    assert (status, connection) == (408, "close")
