"""The socket that the server gives to a consumer."""

import asyncio
from collections.abc import Iterator
from http import HTTPStatus

import pytest
import requests
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from orderchainer.core.sockets import text_frame
from orderchainer.testing.servers import Service, running

# An application that answers each message through its `SocketWriter`.
ECHO = """
import os
from orderchainer.core.sockets import SOCKET_EXTENSION, text_frame
from orderchainer.operations.server import OrderChainerServer, endpoints_on

FLOOD = 5_000_000

async def application(scope, receive, send):
    if scope["type"] == "http":
        lent = SOCKET_EXTENSION in scope.get("extensions", {})
        body = (await receive())["body"]
        asked = int(scope["path"].strip("/") or 0)
        status = asked or (500 if lent else 200 if body else 204)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})
        return
    writer = scope["extensions"][SOCKET_EXTENSION]
    await receive()
    writer.write(text_frame(b"before the handshake: dropped"))
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "abort":
            writer.abort()
        elif message["text"] == "flood":
            while writer.buffered_bytes < FLOOD:
                writer.write(text_frame(b"x" * 100_000))
            writer.write(text_frame(b"last"))
            print("BUFFERED", writer.buffered_bytes >= FLOOD, flush=True)
        else:
            size = int(message["text"])
            writer.write(text_frame(b"x" * size))
            await send({"type": "websocket.send", "text": f"after {size}"})
    writer.write(text_frame(b"nobody is there"))
    print("GONE", writer.buffered_bytes, flush=True)

endpoints = endpoints_on("127.0.0.1", [int(os.environ["PORT"])])
OrderChainerServer(application, endpoints=endpoints).run()
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The server with that application."""
    with running("-c", ECHO, directory=tmp_path_factory.mktemp("server")) as started:
        started.wait_for("/", status=204)
        yield started


async def socket_of(service: Service) -> ClientConnection:
    """Open a WebSocket that accepts messages of any size."""
    return await connect(f"ws://127.0.0.1:{service.port}/", max_size=None, max_queue=None)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 500_000])
@pytest.mark.processes
async def test_a_frame_of_any_size_arrives_whole_and_in_order(service: Service, size: int) -> None:
    async with await socket_of(service) as socket:
        await socket.send(str(size))

        assert await socket.recv() == "x" * size
        assert await socket.recv() == f"after {size}"


@pytest.mark.processes
async def test_unread_frames_are_counted_and_still_arrive(
    service: Service,
) -> None:
    async with await socket_of(service) as socket:
        await socket.send("flood")
        received = 0
        while (message := await socket.recv()) != "last":
            received += len(message)

    assert received >= 5_000_000
    assert "BUFFERED True" in service.output


@pytest.mark.processes
async def test_an_aborted_socket_ends_without_a_farewell(service: Service) -> None:
    socket = await socket_of(service)
    await socket.send("abort")

    with pytest.raises(ConnectionClosedError) as closed:
        await socket.recv()

    assert closed.value.rcvd is None


@pytest.mark.processes
async def test_writing_to_a_socket_that_is_gone_does_nothing(service: Service) -> None:
    gone = service.output.count("GONE 0")
    async with await socket_of(service):
        pass

    for _ in range(100):
        if service.output.count("GONE 0") > gone:
            break
        await asyncio.sleep(0.05)
    assert service.output.count("GONE 0") > gone
    assert service.status_of("/") == 204


def test_a_frame_matches_the_example_in_the_standard() -> None:
    # RFC 6455, section 5.7: "A single-frame unmasked text message".
    assert text_frame(b"Hello") == bytes([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])


def test_a_body_reaches_the_application_as_it_came(service: Service) -> None:
    answer = requests.post(
        f"http://127.0.0.1:{service.port}/",
        data=b"no part of anything",
        headers={"Content-Type": "multipart/form-data"},
        timeout=10,
    )

    assert (answer.status_code, answer.content) == (200, b"no part of anything")


@pytest.mark.processes
@pytest.mark.parametrize("status", [404, 422, 429])
def test_a_status_has_its_standard_name(service: Service, status: int) -> None:
    answer = requests.get(f"http://127.0.0.1:{service.port}/{status}", timeout=10)

    assert (answer.status_code, answer.reason) == (status, HTTPStatus(status).phrase)
