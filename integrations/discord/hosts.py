"""The hosts that webhooks may have: a strict reader of `DISCORD_WEBHOOK_HOSTS`.

discord.com             Discord's own host: https on its own port, and nothing else
hooks.example.test      another host: https on port 443
127.0.0.1:8400          another host with a port: https, or plain http
http://hooks.internal   a scheme and a host: this scheme only
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

DISCORDS_OWN = (
    "discord.com",
    "discordapp.com",
    "ptb.discord.com",
    "canary.discord.com",
    "ptb.discordapp.com",
    "canary.discordapp.com",
)
DEFAULT_PORTS = {"https": 443, "http": 80}

_ENTRY = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)


class HostsMisconfigured(ValueError):
    """An entry of `DISCORD_WEBHOOK_HOSTS` is malformed."""


@dataclass(frozen=True)
class AllowedHost:
    """A host that webhooks may have, with the scheme and port that its entry names."""

    host: str
    scheme: str | None = None
    port: int | None = None

    @property
    def schemes(self) -> Sequence[str]:
        """The schemes that a URL with this host may have."""
        if self.scheme:
            return (self.scheme,)
        if self.port and self.host not in DISCORDS_OWN:
            return ("https", "http")
        return ("https",)

    def has_port(self, port: int | None, scheme: str) -> bool:
        """Tell whether a URL may have this port; None means that the URL names no port."""
        if self.host in DISCORDS_OWN:
            return port is None
        default = DEFAULT_PORTS[scheme]
        return (port or default) == (self.port or default)


def allowed_hosts() -> Sequence[AllowedHost]:
    """Return the hosts that webhooks may have. Raises `HostsMisconfigured`."""
    return _parsed(tuple(settings.DISCORD_WEBHOOK_HOSTS) or DISCORDS_OWN)


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> Sequence[AllowedHost]:
    return tuple(_entry(text) for text in entries)


def _entry(text: str) -> AllowedHost:
    match = _ENTRY.fullmatch(text.strip().lower())
    if match is None:
        raise HostsMisconfigured(f"{text!r} is not a host.")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise HostsMisconfigured(f"{text!r} names a port that does not exist.")
    if match["host"] in DISCORDS_OWN and (port or match["scheme"] == "http"):
        raise HostsMisconfigured(
            f"{text!r}: Discord answers over https on its usual port. Write {match['host']!r}."
        )
    return AllowedHost(match["host"], match["scheme"], port)
