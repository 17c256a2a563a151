"""Read settings from the environment and from a file, and say plainly what is wrong with them.

`orderchainer/settings.py` reads each variable with its kind and its bounds. A wrong value does not
stop the reading: we note the problem, use the default for the time being, and go on. At the end
`refuse_problems` tells of all of them together. Values that may hold a secret are never repeated.

An empty text, list or address is as if it were not set. A switch, a number and a choice must not be
empty. An empty rate switches its limit off.
"""

import difflib
import math
import os
import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from orderchainer.core.limits.notation import RATE_HINT, is_rate
from orderchainer.core.printable import printable

Value = TypeVar("Value")

MAX_PORT = 65_535

_ON = {"on", "true", "yes", "y", "ok", "1"}
_OFF = {"off", "false", "no", "n", "0"}
_SQLITE = {"sqlite"}
_POSTGRESQL = {"postgres", "postgresql", "psql", "pgsql"}
_DATABASE_HINT = "Write sqlite:///orderchainer.db or postgres://user:password@host:5432/name."
_MAIL_SERVERS = {"smtp", "smtps", "smtp+tls", "smtp+ssl"}
_MAIL_WITHOUT_SERVER = {"consolemail", "filemail", "memorymail", "dummymail"}
_MAIL_HINT = "Write smtp+tls://user:password@mail.example.com:587, or consolemail:// for none."
_REDIS_HINT = "Write redis://127.0.0.1:6379/0, or rediss://… with TLS."
_ESCAPE_HINT = "In a user name or password, write / as %2F, # as %23, ? as %3F and @ as %40."

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?", re.ASCII)
_VARIABLE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z_0-9]*)\s*=\s*(?P<value>.*)")
# After the value, a comment may follow.
_QUOTED = re.compile(r"""(?:'(?P<plain>[^']*)'|"(?P<escaped>(?:[^"\\]|\\.)*)")\s*(?:\#.*)?""")
_COMMENT = re.compile(r"(?:^|\s+)#.*")

# How many characters of a wrong value we repeat.
_MAX_SHOWN = 80
# A name that is so similar to one of ours is a slip.
_SIMILAR = 0.8


@dataclass(frozen=True)
class Problem:
    """What is wrong, in a sentence, and what to do about it."""

    text: str
    hint: str

    def __str__(self) -> str:
        return f"{self.text}\n  {self.hint}"


class WrongSettings(ImproperlyConfigured):
    """Some settings are wrong. As text it is a sentence and a hint for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class Unusable(ValueError):
    """A value cannot be used. `hint` says what to write.

    `complaint` continues a sentence that begins with the name of the variable. Without it, the
    sentence shows the value.
    """

    def __init__(self, hint: str, complaint: str = "") -> None:
        self.hint = hint
        self.complaint = complaint
        super().__init__(complaint or hint)


class Environment:
    """The variables of a process, read by kind. `variables` is usually `os.environ`."""

    def __init__(self, variables: MutableMapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[Problem] = []
        self._known: set[str] = set()
        self._others: list[str] = []
        # The places of those variables that come from the file or are ignored there.
        self._lines: dict[str, str] = {}

    # --- The file -----------------------------------------------------------------------------

    def read_file(self, file: Path, *, is_required: bool = False) -> None:
        """Add the variables of `file` that the environment does not set.

        A line is `NAME=value`, with or without quotes; `#` begins a comment. Without
        `is_required`, the file may be missing.
        """
        try:
            content = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            if is_required:
                hint = "Create it, or unset ENV_FILE."
                self.note(f"ENV_FILE names {file}, which does not exist.", hint)
            return
        except OSError as exc:
            hint = "Make it a file that this user can read."
            self.note(f"{file} cannot be read: {_reason(exc)}.", hint)
            return
        except UnicodeDecodeError:
            self.note(f"{file} is not a text in UTF-8.", "Save it in UTF-8.")
            return
        found: dict[str, str] = {}
        for number, line in enumerate(content.splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            place = f"line {number} of {file.name}"
            try:
                name, found[name] = _variable_in(line.strip())
            except Unusable as exc:
                # The line may hold a secret, so we do not show it.
                self.note(f"{place.capitalize()} {exc.complaint}.", exc.hint)
                continue
            self._lines[name] = place
        for name, value in found.items():
            if self._variables.setdefault(name, value) != value:
                # The environment decides, so its value is the one to complain about.
                del self._lines[name]

    def leave(self, *patterns: str) -> None:
        """Say which other names may be in the file, because other programs read them."""
        self._others += patterns

    def unknown_names(self) -> dict[str, str]:
        """Return the names in the file that nobody reads, each with its place."""
        return {
            name: place
            for name, place in self._lines.items()
            if name not in self._known
            and not any(fnmatchcase(name, pattern) for pattern in self._others)
        }

    # --- Kinds --------------------------------------------------------------------------------

    def text(self, name: str, *, default: str = "", may_be_empty: bool = False) -> str:
        """Read a text. With `may_be_empty`, an empty one is not the default but has a meaning."""
        return self._read(name, str, default, reads_empty=may_be_empty)

    def switch(self, name: str, *, default: bool) -> bool:
        """Read `on` or `off`, or another word for them."""
        return self._read(name, _switch, default, reads_empty=True)

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """Read a whole number from `least` to `most`."""

        def parse(text: str) -> int:
            if re.fullmatch(r"[+-]?[0-9]{1,20}", text) and least <= int(text) <= most:
                return int(text)
            raise Unusable(f"Write a whole number from {least} to {most}.")

        return self._read(name, parse, default, reads_empty=True)

    def seconds(self, name: str, *, default: float, most: float, zero: str | None = None) -> float:
        """Read a time in seconds. Zero is allowed only if it has a meaning: `zero` says which."""

        def parse(text: str) -> float:
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if 0 < value <= most or (value == 0 and zero is not None):
                return value
            if zero is None:
                raise Unusable(f"Write a number of seconds above 0, at most {most:g}.")
            raise Unusable(f"Write a number of seconds from 0 to {most:g}; 0 {zero}.")

        return self._read(name, parse, default, reads_empty=True)

    def choice(self, name: str, *, default: str, among: Sequence[str]) -> str:
        """Read one of a few words, in capital or small letters."""

        def parse(text: str) -> str:
            for each in among:
                if text.lower() == each.lower():
                    return each
            raise Unusable(f"Write one of {', '.join(among)}.")

        return self._read(name, parse, default, reads_empty=True)

    def rate(self, name: str, *, default: str) -> str:
        """Read a number of requests in a time: `5/m`. An empty text switches the limit off."""

        def parse(text: str) -> str:
            if is_rate(text):
                return text
            raise Unusable(RATE_HINT)

        return self._read(name, parse, default, reads_empty=True)

    def words(self, name: str, *, default: Sequence[str] = ()) -> list[str]:
        """Read texts that are separated by commas."""
        return self._read(name, _words, list(default))

    def hosts(self, name: str, *, default: Sequence[str]) -> list[str]:
        """Read host names as Django's ALLOWED_HOSTS has them, separated by commas."""
        return self._read(name, _hosts, list(default))

    def origins(self, name: str) -> list[str]:
        """Read origins, such as `https://shop.example.com`, separated by commas."""
        return self._read(name, _origins, [])

    def address(self, name: str, *, default: str) -> str:
        """Read an http or https URL, and return it without a slash at its end."""
        return self._read(name, _address, default.rstrip("/"))

    def socket_origin(self, name: str) -> str:
        """Read the origin of WebSockets, `wss://orders.example.com`; empty if it is not set."""
        return self._read(name, _socket_origin, "")

    def directory(self, name: str) -> str:
        """Read the path of a directory, and make the directory if it is missing.

        The path is empty if the setting is.
        """
        return self._read(name, _directory, "")

    def redis(self, name: str) -> str:
        """Read the URL of a Redis; empty if it is not set."""
        return self._read(name, _redis, "", is_secret=True)

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Read the URL of a SQLite or PostgreSQL database as an entry of Django's DATABASES."""
        return self._read(name, _database, None, is_secret=True) or _database(default)

    def email(self, name: str, *, default: str) -> dict[str, Any]:
        """Read the URL of a mail server as Django's EMAIL_… settings."""
        return self._read(name, _email, None, is_secret=True) or _email(default)

    def kept(self, name: str, file: Path, keep: Callable[[Path], str]) -> str:
        """Return the secret that `keep` finds in `file` or makes there, for an unset variable."""
        try:
            return keep(file)
        except OSError as exc:
            self.note(
                f"{name} is not set, and no key can be kept in {file}: {_reason(exc)}.",
                f"Let this user write to that directory, or set {name}.",
            )
            return ""

    # --- Problems -----------------------------------------------------------------------------

    def note(self, text: str, hint: str) -> None:
        """Note a problem, for `refuse_problems`."""
        self._problems.append(Problem(printable(text), hint))

    def refuse_problems(self) -> None:
        """Raise `WrongSettings` if there are problems. Call it when everything has been read."""
        for name, place in self.unknown_names().items():
            if meant := difflib.get_close_matches(name.upper(), self._known, 1, _SIMILAR):
                self.note(
                    f"{name} ({place}) is not a setting. Did you mean {meant[0]}?",
                    ".env.example lists all settings.",
                )
        if self._problems:
            raise WrongSettings(self._problems)

    def _read(
        self,
        name: str,
        parse: Callable[[str], Value],
        default: Value,
        *,
        is_secret: bool = False,
        reads_empty: bool = False,
    ) -> Value:
        """Parse a variable. With `reads_empty` also an empty one, which else is as if not set."""
        self._known.add(name)
        text = self._variables.get(name, "").strip()
        if name not in self._variables or not (text or reads_empty):
            return default
        try:
            return parse(text)
        except Unusable as exc:
            shown = "is wrong" if is_secret else f"is {_shortened(text)!r}" if text else "is empty"
            place = f" ({self._lines[name]})" if name in self._lines else ""
            self.note(f"{name}{place} {exc.complaint or shown}.", exc.hint)
            return default


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


# --- The parsers ------------------------------------------------------------------------------


def _variable_in(line: str) -> tuple[str, str]:
    match = _VARIABLE.fullmatch(line)
    if match is None:
        raise Unusable(
            "Write NAME=value, or begin the line with # if it is a comment.", "is not a setting"
        )
    name, value = match["name"], match["value"]
    if not value.startswith(("'", '"')):
        return name, _COMMENT.sub("", value)
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        raise Unusable(
            "Write the value of a setting in one pair of quotes, or without any.",
            f"sets {name} to a value whose quotes do not match",
        )
    if quoted["plain"] is not None:
        return name, quoted["plain"]
    # The escapes of a line end and of a tab stay, because no setting has several lines.
    return name, re.sub(r"\\([^nrt])", r"\1", quoted["escaped"])


def _switch(text: str) -> bool:
    if text.lower() in _ON:
        return True
    if text.lower() in _OFF:
        return False
    raise Unusable("Write on or off.")


def _words(text: str) -> list[str]:
    return [word for each in text.split(",") if (word := each.strip())]


def _hosts(text: str) -> list[str]:
    hosts = _words(text)
    for host in hosts:
        if host != "*" and not _is_host(host.removeprefix(".")):
            raise Unusable(
                "Write host names without https://, port or path, separated by commas: "
                "shop.example.com, 192.0.2.1 or [2001:db8::1].",
                f"holds {host!r}",
            )
    return hosts


def _is_host(text: str) -> bool:
    if text.startswith("[") and text.endswith("]"):
        try:
            return bool(IPv6Address(text[1:-1]))
        except ValueError:
            return False
    return _HOST_NAME.fullmatch(text) is not None


def _origins(text: str) -> list[str]:
    origins = _words(text)
    for origin in origins:
        scheme, separator, host = origin.partition("://")
        parts = _parts(f"{scheme}://{host.removeprefix('*.')}") if separator else None
        is_origin = (
            parts and scheme in {"http", "https"} and parts.netloc == host.removeprefix("*.")
        )
        if not is_origin:
            raise Unusable(
                "Write each with its scheme and without a path, separated by commas: "
                "https://shop.example.com or https://*.example.com.",
                f"holds {origin!r}",
            )
    return origins


def _parts(text: str) -> SplitResult | None:
    """Return the parts of a URL; None if its host or its port cannot be right."""
    if not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if port == 0 or (host and not _is_host(f"[{host}]" if ":" in host else host)):
        return None
    return parts


def _address(text: str) -> str:
    parts = _parts(text)
    is_web = parts and parts.scheme in {"http", "https"} and parts.hostname
    if parts and is_web and not parts.query + parts.fragment:
        return text.rstrip("/")
    raise Unusable("Write an http or https URL: https://orders.example.com.")


def _socket_origin(text: str) -> str:
    text = text.rstrip("/")
    parts = _parts(text)
    is_socket = parts and parts.scheme in {"ws", "wss"}
    is_host = parts and _HOST_NAME.fullmatch(parts.hostname or "")
    if parts and is_socket and is_host and not parts.path + parts.query:
        return text
    raise Unusable("Write a scheme, a host and perhaps a port: wss://orders.example.com:8001.")


def _directory(text: str) -> str:
    try:
        Path(text).mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        reason = _reason(exc)
    else:
        if os.access(text, os.W_OK | os.X_OK):
            return text
        reason = "permission denied"
    raise Unusable(
        "Write the path of a directory that this user may make and write to.",
        f"names {text}, which cannot be written: {reason}",
    )


def _redis(text: str) -> str:
    scheme = _scheme_of(text, {"redis", "rediss"}, _REDIS_HINT)
    parts = _parts(text)
    if parts is None:
        raise Unusable(f"{_REDIS_HINT} {_ESCAPE_HINT}", "is not a URL with a host and a port")
    if not parts.hostname:
        raise Unusable(_REDIS_HINT, f"names no host after {scheme}://")
    if not re.fullmatch(r"/?|/[0-9]{1,5}", parts.path):
        raise Unusable(_REDIS_HINT, "does not end in the number of a database")
    return text


def _database(text: str) -> dict[str, Any]:
    if text == "sqlite://:memory:":
        text = "sqlite:///:memory:"
    scheme = _scheme_of(text, _SQLITE | _POSTGRESQL, _DATABASE_HINT)
    parts = _parts(text)
    if parts is None:
        raise Unusable(f"{_DATABASE_HINT} {_ESCAPE_HINT}", "is not a URL with a host and a port")
    has_name = bool(parts.path.strip("/"))
    if scheme in _SQLITE and parts.netloc:
        raise Unusable(
            "Write three slashes before a relative path, and four before an absolute one: "
            "sqlite:///shop.db, sqlite:////var/lib/shop.db.",
            f"has only two slashes after {scheme}:",
        )
    if not has_name:
        what = "file" if scheme in _SQLITE else "database"
        raise Unusable(_DATABASE_HINT, f"names no {what}")
    return dict(environ.Env.db_url_config(text))


def _email(text: str) -> dict[str, Any]:
    scheme = _scheme_of(text, _MAIL_SERVERS | _MAIL_WITHOUT_SERVER, _MAIL_HINT)
    parts = _parts(text)
    if parts is None:
        raise Unusable(f"{_MAIL_HINT} {_ESCAPE_HINT}", "is not a URL with a host and a port")
    if scheme in _MAIL_SERVERS and not parts.hostname:
        raise Unusable(_MAIL_HINT, "names no mail server")
    if scheme == "filemail" and len(parts.path) < 2:
        raise Unusable("Write filemail:////path/to/directory.", "names no directory")
    return dict(environ.Env.email_url_config(text))


def _scheme_of(text: str, schemes: set[str], hint: str) -> str:
    scheme, separator, _rest = text.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z0-9+-]+", scheme):
        raise Unusable(hint, "is not a URL")
    if scheme not in schemes:
        raise Unusable(hint, f"begins with {scheme}://, which is not supported")
    return scheme
