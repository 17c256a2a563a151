"""What a project configures to connect a bot at Telegram, and how we read it."""

import re
import secrets
from collections.abc import Mapping

from integrations.contracts import ConfigKey, Exposure

MIN_SECRET_LENGTH = 8

# The token goes into addresses, so it must not contain anything else.
_BOT_TOKEN = re.compile(r"(?P<id>[0-9]{1,16}):[A-Za-z0-9_-]{30,100}", re.ASCII)
# What Telegram accepts, but not so short that it is easily guessed.
_SECRET_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{MIN_SECRET_LENGTH},256}}", re.ASCII)


def clean_bot_token(text: str) -> str:
    """Return the token of a bot. Raises ValueError with a sentence for people."""
    text = text.strip()
    if not _BOT_TOKEN.fullmatch(text):
        msg = "Must be the token that @BotFather gave you: digits, a colon, and a key."
        raise ValueError(msg)
    return text


def clean_secret_token(text: str) -> str:
    """Return the secret with which Telegram calls us. Raises ValueError."""
    text = text.strip()
    if not _SECRET_TOKEN.fullmatch(text):
        msg = f"Must be {MIN_SECRET_LENGTH} to 256 letters, digits, underscores and hyphens."
        raise ValueError(msg)
    return text


def make_secret_token() -> str:
    """Return a secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def account_of(config: Mapping[str, str]) -> str:
    """Return the id of the bot."""
    return config["bot_token"].partition(":")[0]


KEYS = (
    ConfigKey(
        "bot_token",
        Exposure.SECRET,
        clean_bot_token,
        help="The token that @BotFather gave you for the bot.",
        label="Token of the bot",
    ),
    ConfigKey(
        "secret_token",
        Exposure.SECRET,
        clean_secret_token,
        is_required=False,
        make=make_secret_token,
        help="Telegram shows it in every call to us. Leave it out, and we make one.",
        label="Secret token",
    ),
)
