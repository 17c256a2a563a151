"""Whose address a request comes from, and whose word is taken for it."""

import pytest
from django.test import RequestFactory, override_settings

from orderchainer.core.http.clients import address_of


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        # Without proxies of our own the header is the client's own word.
        (0, "10.0.0.7", "", "10.0.0.7"),
        (0, "10.0.0.7", "1.2.3.4", "10.0.0.7"),
        # What our proxy heard stands last; what the client wrote, before.
        (1, "10.0.0.1", "198.51.100.9", "198.51.100.9"),
        (1, "10.0.0.1", "1.2.3.4, 198.51.100.9", "198.51.100.9"),
        (2, "10.0.0.1", "1.2.3.4, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        # Who comes past the proxies has no such list.
        (2, "10.0.0.7", "198.51.100.9", "10.0.0.7"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "not an address", "10.0.0.1"),
        (1, "10.0.0.1", "2001:DB8::0:1", "2001:db8::1"),
        (0, "::ffff:192.0.2.1", "", "192.0.2.1"),
        # A Unix socket has no address.
        (0, "", "", None),
    ],
)
def test_the_address_is_what_our_outermost_proxy_heard(
    proxies: int, peer: str, forwarded: str, address: str | None
) -> None:
    request = RequestFactory().get(
        "/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded
    )

    with override_settings(TRUSTED_PROXIES=proxies):
        assert address_of(request) == address
