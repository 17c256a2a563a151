"""What Meta posts to us.

One call can carry messages and statuses of several phone numbers. Each integration that signs it
gets the whole body, and works on the parts of its own number only.
https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import hashlib
from collections.abc import Mapping, Sequence

from integrations.contracts import Call, Webhook
from integrations.signatures import hmac_sha256, is_same
from integrations.whatsapp.payloads import changes_in, number_of
from integrations.whatsapp.receiving import handle

SIGNATURE = "x-hub-signature-256"
PREFIX = "sha256="

MESSAGE_EXAMPLE = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "102290129340398",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {
                            "display_phone_number": "15550783881",
                            "phone_number_id": "106540352242922",
                        },
                        "contacts": [
                            {
                                "profile": {"name": "Ada Lovelace"},
                                "wa_id": "16505551234",
                                "user_id": "US.13491208655302741918",
                            }
                        ],
                        "messages": [
                            {
                                "from": "16505551234",
                                "from_user_id": "US.13491208655302741918",
                                "id": "wamid.HBgLMTY1MDU1NTEyMzQ",
                                "timestamp": "1763600000",
                                "type": "text",
                                "text": {"body": "Where is my order?"},
                            }
                        ],
                    },
                }
            ],
        }
    ],
}


def accounts(call: Call) -> Sequence[str] | None:
    """Return the ids of the phone numbers that the call is about.

    None if it is about no number, such as an alert about the business account.
    """
    numbers = (number_of(value) for _, value in changes_in(call.payload))
    return list(dict.fromkeys(filter(None, numbers))) or None


def verifies(call: Call, secrets: Mapping[str, str]) -> bool:
    """Tell whether the app's secret signs the body."""
    secret = secrets.get("app_secret", "")
    expected = PREFIX + hmac_sha256(secret, call.body).hex()
    return bool(secret) and is_same(expected, call.headers.get(SIGNATURE, ""))


def topic(call: Call) -> str:
    """Return what the first change of the call is about, for example `messages`."""
    return next((field for field, _ in changes_in(call.payload)), "")


def keys(call: Call) -> tuple[str, str]:
    """Return a digest of the body: a call has no id, and a repeat has the same bytes."""
    return hashlib.sha256(call.body).hexdigest(), ""


def handshake(query: Mapping[str, str], secrets: Mapping[str, str]) -> str | None:
    """Return Meta's challenge if Meta knows our token."""
    token = secrets.get("verify_token", "")
    is_ours = is_same(token, query.get("hub.verify_token", ""))
    if not token or not is_ours or query.get("hub.mode") != "subscribe":
        return None
    return query.get("hub.challenge")


WEBHOOK = Webhook(
    # As large as Meta's calls get.
    max_body_bytes=3 * 1024 * 1024,
    kept_headers=("content-type", "user-agent"),
    accounts=accounts,
    verifies=verifies,
    topic=topic,
    keys=keys,
    handle=handle,
    handshake=handshake,
    description=(
        "Messages of customers, and what became of ours, from the WhatsApp Business Cloud API. "
        "`X-Hub-Signature-256` is the HMAC-SHA256 of the raw body with the app's secret, in "
        "hexadecimal after `sha256=`. One call can carry items for several phone numbers."
    ),
    examples={"A message": MESSAGE_EXAMPLE},
)
