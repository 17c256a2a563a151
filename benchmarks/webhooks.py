"""Calls of a provider over HTTP, compared with plain SQL: a flood, and a busy hour."""

import copy
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path

import orjson
from django.test import Client

from accounts.services import create_project
from benchmarks.bare_webhooks import SECRET, application
from benchmarks.seeding import make_account, settle
from benchmarks.serving import Server, serving
from benchmarks.statements import statements_of
from benchmarks.table import Figures, Row, Verdict, at_most, in_pairs
from integrations.models import Integration
from integrations.models.integrations import sealed
from integrations.whatsapp.webhook import MESSAGE_EXAMPLE, SIGNATURE

PATH = "/api/v1/webhooks/whatsapp"
NUMBER = "106540352242922"
CLIENTS = 100
# Calls a second of the paced measurement: a provider's messages come at some rate, not as fast as
# we answer. A hundred a second are more than eight million a day.
PACE = 100
MAX_P99_MS = 50

_number = count(1)


def receiving(directory: Path, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure a hundred clients that call as fast as they are answered, and at a steady pace."""
    _connect()
    statements, bare_statements = _statements(), _bare_statements()
    with (
        serving("orderchainer.wsgi:application", directory, "/healthz") as service,
        serving("benchmarks.bare_webhooks:application()", directory, "/") as floor,
    ):
        for pace in (None, PACE):

            def measure(server: Server, pace: int | None = pace) -> Callable[[], Figures]:
                # A call that was stored before would be a repeat, so each is sent once.
                calls = int(seconds * (pace or 1000))
                return lambda: server.measure(
                    [_request() for _ in range(calls)],
                    seconds=seconds,
                    clients=CLIENTS,
                    once=True,
                    pace=pace,
                )

            for server in (service, floor):
                server.measure([_request() for _ in range(CLIENTS)], seconds=1, once=True)
            pairs = in_pairs(rounds, measure(service), measure(floor))
            verdicts = [at_most(statements, 2)]
            if pace is not None:
                is_quick = pairs.ours.p99_ms is not None and pairs.ours.p99_ms <= MAX_P99_MS
                verdicts.append(Verdict(f"p99 <= {MAX_P99_MS} ms", is_quick))
            how = f"{pace}/s from {CLIENTS}" if pace else f"{CLIENTS} at once"
            yield Row(
                f"webhook, {how}",
                replace(pairs.ours, statements=statements),
                replace(pairs.floor, statements=bare_statements),
                # At a steady pace both are as fast as the pace.
                None if pace else pairs.ratio,
                pairs.cpu_ratio,
                verdicts,
            )


def _connect() -> None:
    """Connect a phone number, in a project of its own."""
    project = create_project(owner=make_account("messenger").user, name="Messages")
    Integration.objects.create(
        project=project,
        provider="whatsapp",
        account=NUMBER,
        status=Integration.Status.CONNECTED,
        secrets=sealed({"app_secret": SECRET.decode(), "verify_token": "unused"}),
    )
    settle()


def _call() -> tuple[bytes, str]:
    """Return the body of a new call, and its signature."""
    payload = copy.deepcopy(MESSAGE_EXAMPLE)
    payload["entry"][0]["id"] = str(next(_number))  # type: ignore[index]  # it is a list of objects
    body = orjson.dumps(payload)
    return body, f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"


def _request() -> str:
    """Return a new call as text for the socket."""
    body, signature = _call()
    lines = [
        f"POST {PATH} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"{SIGNATURE}: {signature}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body.decode()])


def _statements() -> int:
    """Count the statements of one call in this process."""
    # The first one of a process also asks SQLite whether it supports JSON.
    return [_statements_of() for _ in range(2)][-1]


def _statements_of() -> int:
    body, signature = _call()
    client = Client(SERVER_NAME="localhost")
    with statements_of() as sent:
        response = client.post(
            PATH, body, content_type="application/json", headers={SIGNATURE: signature}
        )
    if response.status_code != 200:
        msg = f"webhook: {response.status_code} {response.content[:500]!r}"
        raise RuntimeError(msg)
    return len(sent)


def _bare_statements() -> int:
    bare = application()
    body, signature = _call()
    bare(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_HUB_SIGNATURE_256": signature,
            "wsgi.input": BytesIO(body),
        },
        lambda status, headers: None,
    )
    return bare.database.statements
