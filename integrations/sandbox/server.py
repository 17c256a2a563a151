"""The HTTP server of the sandbox, and its control plane under `/_control/`.

GET  /_control/           the emulators, as a page for people
POST /_control/reset      forget requests, faults and everything that the emulators hold
GET  /_control/requests   every request to an emulator so far, oldest first
POST /_control/faults     {"kind": "status", "status": 503, "times": 2}: see `faults.py`
DELETE /_control/faults   drop all faults and release the requests that hang
any  /_control/{name}/…   controls of one emulator: see its module

A body is JSON, or the fields of a form from one of the pages for people.
"""

import socket
import struct
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from integrations.sandbox.faults import Fault, Faults
from integrations.sandbox.wire import (
    Answer,
    Emulator,
    Request,
    html_answer,
    json_answer,
)

MAX_BODY_BYTES = 10 * 1024 * 1024
CONTROL = "/_control/"


class Sandbox:
    """A running sandbox. Port 0 means any free port; the server runs in daemon threads."""

    def __init__(self, *emulators: Emulator, port: int = 0, host: str = "127.0.0.1") -> None:
        self.emulators: Sequence[Emulator] = emulators
        self.faults = Faults()
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._server = _Server((host, port), _Handler)
        self._server.sandbox = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="sandbox", daemon=True
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """`host:port`, as in URLs."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    @property
    def requests(self) -> list[Request]:
        """Every request to an emulator so far, oldest first."""
        with self._lock:
            return list(self._requests)

    def start(self) -> None:
        """Start to answer requests."""
        self._thread.start()

    def stop(self) -> None:
        """Release the requests that hang, and stop listening."""
        self.faults.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reset(self) -> None:
        """Forget everything."""
        self.faults.clear()
        with self._lock:
            self._requests.clear()
        for emulator in self.emulators:
            emulator.reset()

    def emulator_of(self, path: str) -> Emulator | None:
        """Return the emulator that serves `path`, or None."""
        return next((one for one in self.emulators if one.serves(path)), None)

    def record(self, request: Request) -> None:
        """Remember a request."""
        with self._lock:
            self._requests.append(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    sandbox: Sandbox


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this, a small answer waits for the other side's acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            at=time.time(),
        )
        sandbox = self.server.sandbox
        if request.path.startswith(CONTROL):
            self._send(_control(sandbox, request))
            return
        emulator = sandbox.emulator_of(request.path)
        if emulator is None:
            self._send(html_answer(404, "<h1>404 Not Found</h1>"))
            return
        sandbox.record(request)
        self._answer(emulator, request, sandbox.faults.take(request.path))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _answer(self, emulator: Emulator, request: Request, fault: Fault | None) -> None:
        faults = self.server.sandbox.faults
        match fault:
            case None:
                self._send(emulator.answer(request))
            case Fault(kind="status"):
                self._send(
                    Answer(
                        fault.status,
                        fault.body.encode(),
                        {"Content-Type": "application/json", **fault.headers},
                    )
                )
            case Fault(kind="html"):
                page = fault.body or f"<html><h1>{fault.status}</h1></html>"
                answer = html_answer(fault.status, page)
                self._send(
                    Answer(
                        answer.status,
                        answer.body,
                        {**answer.headers, **fault.headers},
                    )
                )
            case Fault(kind="delay"):
                faults.wait(fault.seconds)
                self._send(emulator.answer(request))
            case Fault(kind="hang"):
                faults.wait(fault.seconds)
                self.close_connection = True
            case Fault(kind="close"):
                self._reset_connection()
            case Fault(kind="truncate"):
                self._send(emulator.answer(request), cut=True)
            case Fault(kind="store_then_hang"):
                emulator.answer(request)
                faults.wait(fault.seconds)
                self.close_connection = True

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self.close_connection = True
            self._send(html_answer(411, "<h1>411 Length Required</h1>"))
            return None
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self._send(html_answer(413, "<h1>413 Payload Too Large</h1>"))
            return None
        return self.rfile.read(int(length))

    def _send(self, answer: Answer, *, cut: bool = False) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        if cut:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)

    def _reset_connection(self) -> None:
        # With a linger time of zero, closing sends a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle(self) -> None:
        """Serve a connection. Ignore a client that went away."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def finish(self) -> None:
        """End a connection. It may be gone already."""
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the control plane shows the requests."""


def _control(sandbox: Sandbox, request: Request) -> Answer:
    name, _, rest = request.path.removeprefix(CONTROL).partition("/")
    try:
        data = _told(request)
        match (request.method, name, rest):
            case ("GET", "", ""):
                return html_answer(200, _index(sandbox))
            case ("POST", "reset", ""):
                sandbox.reset()
                return Answer(204)
            case ("POST", "faults", ""):
                sandbox.faults.add(Fault.from_json(data))
                return Answer(204)
            case ("DELETE", "faults", ""):
                sandbox.faults.clear()
                return Answer(204)
            case ("GET", "requests", ""):
                return json_answer(200, [_shown(one) for one in sandbox.requests])
        for emulator in sandbox.emulators:
            if emulator.name == name:
                answer = emulator.control(request.method, f"/{rest}", data)
                return answer or json_answer(404, {"error": "no such control"})
    except (TypeError, ValueError, KeyError) as exc:
        return json_answer(400, {"error": f"{type(exc).__name__}: {exc}"})
    return json_answer(404, {"error": "no such control"})


def _index(sandbox: Sandbox) -> str:
    links = "".join(
        f'<li><a href="{CONTROL}{one.name}/">{one.label}</a></li>' for one in sandbox.emulators
    )
    return f"<!doctype html><title>Sandbox</title><h1>Sandbox</h1><ul>{links}</ul>"


def _told(request: Request) -> Any:
    """Return the JSON of a body, or the fields of a form as a mapping. Raises ValueError.

    curl labels every body as a form by default, so we always read a body that begins with `{` as
    JSON.
    """
    is_form = request.headers.get("content-type", "") == "application/x-www-form-urlencoded"
    if is_form and not request.body.lstrip().startswith(b"{"):
        fields = parse_qs(request.body.decode(), keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}
    return request.json() if request.body else {}


def _shown(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": dict(request.headers),
        "body": request.body.decode(errors="replace"),
        "at": request.at,
    }
