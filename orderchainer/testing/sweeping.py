"""A pytest plugin that runs the sweep for secrets over all tests: see
`orderchainer.testing.secrets`.

It learns secrets where the service creates them and searches texts where they leave the service, by
wrapping the functions that all of them pass through. A test with a leak fails. At the end it reads
all log files once more, including those of processes that tests started.
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

# --- What is allowed where --------------------------------------------------------------------

# Passwords and credentials from the documents, which the documentation shows.
DOCUMENTATION = re.compile(r"/(openapi\.json|docs|redoc)/?")
PUBLISHED = frozenset(
    {
        "password123",
        "newpassword123",
        "securepassword",
        "securepassword123",
        "SecurePass123",
        "your-api-key",
        "your-api-secret",
    }
)
# The documented path where only owners read the URL of their webhook.
OWNERS_WEBHOOK = re.compile(r"/api/discord/?")
# The page that shows a new API token once.
NEW_TOKEN = re.compile(r"/account/tokens/?")
# The cookie of the pages, see `accounts.pages.cookies`, which cannot be imported before Django is
# set up.
COOKIE = "workspace"


def allowed_in_answer(path: str, *, is_json: bool, exchange: Exchange) -> Allowed:
    """Return which secrets the answer to a request for `path` may contain."""

    def allowed(secret: Secret) -> bool:
        if secret.kind is Kind.API_TOKEN and NEW_TOKEN.fullmatch(path):
            return secret.exchange is exchange
        if secret.kind in TOKENS:
            # It was created for the caller just now. No later answer may contain it.
            return is_json and secret.exchange is exchange
        if secret.kind in {Kind.PASSWORD, Kind.CREDENTIAL}:
            return DOCUMENTATION.fullmatch(path) is not None and secret.text in PUBLISHED
        if secret.kind is Kind.WEBHOOK:
            return is_json and OWNERS_WEBHOOK.fullmatch(path) is not None
        if secret.kind is Kind.LINK:
            # The page that the link leads to: its reader has the link already.
            return not is_json and secret.text in path
        return False

    return allowed


def allowed_in_email(secret: Secret) -> bool:
    """Tell whether an e-mail may contain a secret: only the one that it is sent for."""
    return secret.kind in {Kind.CODE, Kind.LINK}


def allowed_in_database(secret: Secret) -> bool:
    """Tell whether a secret may be stored as it is. Django looks up a session by its key."""
    return secret.kind is Kind.COOKIE


# --- Where secrets are created -----------------------------------------------------------------


def _learn_secrets(patch: pytest.MonkeyPatch) -> None:
    from django.conf import settings
    from django.contrib.auth.hashers import (
        Argon2PasswordHasher,
        MD5PasswordHasher,
    )
    from django.test import RequestFactory
    from django.test.signals import setting_changed
    from rest_framework_simplejwt.tokens import Token

    from accounts.mail.composing import Letter
    from accounts.mail.proofs import Proof
    from accounts.tokens import NewApiToken
    from orderchainer.core.encryption import Secret as Encrypted

    sweep.learn(Kind.KEY, settings.SECRET_KEY)
    for key in settings.CREDENTIALS_KEYS:
        sweep.learn(Kind.KEY, key)

    def setting(*, setting: str, value: object, **_: Any) -> None:
        # Tests have no key of a model's service until they set one.
        if setting in {"GEMINI_API_KEY", "OPENAI_API_KEY"} and isinstance(value, str) and value:
            sweep.learn(Kind.KEY, value)

    setting_changed.connect(setting, weak=False, dispatch_uid="sweeping")

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
        for credential in credentials_in(text):
            webhook = re.search(r"/webhooks/[0-9]+/([\w.-]+)", credential)
            if webhook:
                sweep.learn(Kind.WEBHOOK, webhook[1])
            else:
                sweep.learn(Kind.CREDENTIAL, credential)

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
    # Learn it before the answer: a refusal must not repeat the password that it refuses.
    patch.setattr(RequestFactory, "generic", _first(RequestFactory.generic, request))


def _then(function: Callable[..., Any], tell: Callable[..., None]) -> Callable[..., Any]:
    """Wrap `function`: call it, then report its result and its arguments."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        tell(result, *args, **kwargs)
        return result

    return wrapped


def _first(function: Callable[..., Any], tell: Callable[..., None]) -> Callable[..., Any]:
    """Wrap `function`: report its arguments, then call it."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tell(None, *args, **kwargs)
        return function(*args, **kwargs)

    return wrapped


def passwords_in(body: str | bytes) -> Iterator[str]:
    """Return the passwords in a JSON or form body, whether or not they are accepted.

    A password that equals another field, such as the e-mail, is left out: we could not tell them
    apart.
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


def credentials_in(text: str) -> Iterator[str]:
    """Return the secrets in a text that is encrypted: the text itself, or those in its JSON.

    JSON also holds moments and the like. A secret there has `key`, `secret` or `token` in its name.
    """
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict | list):
        yield from _credentials_among(value)
    else:
        yield text


def _credentials_among(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _credentials_among(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and re.search("key|secret|token", name):
                yield each
            else:
                yield from _credentials_among(each)


# --- Where texts leave the service ----------------------------------------------------------------


def _look_at_texts(patch: pytest.MonkeyPatch) -> None:
    from celery import signals
    from django.core.mail import EmailMessage
    from django.db.backends.utils import CursorWrapper
    from django.test import Client

    from notifications.sockets.consumers import FeedConsumer

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
    """Search the body and the headers of an answer of the test client."""
    request = response.wsgi_request
    match = request.resolver_match
    # Name the route and not the path, because the path may contain a secret.
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
    for name in ("sessionid", COOKIE):
        cookie = response.cookies.get(name)
        if cookie is not None and cookie.value:
            sweep.learn(Kind.COOKIE, cookie.value)


def look_at_email(message: Any) -> None:
    """Search an outgoing e-mail. Its headers may contain no secret."""
    head = [message.subject, *message.recipients(), *message.extra_headers.values()]
    sweep.look("\n".join(map(str, head)), "the head of an e-mail")
    alternatives = getattr(message, "alternatives", [])
    for text in (message.body, *(content for content, _type in alternatives)):
        sweep.look(text, "the text of an e-mail", allowed_in_email)


def look_at_row(sql: str, params: Any) -> None:
    """Search a row before it is stored: a copy of the database must give no access."""
    table = sql.split('"', 2)[1] if '"' in sql else "?"
    values = params.values() if isinstance(params, dict) else params
    sweep.look("\n".join(map(str, values)), f"the table {table}", allowed_in_database)


def look_at_message(
    sender: object = None, body: object = None, headers: object = None, **_: object
) -> None:
    """Search a message for Celery: everyone with access to the broker can read it."""
    sweep.look(f"{body!r} {headers!r}", f"the message of the task {sender}")


class ConsoleSweep(logging.Handler):
    """Searches each line of the console, including tracebacks."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(ConsoleFormatter(colours=False))

    def emit(self, record: logging.LogRecord) -> None:
        sweep.look(self.format(record), f"the console's log, from {record.name}")


class _LogFiles:
    """Reads what was added to the tests' log files since the last call."""

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
    """Search all log files of the run again, including those of processes that tests started."""
    for file in sorted(directory.rglob("*.log")):
        place = f"the file {file.relative_to(directory)}"
        text = file.read_text(errors="replace")
        sweep.look(text, place)
        sweep.look_for_shapes(text, place)


# --- pytest -----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _sweep_for_secrets() -> Iterator[None]:
    """Learn all secrets and search all texts during the whole run."""
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
    """Fail the test during which a secret leaked."""
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
    """Search the log files again. A worker of xdist passes its findings to the main process."""
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
    """Collect the findings of a worker of xdist."""
    output = getattr(node, "workeroutput", {})
    _add_up(node.config, output.get("leaks", []), output.get("looked", [0, 0]))


def _add_up(config: pytest.Config, found: list[str], looked: list[int]) -> None:
    config.stash[_summary] += found
    secrets, texts = config.stash[_looked]
    config.stash[_looked] = (secrets + looked[0], texts + looked[1])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Report the leaks found at the end, and that the sweep ran."""
    secrets, texts = config.stash[_looked]
    terminalreporter.write_line(f"Looked for {secrets} secrets in {texts} texts.")
    if found := config.stash[_summary]:
        terminalreporter.section("secrets that got out", red=True)
        for leak in found:
            terminalreporter.write_line(leak)
