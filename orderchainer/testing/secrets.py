"""Search everything that the service outputs for every secret that the tests create.

`Sweep` learns each secret when it is created, and sees all output; a secret that it finds there is
a `Leak`. It knows neither pytest nor Django: `orderchainer.testing.sweeping` connects it to both.

It searches for a secret as it is and as JSON, HTML and URLs would escape it. Digits count only if
they stand alone, and not inside a timestamp, a longer number or a hexadecimal id. Six digits still
appear by chance, so it searches for a code only during the test that created it.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, quote_plus
from uuid import UUID


class Kind(StrEnum):
    """The kind of a secret."""

    PASSWORD = "password"
    ACCESS_TOKEN = "access token"
    REFRESH_TOKEN = "refresh token"
    API_TOKEN = "API token"
    CODE = "e-mailed code"
    LINK = "e-mailed link"
    WEBHOOK = "webhook's token"
    CREDENTIAL = "encrypted credential"
    COOKIE = "session of a browser"
    KEY = "key of the service"


TOKENS = frozenset({Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.API_TOKEN})

# A shorter text appears by chance, and a repetitive one only fills a field up to its limit.
SHORTEST = 8
MIN_CHARACTERS = 4
_CODE = re.compile(r"(?<![\w.:+-])[0-9]{6}(?![\w:]|\.[0-9])")
# Texts that are recognisable as secrets, for logs of processes whose secrets we never learned.
_SHAPES = {
    Kind.ACCESS_TOKEN: re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    Kind.API_TOKEN: re.compile(r"oc_[A-Za-z0-9]{10}_[A-Za-z0-9]{40}"),
    Kind.LINK: re.compile(
        # Not after a project's id: there it is the id of an invitation.
        r"(?<![0-9a-f]{12})/(?:confirm-email|reset-password|invitations)/[0-9a-f]{8}-?[0-9a-f-]{8,}"
    ),
    Kind.WEBHOOK: re.compile(r"/webhooks/[0-9]+/[\w.-]{20,}"),
}


class Exchange:
    """One request and its answer. Secrets created meanwhile belong to the caller."""


@dataclass(frozen=True)
class Secret:
    """A secret text, and the exchange that created it."""

    kind: Kind
    text: str
    exchange: Exchange | None = None


@dataclass(frozen=True)
class Leak:
    """A secret in the wrong place. It is safe to print, because it does not contain the secret."""

    kind: Kind
    place: str
    snippet: str
    test: str = ""

    def __str__(self) -> str:
        during = f", during {self.test}" if self.test else ""
        return f"{self.kind} in {self.place}{during}: {self.snippet}"


Allowed = Callable[[Secret], bool]


def nothing(_secret: Secret) -> bool:
    """Allow no secret."""
    return False


@dataclass
class Sweep:
    """Learns secrets, searches texts, and collects the leaks."""

    test: str = ""
    leaks: list[Leak] = field(default_factory=list)
    learned: dict[Kind, int] = field(default_factory=dict)
    texts: int = 0
    # Keyed by their last characters, which are the random ones in tokens.
    _by_end: dict[str, list[Secret]] = field(default_factory=dict)
    _codes: set[str] = field(default_factory=set)
    # Hashes of lines without a secret.
    _clean: set[int] = field(default_factory=set)
    _passing: list[tuple[str, Secret]] = field(default_factory=list)
    _exchange: ContextVar[Exchange | None] = field(
        default_factory=lambda: ContextVar("exchange", default=None)
    )

    # --- Learning ---

    def learn(self, kind: Kind, text: str, *, lasting: bool = True) -> None:
        """Search for this secret from now on, or only until the end of the test if it is not
        `lasting`.
        """
        self.learned[kind] = self.learned.get(kind, 0) + 1
        if kind is Kind.CODE:
            self._codes.add(text)
            return
        for form in _forms(text):
            if len(form) < SHORTEST or len(set(form)) < MIN_CHARACTERS:
                continue
            end = form[-SHORTEST:]
            known = self._by_end.setdefault(end, [])
            secret = Secret(kind, form, self._exchange.get())
            # Two sign-ins within the same second give the same token.
            if any(other.text == form for other in known):
                continue
            known.append(secret)
            if not lasting:
                self._passing.append((end, secret))

    @contextmanager
    def exchange(self) -> Iterator[Exchange]:
        """Assign the secrets that are learned in the block to this exchange."""
        exchange = Exchange()
        before = self._exchange.set(exchange)
        try:
            yield exchange
        finally:
            self._exchange.reset(before)

    def begin(self, test: str) -> None:
        """Remember the running test, and forget the secrets of the one before."""
        self.test = test
        self._codes.clear()
        for end, secret in self._passing:
            self._by_end[end].remove(secret)
            if not self._by_end[end]:
                del self._by_end[end]
        self._passing.clear()

    # --- Looking ---

    def look(self, text: str, place: str, allowed: Allowed = nothing) -> None:
        """Find the secrets in `text`, an output of `place`, except those `allowed` there."""
        self.texts += 1
        for start, secret in self._found_in(text):
            if not allowed(secret):
                self._tell(secret.kind, place, text, start, start + len(secret.text))

    def look_for_shapes(self, text: str, place: str) -> None:
        """Find everything that looks like a token or a link, even if we never learned it."""
        for kind, shape in _SHAPES.items():
            for match in shape.finditer(text):
                self._tell(kind, place, text, match.start(), match.end())

    def take_leaks(self) -> list[Leak]:
        """Return the leaks since the last call: the first of each kind and place."""
        leaks = {(leak.kind, leak.place): leak for leak in reversed(self.leaks)}
        self.leaks.clear()
        return list(reversed(leaks.values()))

    def _found_in(self, text: str) -> Iterator[tuple[int, Secret]]:
        start = 0
        for line in text.splitlines(keepends=True):
            # Skip a line that we searched before. Pages share most of their lines, and a line that
            # is older than a secret cannot contain it.
            mark = hash(line)
            if mark not in self._clean:
                found = list(self._found_in_line(line))
                if not found:
                    self._clean.add(mark)
                yield from ((start + position, secret) for position, secret in found)
            start += len(line)
        if self._codes:
            for match in _CODE.finditer(text):
                if match[0] in self._codes:
                    yield match.start(), Secret(Kind.CODE, match[0])

    def _found_in_line(self, line: str) -> Iterator[tuple[int, Secret]]:
        ends = self._by_end
        for start in [
            index
            for index in range(len(line) - SHORTEST + 1)
            if line[index : index + SHORTEST] in ends
        ]:
            end = start + SHORTEST
            for secret in ends[line[start:end]]:
                before = end - len(secret.text)
                if not line.endswith(secret.text, 0, end):
                    continue
                if secret.text.isdecimal() and _goes_on(line, before, end):
                    continue
                yield before, secret

    def _tell(self, kind: Kind, place: str, text: str, start: int, end: int) -> None:
        before, after = self._masked(text[:start][-60:]), self._masked(text[end:][:30])
        self.leaks.append(Leak(kind, place, f"…{before}<{kind}>{after}…", self.test))

    def _masked(self, text: str) -> str:
        """Return the context of a leak in one line, without any other complete secret."""
        for _start, secret in list(self._found_in(text)):
            text = text.replace(secret.text, f"<{secret.kind}>")
        return re.sub(r"\s+", " ", text)


def _goes_on(line: str, start: int, end: int) -> bool:
    """Tell whether the match is only a part of a longer number or word."""
    return line[start - 1 : start].isalnum() or line[end : end + 1].isalnum()


def _forms(text: str) -> Iterable[str]:
    """Return all escaped forms in which a text may be output."""
    forms = {
        text,
        json.dumps(text)[1:-1],
        html.escape(text),
        quote(text, safe="", errors="replace"),
        quote_plus(text, errors="replace"),
    }
    with suppress(ValueError):
        forms.add(UUID(text).hex)
    return forms
