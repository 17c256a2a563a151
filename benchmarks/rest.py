"""Orders over HTTP: creating, reading, listing, and reading chains."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import orjson
from django.db import connection
from django.test import Client

from benchmarks import bare
from benchmarks.bare import Database, StartResponse
from benchmarks.client import request_of
from benchmarks.seeding import Account
from benchmarks.serving import Server, serving
from benchmarks.statements import statements_of
from benchmarks.table import Pairs, Row, Verdict, at_most, in_pairs, of_the_floor

NEW_ORDER = {"title": "Order from the benchmark", "description": "Nothing special."}


@dataclass(frozen=True)
class Call:
    """One kind of request, to the service and to the floor. `paths` are used in turn."""

    what: str
    account: Account
    paths: list[str]
    bare_paths: list[str]
    method: str = "GET"
    status: int = 200


class Floor(Protocol):
    """An application without a framework, and its database, which counts statements."""

    database: Database

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        ...


@dataclass(frozen=True)
class Both:
    """The service and the floor, each under a server, and also the floor in this process."""

    service: Server
    floor: Server
    bare: Floor
    rounds: int
    seconds: float

    def measure(self, call: Call, judge: Callable[[float, Pairs], list[Verdict]]) -> Row:
        """Measure one kind of request; `judge` gets the statements and the pairs."""
        body = orjson.dumps(NEW_ORDER) if call.method == "POST" else b""
        ours = [request_of(call.method, path, call.account.token, body) for path in call.paths]
        floor = [request_of(call.method, path, body=body) for path in call.bare_paths]
        for server, requests in ((self.service, ours), (self.floor, floor)):
            server.measure(requests, seconds=0.3, expected_status=call.status)
        pairs = in_pairs(
            self.rounds,
            lambda: self.service.measure(ours, seconds=self.seconds, expected_status=call.status),
            lambda: self.floor.measure(floor, seconds=self.seconds, expected_status=call.status),
        )
        statements = _statements(call)
        return Row(
            call.what,
            replace(pairs.ours, statements=statements),
            replace(pairs.floor, statements=self._bare_statements(call)),
            pairs.ratio,
            pairs.cpu_ratio,
            judge(statements, pairs),
        )

    def _bare_statements(self, call: Call) -> int:
        before = self.bare.database.statements
        path, _, query = call.bare_paths[0].partition("?")
        environ = {
            "REQUEST_METHOD": call.method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.input": BytesIO(orjson.dumps(NEW_ORDER)),
        }
        self.bare(environ, lambda status, headers: None)
        return self.bare.database.statements - before


@contextmanager
def both_serving(
    directory: Path,
    rounds: int,
    seconds: float,
    *,
    floor: ModuleType = bare,
    path: str = "/orders?owner=0",
) -> Iterator[Both]:
    """Start the service and the floor: the `application()` of a module, which answers at `path`."""
    # The floors have no path that answers without the database.
    with (
        serving("orderchainer.wsgi:application", directory, "/healthz") as service,
        serving(f"{floor.__name__}:application()", directory, path) as below,
    ):
        yield Both(service, below, floor.application(), rounds, seconds)


def _statements(call: Call) -> int:
    """Count the statements of one request in this process, which is connected already."""
    connection.ensure_connection()
    # Django asks SQLite once in each process whether it supports JSON.
    assert connection.features.supports_json_field
    client = Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=f"Bearer {call.account.token}")
    body: dict[str, Any] = {}
    if call.method == "POST":
        body = {"data": NEW_ORDER, "content_type": "application/json"}
    with statements_of() as sent:
        response = getattr(client, call.method.lower())(call.paths[0], **body)
    if response.status_code != call.status:
        msg = f"{call.what}: {HTTPStatus(response.status_code)} {response.content[:500]!r}"
        raise RuntimeError(msg)
    return len(sent)


# --- What is measured -------------------------------------------------------------------------


def creating(both: Both, writer: Account) -> Iterator[Row]:
    """Measure creation. With Redis, ours nudges the worker too, which the floor does not."""
    yield both.measure(
        Call(
            "create an order",
            writer,
            ["/api/orders/"],
            [f"/orders?owner={writer.user.pk}"],
            method="POST",
            status=201,
        ),
        lambda statements, _: [at_most(statements, 8)],
    )


def getting(both: Both, reader: Account) -> Iterator[Row]:
    """Measure single orders, a hundred in turn."""
    ids = reader.order_ids[:100]
    yield both.measure(
        Call(
            "get an order",
            reader,
            [f"/api/orders/{pk}" for pk in ids],
            [f"/orders/{pk}" for pk in ids],
        ),
        lambda statements, pairs: [
            at_most(statements, 2),
            of_the_floor(pairs.ratio, 0.25),
        ],
    )


def listing(both: Both, readers: list[Account]) -> Iterator[Row]:
    """Measure the first page of each user's orders, and the last page of the largest."""
    calls = [
        Call(
            f"list, {len(reader.order_ids):,} orders",
            reader,
            ["/api/orders/"],
            [f"/orders?owner={reader.user.pk}"],
        )
        for reader in readers
    ]
    largest = readers[-1]
    skip = len(largest.order_ids) - 100
    calls.append(
        Call(
            f"list, last 100 of {len(largest.order_ids):,}",
            largest,
            [f"/api/orders/?skip={skip}"],
            [f"/orders?owner={largest.user.pk}&skip={skip}"],
        )
    )
    for call in calls:
        yield both.measure(
            call,
            lambda statements, pairs: [
                at_most(statements, 3),
                of_the_floor(pairs.ratio, 0.20),
            ],
        )


def reading_chains(both: Both, chains: list[Account]) -> Iterator[Row]:
    """Measure the whole chain of an order in its middle."""
    for chain in chains:
        middle = chain.order_ids[len(chain.order_ids) // 2]
        yield both.measure(
            Call(
                f"read a chain of {len(chain.order_ids):,}",
                chain,
                [f"/api/orders/{middle}/chain"],
                [f"/chain/{middle}"],
            ),
            lambda statements, _: [],
        )
