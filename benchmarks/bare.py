"""The floor: the same rows with hand-written SQL, without a framework between database and socket.

It does not check callers, validate, log, or announce anything. The ratios tell what the service's
additional work costs.
"""

import os
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool

Rows = list[tuple[Any, ...]]
Run = Callable[[str, Sequence[object]], Rows]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Database(Protocol):
    """A pool of connections that counts statements."""

    statements: int
    # SQL of this database for a list of dependencies, a list of lines, a UUID, and a row lock.
    dependencies: str
    items: str
    uuid: str
    lock: str

    def run(self, statement: str, params: Sequence[object] = ()) -> Rows:
        """Run a single statement."""
        ...

    def held(self) -> "AbstractContextManager[Run]":
        """Run several calls on one connection, each statement by itself."""
        ...

    def transaction(self) -> "AbstractContextManager[Run]":
        """Run several calls in one transaction."""
        ...


class PostgreSQL:
    """psycopg with its own pool."""

    dependencies = "coalesce(jsonb_agg(depends_on_id ORDER BY depends_on_id), '[]')"
    items = """coalesce(jsonb_agg(jsonb_build_object(
        'name', name, 'sku', sku, 'unit_price', unit_price, 'quantity', quantity
        ) ORDER BY id), '[]')"""

    uuid = "gen_random_uuid()"
    lock = "FOR NO KEY UPDATE"

    def __init__(self, url: str) -> None:
        set_json_loads(orjson.loads)
        self.statements = 0
        self._pool = ConnectionPool(
            url, min_size=1, max_size=8, kwargs={"autocommit": True}, open=True
        )

    def run(self, statement: str, params: Sequence[object] = ()) -> Rows:
        with self._pool.connection() as connection:
            return self._execute(connection, statement, params)

    @contextmanager
    def held(self) -> Iterator[Run]:
        with self._pool.connection() as connection:
            yield partial(self._execute, connection)

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        with self._pool.connection() as connection, connection.transaction():
            yield partial(self._execute, connection)

    def _execute(
        self,
        connection: "psycopg.Connection[tuple[Any, ...]]",
        statement: str,
        params: Sequence[object],
    ) -> Rows:
        self.statements += 1
        cursor = connection.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


class SQLite:
    """The standard library's module, one connection for each thread."""

    dependencies = "json_group_array(depends_on_id)"
    items = """json_group_array(json_object(
        'name', name, 'sku', sku, 'unit_price', unit_price, 'quantity', quantity))"""

    uuid = "lower(hex(randomblob(16)))"
    lock = ""  # BEGIN IMMEDIATE has locked already

    def __init__(self, path: str) -> None:
        self.statements = 0
        self._path = path
        self._local = threading.local()

    def run(self, statement: str, params: Sequence[object] = ()) -> Rows:
        self.statements += 1
        return self._connection().execute(statement.replace("%s", "?"), params).fetchall()

    @contextmanager
    def held(self) -> Iterator[Run]:
        yield self.run  # a thread keeps its connection

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            yield self.run

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=20, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            # The constraint on an order's currency calls it.
            connection.create_function("REGEXP", 2, _matches, deterministic=True)
            self._local.connection = connection
        return connection


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def connect(url: str) -> Database:
    """Open the database that the service uses."""
    if url.startswith("sqlite"):
        return SQLite(urlsplit(url).path.removeprefix("/"))
    return PostgreSQL(url)


# --- Statements -------------------------------------------------------------------------------

COLUMNS = (
    *("id", "uuid", "title", "description", "status", "created_at", "updated_at"),
    *("owner_id", "auto_activate", "failure_policy", "total_price", "currency"),
    *("link", "customer_name", "customer_email", "customer_phone"),
    *("shipping_address", "phone_number", "notes", "provider", "external_id"),
    "version",
)
# The parameters of a list, and their defaults.
PAGES = (("skip", "0"), ("limit", "100"))
SHOWN = (*COLUMNS, "ready", "dependencies", "items")
ROWS = """
    SELECT {columns},
        NOT EXISTS (
            SELECT 1 FROM orders_orderdependency edge
            JOIN orders_order d ON d.id = edge.depends_on_id
            WHERE edge.order_id = o.id AND d.status NOT IN ('fulfilled', 'completed')
                AND NOT (d.status IN ('failed', 'cancelled') AND o.failure_policy = 'ignore')
        ),
        (SELECT {dependencies} FROM orders_orderdependency WHERE order_id = o.id),
        (SELECT {items} FROM orders_orderitem WHERE order_id = o.id)
    FROM orders_order o
"""
CHAIN = """
    WITH RECURSIVE above(id) AS (
        SELECT CAST(%s AS bigint)
        UNION SELECT e.depends_on_id FROM orders_orderdependency e
        JOIN above ON e.order_id = above.id
    ), below(id) AS (
        SELECT CAST(%s AS bigint)
        UNION SELECT e.order_id FROM orders_orderdependency e
        JOIN below ON e.depends_on_id = below.id
    )
    SELECT id, title, status, owner_id,
        (SELECT {dependencies} FROM orders_orderdependency WHERE order_id = o.id)
    FROM orders_order o WHERE id IN (SELECT id FROM above UNION SELECT id FROM below) ORDER BY id
"""
REACHES = """
    WITH RECURSIVE walk(id) AS (
        SELECT order_id FROM orders_orderdependency WHERE depends_on_id = %s
        UNION
        SELECT e.order_id FROM orders_orderdependency e JOIN walk ON e.depends_on_id = walk.id
    ) SELECT id FROM walk WHERE id = %s LIMIT 1
"""


# --- The application --------------------------------------------------------------------------


class Bare:
    """`/orders?owner=` (GET with `skip` and `limit`, POST), `/orders/{id}`, `/chain/{id}`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        snippets = {"dependencies": database.dependencies, "items": database.items}
        self._rows = ROWS.format(columns=", ".join(f"o.{name}" for name in COLUMNS), **snippets)
        self._chain = CHAIN.format(**snippets)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        headers = [("Content-Type", "application/json")]
        status = "200 OK"
        body: dict[str, Any] | list[dict[str, Any]]
        if path == "/orders":
            owner = int(parse_qs(environ["QUERY_STRING"])["owner"][0])
            if environ["REQUEST_METHOD"] == "POST":
                status = "201 Created"
                body = self.create(owner, orjson.loads(environ["wsgi.input"].read()))
            else:
                given = parse_qs(environ["QUERY_STRING"])
                skip, limit = (int(given.get(name, [default])[0]) for name, default in PAGES)
                body, total = self.page(owner, skip, limit)
                headers.append(("X-Total-Count", str(total)))
        elif path.startswith("/orders/"):
            body = self.order(int(path.removeprefix("/orders/")))
        else:
            body = self.chain(int(path.removeprefix("/chain/")))
        payload = orjson.dumps(body, default=str)
        start_response(status, [*headers, ("Content-Length", str(len(payload)))])
        return [payload]

    def order(self, order_id: int) -> dict[str, Any]:
        """Read one order."""
        (row,) = self.database.run(f"{self._rows} WHERE o.id = %s", [order_id])
        return _shown(row)

    def page(self, owner: int, skip: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Read a page of one owner's orders, and how many they have."""
        # The index alone finds the skipped rows; the other columns are read only for the page.
        rows = self.database.run(
            f"""{self._rows} WHERE o.id IN (
                SELECT id FROM orders_order WHERE owner_id = %s ORDER BY id LIMIT %s OFFSET %s
            ) ORDER BY o.id""",
            [owner, limit, skip],
        )
        total = len(rows)
        if total == limit or skip:
            ((total,),) = self.database.run(
                "SELECT count(*) FROM orders_order WHERE owner_id = %s", [owner]
            )
        return [_shown(row) for row in rows], total

    def chain(self, order_id: int) -> dict[str, Any]:
        """Read the nodes of a chain, with what each waits for."""
        rows = self.database.run(self._chain, [order_id, order_id])
        names = ("id", "title", "status", "owner_id", "dependencies")
        return {"nodes": [dict(zip(names, _unpacked(row, lists=1), strict=True)) for row in rows]}

    def create(self, owner: int, order: dict[str, str]) -> dict[str, Any]:
        """Insert an order with its event, and read it back."""
        now = "CURRENT_TIMESTAMP"
        with self.database.transaction() as run:
            ((project,),) = run(
                "SELECT id FROM accounts_project WHERE personal_owner_id = %s", [owner]
            )
            ((order_id,),) = run(
                f"""INSERT INTO orders_order (
                    uuid, owner_id, project_id, title, description, status, auto_activate,
                    failure_policy, provider, external_id, is_test, source_status, source_title,
                    source_notes, source_details, total_price, currency, link,
                    customer_name, customer_email, customer_phone, shipping_address, phone_number,
                    notes, ordered_at, status_changed_at, created_at, updated_at, version
                ) VALUES (%s, %s, %s, %s, %s, 'pending', false,
                    'hold', 'api', '', false, '', '', '', '{{}}', 0, 'USD', '',
                    '', '', '', '', '',
                    '', {now}, {now}, {now}, {now}, 1) RETURNING id""",
                [
                    order_uuid := uuid.uuid4().hex,
                    owner,
                    project,
                    order["title"],
                    order["description"],
                ],
            )
            data = {"title": order["title"], "status": "pending", "dependencies": []}
            run(
                f"""INSERT INTO orders_event
                    (event_id, type, subject_kind, subject_uuid, order_id, owner_id, project_id,
                     actor_id, data, created_at)
                    VALUES (%s, 'order_created', 'order', %s, %s, %s, %s, %s, %s, {now})""",
                [
                    *(uuid.uuid4().hex, order_uuid, order_id, owner, project, owner),
                    orjson.dumps(data).decode(),
                ],
            )
            (row,) = run(f"{self._rows} WHERE o.id = %s", [order_id])
        return _shown(row)


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(SHOWN, _unpacked(row, lists=2), strict=True))


def _unpacked(row: tuple[Any, ...], *, lists: int) -> tuple[Any, ...]:
    """Return a row whose last columns are lists; SQLite returns them as text."""
    if isinstance(row[-1], str):
        return (*row[:-lists], *map(orjson.Fragment, row[-lists:]))
    return row


def application() -> Bare:
    """Return the application for a server: `benchmarks.bare:application()`."""
    return Bare(connect(os.environ["DATABASE_URL"]))
