"""What a page tells its script about the stream of events: where to listen, and from where on.

A page reads the position of the stream before it reads what it shows. So everything up to that
position is in the page, and the socket brings everything after it. A few events may be in both,
which does no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class Feed:
    """A feed that pages can follow: the path of its socket, and the last position so far."""

    path_of: Callable[[Any], str]
    head: Callable[[], int]


@dataclass(frozen=True)
class Live:
    """The address of the socket and the position from which on it is of interest."""

    path: str
    position: int


# The feed that the pages of a project follow.
PROJECT_FEED = "project"
# The feed of what somebody has bought.
PERSON_FEED = "person"

FEEDS: Registry[str, Feed] = Registry("feed")


def live_of(feed: str, subject: Any) -> Live | None:
    """Return where a page listens; None if no app has that feed. Call it before all other reads."""
    if feed not in FEEDS:
        return None
    found = FEEDS[feed]
    return Live(f"{settings.SOCKET_URL}{found.path_of(subject)}", found.head())


def socket_origin() -> str:
    """Return the origin of our sockets, for the content policy.

    Not every browser takes `'self'` to include sockets.
    """
    if settings.SOCKET_URL:
        return str(settings.SOCKET_URL)
    public = urlsplit(settings.PUBLIC_URL)
    return f"{'wss' if public.scheme == 'https' else 'ws'}://{public.netloc}"
