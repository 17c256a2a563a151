"""What the error codes of the Cloud API mean for us. The texts of its errors change; codes do not.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

import math
from collections.abc import Mapping
from enum import Enum, auto


class Verdict(Enum):
    """What follows from an error."""

    # Only people can change it, in the configuration or at Meta: the integration is broken.
    BROKEN = auto()
    # We ask for too much. Wait, and go on.
    WAIT = auto()
    # WhatsApp has a passing trouble. Try again a few times.
    RETRY = auto()
    # This message will not go out.
    REFUSED = auto()


# Our own sentences for codes whose words at WhatsApp do not help people enough.
SENTENCES: Mapping[int, str] = {
    0: "WhatsApp does not accept the access token. Paste a new one.",
    190: "WhatsApp does not accept the access token. Paste a new one.",
    3: "The access token lacks a permission. It needs whatsapp_business_messaging.",
    10: "The access token lacks a permission. It needs whatsapp_business_messaging.",
    131005: "The access token lacks a permission. It needs whatsapp_business_messaging.",
    131031: "WhatsApp has locked the business account. Look at its state at Meta.",
    368: "WhatsApp has blocked the business account for breaking its policies.",
    131042: "WhatsApp has a problem with the payment of the business account.",
    130429: "The number sends too many messages at once.",
    131056: "We wrote to this person too often in a short time.",
    131021: "The number cannot write to itself.",
    131026: "The person cannot be reached: no WhatsApp, an old app, or its terms not accepted.",
    131030: "A test number writes only to the numbers on its list at Meta.",
    131047: "The customer wrote more than 24 hours ago. Only a template reaches them now.",
    131048: "WhatsApp limits the number because too many people call its messages spam.",
    131049: "WhatsApp did not deliver it, to spare the person too many messages.",
    131062: "This message needs a phone number, and the person shows none.",
    131064: "The number has reached its limit of new conversations for now.",
    132000: "The template needs another number of parameters.",
    132001: "There is no such template in this language, or it is not approved.",
    132005: "The template's text is too long with these parameters.",
    132007: "The template breaks a policy of WhatsApp.",
    132012: "The parameters have another format than the template's.",
    132015: "WhatsApp has paused the template because of its quality.",
    132016: "WhatsApp has switched off the template because of its quality.",
}

_BROKEN = frozenset({0, 3, 10, 190, *range(200, 300), 131005, 131031, 368, 131042})
# Codes after which we wait, and for how many seconds.
_WAITS: Mapping[int, float] = {4: 5 * 60, 80007: 5 * 60, 130429: 10}
# WhatsApp allows about one message in six seconds to the same person. After each refusal it asks us
# to wait four times as long.
PAIR_LIMIT = 131056
_PAIR_SECONDS, _PAIR_GROWTH, _MAX_PAIR_SECONDS = 6.0, 4.0, 60 * 60.0
_PASSING = frozenset({1, 2, 131000, 131016})
# Refusals of a proxy after which another try may succeed (RFC 9110, 15.5.9; RFC 8470).
PASSING_REFUSALS = frozenset({408, 409, 425})
# After these codes, we cannot reach the person with any other message either.
UNREACHABLE = frozenset({131026})


def verdict_on(code: int | None, status: int) -> Verdict:
    """Return what follows from an error with that code, or with that status if it has none."""
    if code in _BROKEN or (code is None and status == 401):
        return Verdict.BROKEN
    if code in _WAITS or code == PAIR_LIMIT or (code is None and status == 429):
        return Verdict.WAIT
    is_passing = status in PASSING_REFUSALS or not 400 <= status < 500
    if code in _PASSING or (code is None and is_passing):
        return Verdict.RETRY
    return Verdict.REFUSED


def wait_seconds(code: int | None, attempt: int = 1) -> float:
    """Return how long to wait after an error of the call with that number."""
    if code == PAIR_LIMIT:
        wait = _PAIR_SECONDS * math.pow(_PAIR_GROWTH, min(attempt - 1, 8))
        return min(_MAX_PAIR_SECONDS, wait)
    return 60.0 if code is None else _WAITS.get(code, 60.0)


def sentence_on(code: int | None, words: str) -> str:
    """Return what people read about an error; `words` are WhatsApp's own."""
    if code is None:
        return words
    return f"{SENTENCES.get(code) or f'WhatsApp said: {words}'} ({code})"
