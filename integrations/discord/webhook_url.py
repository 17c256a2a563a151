"""Parses a webhook's URL. Only this module decides which addresses we call.

The URL comes from a user, so it could make us call any server (SSRF). We compare each part after
parsing, and build the address that we call from the parts that we recognised.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from integrations.discord.hosts import DISCORDS_OWN, AllowedHost, allowed_hosts

MAX_LENGTH = 512
API_VERSION = 10
DISCORD_API_BASE = "https://discord.com/api"

_LOOKS_LIKE = (
    "It must look like https://discord.com/api/webhooks/{id}/{token}. Copy it whole from Discord: "
    "channel settings, Integrations, Webhooks, Copy Webhook URL."
)
_PATH = re.compile(
    r"/api(?:/v[0-9]{1,2})?/webhooks/(?P<id>[0-9]+)/(?P<token>[A-Za-z0-9._-]+)/?",
    re.ASCII,
)
# Discord's ids are 64-bit numbers and its tokens have 68 characters. Other hosts may differ.
_DISCORDS_ID = re.compile(r"[0-9]{17,20}", re.ASCII)
_DISCORDS_TOKEN_LENGTH = 60
_OTHERS_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_THREAD = re.compile(r"thread_id=(?P<id>[0-9]{1,20})", re.ASCII)
_DOTS_ALONE = re.compile(r"\.+")


class NotAWebhook(ValueError):
    """The text is not the URL of a webhook that we may call. The message says what is wrong."""


@dataclass(frozen=True)
class WebhookAddress:
    """A webhook that we may call. Only `parse_webhook_url` makes one."""

    # Exactly what the owner sent, because they get it back.
    url: str = field(repr=False)
    scheme: str
    # With the port, if the URL names one.
    host: str
    webhook_id: str
    token: str = field(repr=False)
    thread_id: str = ""

    @property
    def endpoint(self) -> str:
        """The URL to call, with the API version that we use and without a query."""
        return f"{self._base}/v{API_VERSION}/webhooks/{self.webhook_id}/{self.token}"

    @property
    def _base(self) -> str:
        if self.host in DISCORDS_OWN:
            return settings.DISCORD_API_BASE or DISCORD_API_BASE
        return f"{self.scheme}://{self.host}/api"

    @property
    def service(self) -> str:
        """The host that a rate limit counts for. All of Discord's own names count as one host."""
        return DISCORDS_OWN[0] if self.host in DISCORDS_OWN else self.host

    @property
    def masked(self) -> str:
        """The URL without its secret, for people other than its owner."""
        return masked_url(self.webhook_id)


def masked_url(webhook_id: str) -> str:
    """Return how a webhook is shown to people other than its owner."""
    return f"{DISCORD_API_BASE}/webhooks/{webhook_id}/…"


def parse_webhook_url(url: str) -> WebhookAddress:
    """Parse a webhook's URL. Raises `NotAWebhook` with a message for its owner.

    Accepts the form that Discord's client copies, with an API version or a `thread_id` if given.
    """
    _check_characters(url)
    parts, port = _split(url)
    _check_host(parts, port)
    match = _PATH.fullmatch(parts.path)
    own = parts.hostname in DISCORDS_OWN
    if match is None or _DOTS_ALONE.fullmatch(match["token"]):
        raise NotAWebhook(_hint_for_path(parts.path))
    if not (_DISCORDS_ID if own else _OTHERS_ID).fullmatch(match["id"]):
        raise NotAWebhook(f"The number in it is not a webhook's id. {_LOOKS_LIKE}")
    if own and len(match["token"]) < _DISCORDS_TOKEN_LENGTH:
        raise NotAWebhook(
            f"Its token is cut short: Discord's have {_DISCORDS_TOKEN_LENGTH} characters or more. "
            f"{_LOOKS_LIKE}"
        )
    return WebhookAddress(
        url=url,
        scheme=parts.scheme,
        host=parts.netloc.lower(),
        webhook_id=match["id"],
        token=match["token"],
        thread_id=_thread_of(url, parts.query),
    )


def _check_characters(url: str) -> None:
    if len(url) > MAX_LENGTH:
        raise NotAWebhook(
            f"It is longer than {MAX_LENGTH} characters, and a webhook's URL is shorter."
        )
    # Check these before parsing: parsers and browsers read them differently.
    if not url.isascii() or not url.isprintable() or " " in url:
        raise NotAWebhook(
            "It may hold only plain ASCII characters, with no spaces or control characters."
        )
    if "\\" in url:
        raise NotAWebhook("It may not hold a backslash. " + _LOOKS_LIKE)


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise NotAWebhook("Its host or port cannot be read. " + _LOOKS_LIKE) from exc
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise NotAWebhook(_LOOKS_LIKE)
    if "@" in parts.netloc:
        raise NotAWebhook("It may not name a user before the host. " + _LOOKS_LIKE)
    if parts.netloc.endswith(":"):
        raise NotAWebhook("There is a colon after its host but no port.")
    if "#" in url:
        raise NotAWebhook("Leave out the `#` and what follows it.")
    return parts, port


def _check_host(parts: SplitResult, port: int | None) -> None:
    # The configured entries have the brackets of an IPv6 address, which `hostname` drops.
    host = f"[{parts.hostname}]" if "[" in parts.netloc else parts.hostname
    entries = [entry for entry in allowed_hosts() if entry.host == host]
    if not entries:
        raise NotAWebhook(f"Its host must be {_one_of([entry.host for entry in allowed_hosts()])}.")
    with_scheme = [entry for entry in entries if parts.scheme in entry.schemes]
    if not with_scheme:
        raise NotAWebhook(f"At this host it must begin with {_one_of(_openings(entries))}.")
    if not any(entry.has_port(port, parts.scheme) for entry in with_scheme):
        raise NotAWebhook("It names a port at which no webhooks are allowed.")


def _openings(entries: Sequence[AllowedHost]) -> list[str]:
    return sorted({f"{scheme}://" for entry in entries for scheme in entry.schemes})


def _one_of(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _hint_for_path(path: str) -> str:
    for suffix in ("/slack", "/github"):
        if path.rstrip("/").endswith(suffix):
            return f"Leave out {suffix} at its end: that form takes other messages."
    return _LOOKS_LIKE


def _thread_of(url: str, query: str) -> str:
    if "?" not in url:
        return ""
    match = _THREAD.fullmatch(query)
    if match is None:
        raise NotAWebhook(
            "The only thing that may follow a `?` is thread_id=… with a thread's number."
        )
    return match["id"]
