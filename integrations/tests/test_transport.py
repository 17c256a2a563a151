"""Calls that fail: whether something can have been sent."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server, socket
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.transport import CallFailed, NotConnected, call


@contextmanager
def server(answer: Callable[[socket], object]) -> Iterator[str]:
    """Listen, let `answer` deal with one connection, and yield the address."""
    with create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answer(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(5)


def impostor(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both = folder / "both.pem"
    both.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


def post(url: str) -> None:
    """Make a call."""
    with call("POST", url, timeout=5, headers={}, data=b"x"):
        pass


def test_to_a_host_whose_certificate_we_refuse_nothing_was_sent(tmp_path: Path) -> None:
    context = impostor(tmp_path)

    def shake_hands(connection: socket) -> None:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    with server(shake_hands) as url, pytest.raises(NotConnected) as failed:
        post(url)

    assert str(failed.value) == "offered no secure connection"


def test_of_any_other_failure_of_tls_nobody_knows_what_was_sent() -> None:
    def speak_without_tls(connection: socket) -> None:
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with server(speak_without_tls) as url, pytest.raises(CallFailed) as failed:
        post(url)

    assert not isinstance(failed.value, NotConnected)
    assert str(failed.value) == "offered no secure connection"
