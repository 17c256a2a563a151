"""Every surface refuses unknown paths and methods, bad bodies and bad hosts in its own shape."""

import http.client
import json
from collections.abc import Iterable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings

from accounts.tests.factories import client_of, make_user
from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import Service, running

NOW = "2025-11-07T13:18:43.934Z"
CHAIN_404 = {"detail": "Resource not found"}
ENVELOPE_404 = {
    "success": False,
    "error": "Resource not found",
    "errorCode": "NOT_FOUND",
    "timestamp": NOW,
}
HUB_404 = {
    "detail": "Resource not found",
    "code": "NOT_FOUND",
    "timestamp": "2025-11-07T13:18:43Z",
}
SHOP_404 = {"error": "Resource not found"}

NOT_FOUND_BY_PATH: dict[str, dict[str, Any]] = {
    "/api": CHAIN_404,
    "/api/nothing": CHAIN_404,
    "/api/auth/nothing": CHAIN_404,
    "/api/orders/1/nothing": {**CHAIN_404, **SHOP_404},
    "/api/orders/one": {**CHAIN_404, **SHOP_404},
    "/api/discord/nothing": CHAIN_404,
    "/api/auth/register/nothing": {**CHAIN_404, **ENVELOPE_404},
    "/api/v1": HUB_404,
    "/api/v1/nothing": HUB_404,
    "/api/user": ENVELOPE_404,
    "/api/user/1/nothing": ENVELOPE_404,
    "/api/order/1/nothing": ENVELOPE_404,
    "/auth/api/nothing": SHOP_404,
    "/api/products/nothing": SHOP_404,
    "/api/cart/nothing": SHOP_404,
}


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", NOT_FOUND_BY_PATH)
def test_an_unknown_path_is_a_404_in_its_surfaces_shape(path: str, method: str, slash: str) -> None:
    response = Client().generic(method, path + slash)

    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    assert response.json() == NOT_FOUND_BY_PATH[path]


@pytest.mark.django_db
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/orders",
        "/api/orders/1",
        "/api/discord",
        "/api/auth/token",
        "/api/auth/register",
    ],
)
def test_both_spellings_are_answered_directly(path: str, slash: str) -> None:
    """A redirect would lose the body of a POST."""
    response = Client().post(path + slash, "{", content_type="application/json")

    assert response.status_code in {400, 401, 405}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/api/orders/", "DELETE", "GET, POST"),
        ("/api/auth/token", "PUT", "POST"),
        ("/api/auth/token/", "GET", "POST"),
    ],
)
def test_an_unsupported_method_is_a_405_in_its_surfaces_shape(
    path: str, method: str, allowed: str
) -> None:
    response = client_of(make_user()).generic(method, path)

    assert response.status_code == 405
    assert response.json() == {
        "detail": f'Method "{method}" not allowed.',
        "code": "method_not_allowed",
        **({"error": f'Method "{method}" not allowed.'} if "orders" in path else {}),
    }
    assert set(allowed.split(", ")) <= set(response["Allow"].split(", "))


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/nothing/here",
         {"detail": "Invalid request data", "code": "invalid",
          "errors": {"request": ["It cannot be read."]}}),
        ("/api/orders/",
         {"detail": "Invalid request data", "code": "invalid",
          "error": "The request cannot be read.",
          "errors": {"request": ["It cannot be read."]}}),
        ("/api/auth/register",
         {"detail": "Invalid request data", "code": "invalid",
          "errors": {"request": ["It cannot be read."]},
          "success": False, "error": "It cannot be read.", "errorCode": "VALIDATION_FAILED",
          "timestamp": NOW}),
    ],
)  # fmt: skip
def test_a_forged_host_is_a_400_in_its_surfaces_shape(
    debug: bool, path: str, body: dict[str, Any]
) -> None:
    with override_settings(DEBUG=debug):
        response = Client().get(path, headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert response.json() == body


TEN_MEGABYTES = b'{"title": "' + b"x" * 10_000_000 + b'"}'


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/orders/",
         {"detail": "The body is larger than 1048576 bytes.", "code": "too_large",
          "error": "The body is larger than 1048576 bytes."}),
        ("/api/v1/anything",
         {"detail": "The body is larger than 1048576 bytes.", "code": "TOO_LARGE",
          "timestamp": "2025-11-07T13:18:43Z"}),
        ("/auth/api/register/", {"error": "The body is larger than 1048576 bytes."}),
    ],
)  # fmt: skip
def test_ten_megabytes_are_a_413_in_its_surfaces_shape(path: str, body: dict[str, Any]) -> None:
    response = Client().post(path, TEN_MEGABYTES, content_type="application/json")

    assert response.status_code == 413
    assert response.json() == body


class InvalidChunk(Exception):
    """An error of the server's own, not an OSError."""


class BrokenStream(BytesIO):
    """A body with malformed chunks, or one that breaks off, as gunicorn passes it on."""

    def read(self, size: int | None = -1, /) -> bytes:
        msg = "Invalid chunk size: b'zz'"
        raise InvalidChunk(msg)


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/orders/",
         {"detail": "Invalid request data", "code": "unreadable",
          "error": "The body cannot be read.",
          "errors": {"body": ["It breaks off, or its chunks are malformed."]}}),
        ("/api/v1/auth/login",
         {"detail": "The body cannot be read.", "code": "UNREADABLE",
          "timestamp": "2025-11-07T13:18:43Z",
          "errors": {"body": ["It breaks off, or its chunks are malformed."]}}),
        ("/auth/api/token/", {"body": ["It breaks off, or its chunks are malformed."]}),
    ],
)  # fmt: skip
def test_broken_chunks_are_a_400_in_its_surfaces_shape(path: str, body: dict[str, Any]) -> None:
    response = Client().post(
        path,
        HTTP_TRANSFER_ENCODING="chunked",
        **{"wsgi.input": BrokenStream()},  # type: ignore[arg-type]  # the environment of WSGI
    )

    assert response.status_code == 400
    assert response.json() == body


def test_broken_chunks_are_a_400_on_a_page() -> None:
    response = Client().post(
        "/admin/login/",
        HTTP_TRANSFER_ENCODING="chunked",
        **{"wsgi.input": BrokenStream()},  # type: ignore[arg-type]  # the environment of WSGI
    )

    assert response.status_code == 400


@pytest.mark.django_db
def test_a_body_that_names_no_length_is_read_under_wsgi() -> None:
    body = b'{"email": "chunks@example.com", "password": "correct horse"}'

    response = Client().post(
        "/api/auth/register",
        content_type="application/json",
        HTTP_TRANSFER_ENCODING="chunked",
        CONTENT_LENGTH="",
        **{"wsgi.input": BytesIO(body)},  # type: ignore[arg-type]  # the environment of WSGI
    )

    assert response.status_code == 201
    assert response.json()["email"] == "chunks@example.com"


def post_chunked(
    service: Service, path: str, chunks: Iterable[bytes]
) -> tuple[int, dict[str, Any]]:
    """Send a body in chunks, without a Content-Length, to a real server."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        connection.request(
            "POST",
            path,
            chunks,
            {"Content-Type": "application/json"},
            encode_chunked=True,
        )
        response = connection.getresponse()
        return response.status, json.load(response)


@pytest.mark.processes
def test_a_real_server_bounds_a_body_without_a_length_and_logs_no_token(
    tmp_path: Path,
) -> None:
    make_tables(tmp_path)
    with running("manage.py", "serve", "--prepare", directory=tmp_path) as service:
        service.wait_for("/readyz")

        huge = (TEN_MEGABYTES[start : start + 65536] for start in range(0, 10_000_000, 65536))
        status, body = post_chunked(service, "/api/auth/register", huge)
        assert status == 413
        assert body["detail"] == "The body is larger than 1048576 bytes."
        assert body["errorCode"] == "TOO_LARGE"

        small = iter([b'{"email": "chunks@example.com",', b'"password": "correct horse"}'])
        status, body = post_chunked(service, "/api/auth/register", small)
        assert status == 201
        assert body["email"] == "chunks@example.com"

        # A path from a link in an e-mail.
        service.status_of("/reset-password/a1b2c3d4-5e6f-4789-8abc-def012345678")
        # A token in the query, as for a WebSocket. It may not appear in the log or on the console.
        service.status_of("/api/orders/?token=T0KENinTheQuery")
        with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)) as socket:
            socket.request(
                "GET",
                "/ws/notifications/1/?token=T0KENinTheQuery",
                headers={
                    "Connection": "Upgrade",
                    "Upgrade": "websocket",
                    "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                },
            )
            assert socket.getresponse().status in {101, 403}
        service.wait_for("/healthz")

        written = service.output + (tmp_path / "orderchainer.log").read_text()
        assert '"path":"/api/orders/"' in written
        assert "T0KENinTheQuery" not in written
        assert "/reset-password/[redacted]" in written
        assert "5e6f-4789" not in written
