"""Thought signatures: what a model hands out with its calls and wants back with them.

The real ones are sealed thoughts. Ours are a checksum over the calls of one answer and the model,
so the emulator notices a history in which somebody has lost, changed or rebuilt a call.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence

from integrations.sandbox.gemini.conversation import Call, Refused

_KEY = b"thoughts of the sandbox"
HELP = "Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details."


def signature_of(model: str, calls: Sequence[Call]) -> bytes:
    """Return the signature of the calls of one answer. Only the first call carries it."""
    told = [model, *([each.id, each.name, each.args] for each in calls)]
    text = json.dumps(told, sort_keys=True)
    return hmac.new(_KEY, text.encode(), hashlib.sha256).digest()


def check_signature(model: str, calls: Sequence[Call], position: int) -> None:
    """Refuse calls in a history that do not carry the signature of the model. Raises `Refused`."""
    first = calls[0]
    if not first.signature:
        words = (
            "Function call is missing a thought_signature in functionCall parts. This is required "
            "for tools to work correctly, and missing thought_signature may lead to degraded model "
            f"performance. Additional data, function call `default_api:{first.name}` , "
            f"position {position}. {HELP}"
        )
        raise Refused(400, words)
    if not hmac.compare_digest(first.signature, signature_of(model, calls)):
        raise Refused(400, f"Thought signature is not valid. {HELP}")


def written(signature: bytes) -> str:
    """Write a signature as JSON holds it."""
    return base64.b64encode(signature).decode()


def read(text: object) -> bytes:
    """Read a signature in either alphabet of base64, as Google does. Raises `Refused`."""
    if not isinstance(text, str):
        raise Refused(400, "Invalid value at 'thought_signature' (TYPE_BYTES)")
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error) as exc:
        raise Refused(400, "Invalid value at 'thought_signature' (TYPE_BYTES)") from exc
