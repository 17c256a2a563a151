"""A pytest plugin that runs the sweep for secrets over all tests: see `orderchainer.testing.secrets`.

Secrets are learned where the service makes them, texts are taken where they leave it: both by wrapping
what everybody has to pass. A test during which something leaks fails; at the end the log files are read
once more, as a whole, with those of the processes that tests started.
"""

import json
import logging
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from orderchainer.core.logs import ConsoleFormatter, error_file_of
from orderchainer.core.logs.files import SharedRotatingFileHandler
from orderchainer.testing.secrets import (
    TOKENS,
    Allowed,
    Exchange,
    Kind,
    Secret,
    Sweep,
)

sweep = Sweep()

# --- What may stand where ---------------------------------------------------------------------

# Passwords that the documents publish, where the documents are.
DOCUMENTATION = re.compile(r"/(openapi\.json|docs|redoc)/?")
PUBLISHED = frozenset(
    {
        "password123",
        "newpassword123",
        "securepassword",
        "securepassword123",
        "SecurePass123",
    }
)
# The path under which an owner, and nobody else, reads the URL of their webhook: as documented.
OWNERS_WEBHOOK = re.compile(r"/api/discord/?")


def allowed_in_answer(path: str, *, is_json: bool, exchange: Exchange) -> Allowed:
    """Return which secrets may stand in the body of the answer to a request for `path`."""

    def allowed(secret: Secret) -> bool:
        if secret.kind in TOKENS:
            # It was made for whoever asked, just now. Any later answer has no business with it.
            return is_json and secret.exchange is exchange
        if secret.kind is Kind.PASSWORD:
            return (
                DOCUMENTATION.fullmatch(path) is not None and secret.text in PUBLISHED
            )
        if secret.kind is Kind.WEBHOOK:
            return is_json and OWNERS_WEBHOOK.fullmatch(path) is not None
        if secret.kind is Kind.LINK:
            # A page that the link itself leads to: who reads it has the link.
            return not is_json and secret.text in path
        return False

    return allowed


def allowed_in_email(secret: Secret) -> bool:
    """Tell whether a secret may stand in the text of an e-mail: what it is sent for, and nothing else."""
    return secret.kind in {Kind.CODE, Kind.LINK}


def allowed_in_database(secret: Secret) -> bool:
    """Tell whether a secret may be stored as it is: Django finds a browser's session by its key."""
    return secret.kind is Kind.COOKIE


# --- Where secrets are made -------------------------------------------------------------------


def _learn_secrets(patch: pytest.MonkeyPatch) -> None:
    from django.conf import settings
    from django.contrib.auth.hashers import (
        Argon2PasswordHasher,
        MD5PasswordHasher,
    )
    from django.test import RequestFactory
    from rest_framework_simplejwt.tokens import Token

    from accounts.mail.composing import Letter
    from accounts.mail.proofs import Proof
    from accounts.tokens import NewApiToken
    from orderchainer.core.encryption import Secret as Encrypted

    sweep.learn(Kind.KEY, settings.SECRET_KEY)
    for key in settings.CREDENTIALS_KEYS:
        sweep.learn(Kind.KEY, key)

    def password(_result: object, _self: object, text: str, *_: Any, **__: Any) -> None:
        sweep.learn(Kind.PASSWORD, text)

    def token(result: str, self: Token) -> None:
        is_refresh = self.token_type == "refresh"
        sweep.learn(Kind.REFRESH_TOKEN if is_refresh else Kind.ACCESS_TOKEN, result)

    def api_token(_result: None, self: NewApiToken, *_: Any, **__: Any) -> None:
        sweep.learn(Kind.API_TOKEN, self.text)

    def proof(_result: None, self: Proof, *_: Any, **__: Any) -> None:
        if self.code:
            sweep.learn(Kind.CODE, self.code)
        sweep.learn(Kind.LINK, str(self.link))

    def letter(_result: None, self: Letter, *_: Any, **__: Any) -> None:
        for secret in self.secrets:
            sweep.learn(Kind.CODE if secret.isdigit() else Kind.LINK, secret)

    def encrypted(_result: object, text: str) -> None:
        webhook = re.search(r"/webhooks/[0-9]+/([\w.-]+)", text)
        if webhook:
            sweep.learn(Kind.WEBHOOK, webhook[1])
        else:
            sweep.learn(Kind.CREDENTIAL, text)

    def request(
        _result: object,
        _self: object,
        _method: str,
        _path: str,
        data: str | bytes = b"",
        *_: Any,
        **__: Any,
    ) -> None:
        for text in passwords_in(data):
            sweep.learn(Kind.PASSWORD, text, lasting=False)

    for hasher in (MD5PasswordHasher, Argon2PasswordHasher):
        patch.setattr(hasher, "encode", _then(hasher.encode, password))
        patch.setattr(hasher, "verify", _then(hasher.verify, password))
    patch.setattr(Token, "__str__", _then(Token.__str__, token))
    patch.setattr(NewApiToken, "__init__", _then(NewApiToken.__init__, api_token))
    patch.setattr(Proof, "__init__", _then(Proof.__init__, proof))
    patch.setattr(Letter, "__init__", _then(Letter.__init__, letter))
    patch.setattr(Encrypted, "of", staticmethod(_then(Encrypted.of, encrypted)))
    # Before anything is answered: a refusal must not repeat the password that it refuses.
    patch.setattr(RequestFactory, "generic", _first(RequestFactory.generic, request))


def _then(
    function: Callable[..., Any], tell: Callable[..., None]
) -> Callable[..., Any]:
    """Wrap `function`: call it, tell of its result and its arguments."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        tell(result, *args, **kwargs)
        return result

    return wrapped


def _first(
    function: Callable[..., Any], tell: Callable[..., None]
) -> Callable[..., Any]:
    """Wrap `function`: tell of its arguments, and call it."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tell(None, *args, **kwargs)
        return function(*args, **kwargs)

    return wrapped


def passwords_in(body: str | bytes) -> Iterator[str]:
    """Return the passwords that a body of JSON or of a form gives, whether or not they are taken.

    One that is the same as another field (an e-mail taken for a password) cannot be told from it.
    """
    if not 0 < len(body) < 100_000:
        return
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    if "password" not in text.lower():
        return
    fields: Any
    try:
        fields = json.loads(text)
    except ValueError:
        fields = dict(parse_qsl(text))
    if not isinstance(fields, dict):
        return
    others = {
        value
        for name, value in fields.items()
        if isinstance(value, str) and "password" not in name.lower()
    }
    for name, value in fields.items():
        is_password = "password" in name.lower() and isinstance(value, str)
        if is_password and value not in others:
            yield value


# --- Where texts get out ----------------------------------------------------------------------


def _look_at_texts(patch: pytest.MonkeyPatch) -> None:
    from celery import signals
    from django.core.mail import EmailMessage
    from django.db.backends.utils import CursorWrapper
    from django.test import Client

    from notifications.consumers import FeedConsumer

    ask, send, serve = Client.request, EmailMessage.send, FeedConsumer.__call__
    execute = CursorWrapper._execute  # type: ignore[attr-defined]  # under Django's own wrappers

    def answered(self: Client, **request: Any) -> Any:
        with sweep.exchange() as exchange:
            response = ask(self, **request)
            look_at_answer(response, exchange)
        return response

    def sent(self: EmailMessage, *args: Any, **kwargs: Any) -> Any:
        look_at_email(self)
        return send(self, *args, **kwargs)

    async def pushed(self: Any, scope: Any, receive: Any, push: Any) -> None:
        async def look_and_push(message: dict[str, Any]) -> None:
            sweep.look(repr(message), "a WebSocket")
            await push(message)

        await serve(self, scope, receive, look_and_push)

    def written(self: object, sql: str, params: Any, *rest: Any) -> Any:
        if params and sql.startswith(("INSERT", "UPDATE")):
            look_at_row(sql, params)
        return execute(self, sql, params, *rest)

    patch.setattr(CursorWrapper, "_execute", written)
    patch.setattr(Client, "request", answered)
    patch.setattr(EmailMessage, "send", sent)
    patch.setattr(FeedConsumer, "__call__", pushed)
    signals.before_task_publish.connect(look_at_message, weak=False)


def look_at_answer(response: Any, exchange: Exchange) -> None:
    """Look at an answer of the test client: its body and its headers."""
    request = response.wsgi_request
    match = request.resolver_match
    # The route and not the path, in which a secret may stand.
    place = f"the answer to {request.method} /{match.route if match else '(none)'}"
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    sweep.look(headers, f"the headers of {place}")
    if not response.streaming:
        allowed = allowed_in_answer(
            request.path,
            is_json="json" in response.get("Content-Type", ""),
            exchange=exchange,
        )
        sweep.look(response.content.decode(errors="replace"), place, allowed)
    cookie = response.cookies.get("sessionid")
    if cookie is not None and cookie.value:
        sweep.learn(Kind.COOKIE, cookie.value)


def look_at_email(message: Any) -> None:
    """Look at an e-mail on its way out: its head may hold no secret at all."""
    head = [message.subject, *message.recipients(), *message.extra_headers.values()]
    sweep.look("\n".join(map(str, head)), "the head of an e-mail")
    alternatives = getattr(message, "alternatives", [])
    for text in (message.body, *(content for content, _type in alternatives)):
        sweep.look(text, "the text of an e-mail", allowed_in_email)


def look_at_row(sql: str, params: Any) -> None:
    """Look at what is about to be stored: a copy of the database must open nothing."""
    table = sql.split('"', 2)[1] if '"' in sql else "?"
    values = params.values() if isinstance(params, dict) else params
    sweep.look("\n".join(map(str, values)), f"the table {table}", allowed_in_database)


def look_at_message(
    sender: object = None, body: object = None, headers: object = None, **_: object
) -> None:
    """Look at a message for Celery: anybody who reads the broker reads it."""
    sweep.look(f"{body!r} {headers!r}", f"the message of the task {sender}")


class ConsoleSweep(logging.Handler):
    """Looks at each line as the console shows it, tracebacks included."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(ConsoleFormatter(colours=False))

    def emit(self, record: logging.LogRecord) -> None:
        sweep.look(self.format(record), f"the console's log, from {record.name}")


class _LogFiles:
    """Reads what the tests' own log files got since it last looked."""

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}

    def look(self) -> None:
        for handler in logging.getLogger().handlers:
            if isinstance(handler, SharedRotatingFileHandler):
                for file in {handler.path, error_file_of(handler.path)}:
                    self._look_at(file)

    def _look_at(self, file: Path) -> None:
        start = self._read.get(file, 0)
        if not file.exists() or file.stat().st_size <= start:
            return
        with file.open("rb") as lines:
            lines.seek(start)
            written = lines.read()
        self._read[file] = start + len(written)
        sweep.look(written.decode(errors="replace"), f"the file {file.name}")


_log_files = _LogFiles()


def look_at_log_files_under(directory: Path) -> None:
    """Look once more at every log file of the run, and of the processes that its tests started."""
    for file in sorted(directory.rglob("*.log")):
        place = f"the file {file.relative_to(directory)}"
        text = file.read_text(errors="replace")
        sweep.look(text, place)
        sweep.look_for_shapes(text, place)


# --- pytest -----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _sweep_for_secrets() -> Iterator[None]:
    """Learn all secrets and look at all texts, from here to the end."""
    from celery import signals

    with pytest.MonkeyPatch.context() as patch:
        _learn_secrets(patch)
        _look_at_texts(patch)
        yield
    signals.before_task_publish.disconnect(look_at_message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    sweep.begin(item.nodeid)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Fail the test during which a secret got out."""
    result = yield
    _log_files.look()
    if leaks := sweep.take_leaks():
        pytest.fail(_told(leaks), pytrace=False)
    return result


def _told(leaks: list[Any]) -> str:
    return "\n".join(["A secret got out:", *(f"  {leak}" for leak in leaks)])


_summary = pytest.StashKey[list[str]]()
_looked = pytest.StashKey[tuple[int, int]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_summary] = []
    config.stash[_looked] = (0, 0)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Read the log files once more; in a worker, leave the verdict to who started it."""
    config = session.config
    sweep.begin("")
    _log_files.look()
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None and sweep.texts:
        look_at_log_files_under(factory.getbasetemp())
    found = [str(leak) for leak in sweep.take_leaks()]
    looked = [sum(sweep.learned.values()), sweep.texts]
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output["leaks"], output["looked"] = found, looked
    else:
        _add_up(config, found, looked)
        if config.stash[_summary]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist has found."""
    output = getattr(node, "workeroutput", {})
    _add_up(node.config, output.get("leaks", []), output.get("looked", [0, 0]))


def _add_up(config: pytest.Config, found: list[str], looked: list[int]) -> None:
    config.stash[_summary] += found
    secrets, texts = config.stash[_looked]
    config.stash[_looked] = (secrets + looked[0], texts + looked[1])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what was found at the end, and that the sweep was there at all."""
    secrets, texts = config.stash[_looked]
    terminalreporter.write_line(f"Looked for {secrets} secrets in {texts} texts.")
    if found := config.stash[_summary]:
        terminalreporter.section("secrets that got out", red=True)
        for leak in found:
            terminalreporter.write_line(leak)
