"""Compare signatures and tokens in constant time. Texts that are not ASCII do no harm."""

import hashlib
import hmac


def hmac_sha256(secret: str, body: bytes) -> bytes:
    """Return the HMAC-SHA256 of a body."""
    return hmac.digest(_bytes_of(secret), body, hashlib.sha256)


def is_same(expected: str, given: str) -> bool:
    """Compare two texts in constant time. `hmac` alone fails on a text that is not ASCII."""
    return hmac.compare_digest(_bytes_of(expected), _bytes_of(given))


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
