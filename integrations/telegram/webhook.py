"""What Telegram posts to us: one update of one bot in each call.

Telegram signs nothing. It repeats the secret token that we chose when we set the bot's webhook.
https://core.telegram.org/bots/api#setwebhook
"""

import hashlib
from collections.abc import Mapping, Sequence

from integrations.contracts import Call, Webhook
from integrations.signatures import is_same
from integrations.telegram.receiving import handle

TOKEN = "x-telegram-bot-api-secret-token"

MESSAGE_EXAMPLE = {
    "update_id": 10000,
    "message": {
        "message_id": 1365,
        "date": 1763600000,
        "from": {"id": 1111, "is_bot": False, "first_name": "Ada", "username": "ada"},
        "chat": {"id": 1111, "type": "private", "first_name": "Ada"},
        "text": "Where is my order?",
    },
}


def accounts(call: Call) -> Sequence[str] | None:
    """Return None, because an update does not say which bot it is for.

    If we set the bot's webhook, the path says it.
    """
    return None


def verifies(call: Call, secrets: Mapping[str, str]) -> bool:
    """Tell whether the call shows our token."""
    secret = secrets.get("secret_token", "")
    return bool(secret) and is_same(secret, call.headers.get(TOKEN, ""))


def topic(call: Call) -> str:
    """Return the kind of the update, for example `message`: its one key besides the id."""
    if not isinstance(call.payload, dict):
        return ""
    return next((name for name in call.payload if name != "update_id"), "")


def keys(call: Call) -> tuple[str, str]:
    """Return the id of the update, which its repeats share. Without one, a digest of the body."""
    update_id = call.payload.get("update_id") if isinstance(call.payload, dict) else None
    if isinstance(update_id, int) and not isinstance(update_id, bool):
        return str(update_id), ""
    return hashlib.sha256(call.body).hexdigest(), ""


WEBHOOK = Webhook(
    max_body_bytes=1024 * 1024,
    kept_headers=("content-type", "user-agent"),
    accounts=accounts,
    verifies=verifies,
    topic=topic,
    keys=keys,
    handle=handle,
    names_integration=True,
    description=(
        "One update of a bot from Telegram's Bot API. `X-Telegram-Bot-Api-Secret-Token` is the "
        "secret token of the integration. Without an id in the path, the update is for the bot "
        "whose token it is, so tokens have to differ."
    ),
    examples={"A message": MESSAGE_EXAMPLE},
)
