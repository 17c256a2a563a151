"""What a project configures to connect a phone number at WhatsApp, and how we read it."""

import re
from collections.abc import Mapping

from integrations.contracts import ConfigKey, Exposure

MAX_TOKEN_LENGTH = 1024
MIN_VERIFY_TOKEN_LENGTH = 8
MAX_VERIFY_TOKEN_LENGTH = 255

# The ids go into addresses that are called with our token, so nothing else may stand there.
_ID = re.compile(r"[0-9]{5,32}", re.ASCII)
# It goes into a header. Spaces and controls would come from a bad copy.
_TOKEN = re.compile(r"[!-~]+")
_APP_SECRET = re.compile(r"[0-9a-f]{32}", re.ASCII)


def clean_id(text: str) -> str:
    """Return an id of Meta's. Raises ValueError with a sentence for people."""
    text = text.strip()
    if not _ID.fullmatch(text):
        msg = (
            "Must be the id that Meta shows under WhatsApp, API Setup: 5 to 32 digits. It is not "
            "the phone number."
        )
        raise ValueError(msg)
    return text


def clean_token(text: str) -> str:
    """Return an access token as it was copied. Raises ValueError."""
    text = text.strip().removeprefix("Bearer ").strip()
    if not _TOKEN.fullmatch(text) or len(text) > MAX_TOKEN_LENGTH:
        msg = f"Must be 1 to {MAX_TOKEN_LENGTH} letters, digits and signs without spaces."
        raise ValueError(msg)
    return text


def clean_app_secret(text: str) -> str:
    """Return the secret of a Meta app. Raises ValueError."""
    text = text.strip().lower()
    if not _APP_SECRET.fullmatch(text):
        msg = (
            "Must be the app secret, 32 digits and letters from a to f. Meta shows it under App "
            "settings, Basic."
        )
        raise ValueError(msg)
    return text


def clean_verify_token(text: str) -> str:
    """Return the token that we agree on with Meta. Raises ValueError if it is easily guessed."""
    text = text.strip()
    if (
        not _TOKEN.fullmatch(text)
        or not MIN_VERIFY_TOKEN_LENGTH <= len(text) <= MAX_VERIFY_TOKEN_LENGTH
    ):
        msg = (
            f"Must be {MIN_VERIFY_TOKEN_LENGTH} to {MAX_VERIFY_TOKEN_LENGTH} letters, digits and "
            "signs without spaces. Invent one, and give Meta the same."
        )
        raise ValueError(msg)
    return text


def account_of(config: Mapping[str, str]) -> str:
    """Return the id of the phone number."""
    return config["phone_number_id"]


KEYS = (
    ConfigKey(
        "access_token",
        Exposure.SECRET,
        clean_token,
        help="The permanent token of a system user with whatsapp_business_messaging.",
        label="Access token",
    ),
    ConfigKey(
        "phone_number_id",
        Exposure.OPEN,
        clean_id,
        help="The id of the phone number, which is not the number itself.",
        label="Phone number ID",
    ),
    ConfigKey(
        "app_secret",
        Exposure.SECRET,
        clean_app_secret,
        help="The secret of the Meta app. Meta signs its webhooks with it.",
        label="App secret",
    ),
    ConfigKey(
        "verify_token",
        Exposure.SECRET,
        clean_verify_token,
        help="A text that you invent, and give to Meta along with the address of the webhook.",
        label="Verify token",
        is_agreed=True,
    ),
    ConfigKey(
        "waba_id",
        Exposure.OPEN,
        clean_id,
        is_required=False,
        help="The id of the WhatsApp Business account. With it we subscribe to its webhooks.",
        label="WhatsApp Business Account ID",
    ),
)
