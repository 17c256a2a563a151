"""The client's address, and which headers we trust for it."""

from itertools import product

import pytest
from django.test import RequestFactory, override_settings

from orderchainer.core import clients
from orderchainer.core.http.clients import address_of
from orderchainer.testing.written_log import WrittenLog


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        # Without proxies of ours, only the client can have written the header.
        (0, "10.0.0.7", "", "10.0.0.7"),
        (0, "10.0.0.7", "1.2.3.4", "10.0.0.7"),
        # The last entry is what our proxy saw; the client wrote the others.
        (1, "10.0.0.1", "198.51.100.9", "198.51.100.9"),
        (1, "10.0.0.1", "1.2.3.4, 198.51.100.9", "198.51.100.9"),
        (2, "10.0.0.1", "1.2.3.4, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        # A client that bypasses the proxies has no such list.
        (2, "10.0.0.7", "198.51.100.9", "10.0.0.7"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "not an address", "10.0.0.1"),
        (1, "10.0.0.1", "2001:DB8::0:1", "2001:db8::1"),
        (0, "::ffff:192.0.2.1", "", "192.0.2.1"),
        # A Unix socket has no address.
        (0, "", "", None),
    ],
)
def test_uses_the_address_that_our_outermost_proxy_saw(
    proxies: int, peer: str, forwarded: str, address: str | None
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)

    with override_settings(TRUSTED_PROXIES=proxies):
        assert address_of(request) == address


def heard(entry: str) -> str | None:
    """Return the address of a request whose only proxy wrote `entry`."""
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=f"1.2.3.4, {entry}"
    )
    with override_settings(TRUSTED_PROXIES=1):
        return address_of(request)


IPV4 = {"203.0.113.7": "203.0.113.7", "0.0.0.0": "0.0.0.0"}
IPV6 = {
    "2001:db8::1": "2001:db8::1",
    "2001:DB8:0:0::1": "2001:db8::1",
    "::ffff:203.0.113.7": "203.0.113.7",
    "fe80::1%eth0": "fe80::1",
    "::1": "::1",
}
PORTS = [":443", ":0", ":65535", ":_hidden", ":_a.b-c"]
AROUND = ["{}", '"{}"', " {} ", ' "{}"', "\t{}"]
WAYS_TO_WRITE = [
    *((text, address) for text, address in (IPV4 | IPV6).items()),
    *((text + port, address) for (text, address), port in product(IPV4.items(), PORTS)),
    *(
        (f"[{text}]{port}", address)
        for (text, address), port in product(IPV6.items(), ["", *PORTS])
    ),
]  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(("entry", "address"), WAYS_TO_WRITE)
def test_reads_the_address_in_every_form_that_proxies_write(
    entry: str, address: str, around: str
) -> None:
    assert heard(around.format(entry)) == address


UNREADABLE = [
    *("unknown", "_hidden", "_hidden:443", "unknown:443", "example.com", "not an address"),
    *("203.0.113.7:", "203.0.113.7:port", "203.0.113.7:123456", "203.0.113.256", "203.0.113"),
    *("[2001:db8::1", "2001:db8::1]", "[2001:db8::1]443", "[2001:db8::1]:", "[]", "[]:443"),
    *('"', '""', '"203.0.113.7', "[[2001:db8::1]]", "2001:db8::1::2", "for=203.0.113.7"),
    *("\x1b[31m203.0.113.7", "203.0.113.7\u202e"),
    *("\u0662\u0660\u0663.\u0660.\u0661\u0661\u0663.\u0667", "%eth0"),
]  # fmt: skip


@pytest.mark.parametrize("entry", UNREADABLE)
def test_uses_the_peer_if_the_proxys_entry_is_unreadable(entry: str) -> None:
    assert heard(entry) == "10.0.0.1"


def test_an_unreadable_entry_is_logged_once(
    log: WrittenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_warned", False)

    for entry in ("", "203.0.113.7:51234", "_hidden" + "x" * 200, "unknown"):
        heard(entry)

    (line,) = log.lines("forwarded_address_unreadable")
    assert line["level"] == "warning"
    assert line["entry"] == "_hidden" + "x" * 93
    assert line["trusted_proxies"] == 1
