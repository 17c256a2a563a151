"""A sync of a whole shop from the emulated Shopify, compared with the same calls and plain SQL."""

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import orjson
from django.test import override_settings
from django.utils import timezone

from accounts.services import create_project
from benchmarks.bare import Database
from benchmarks.bare_checkouts import EVENT, NOW
from benchmarks.seeding import Account, settle
from benchmarks.serving import stop
from benchmarks.statements import statements_of
from benchmarks.table import Figures, Row, Verdict, at_most
from integrations.models import Integration, SyncRun
from integrations.models.integrations import sealed
from integrations.shopify import client
from integrations.shopify.fetching import ORDERS
from integrations.work.runs import work_on_run
from orderchainer.core.outbox import PENDING

PAGE = 100
MAX_MEMORY_MIB = 50
# A first sync from a file is for shops with more orders than this.
LEAST_ORDERS = 2_500

ORDER = f"""
    INSERT INTO orders_order (
        uuid, owner_id, project_id, title, description, status, auto_activate, failure_policy,
        provider, external_id, is_test, source_status, source_title, source_notes, source_details,
        total_price, currency, link, customer_name, customer_email,
        customer_phone, shipping_address, phone_number, notes,
        ordered_at, status_changed_at, created_at, updated_at, source_updated_at, version
    ) VALUES (%s, %s, %s, %s, '', 'pending', false, 'hold',
        'shopify', %s, false, 'pending', '', '', '{{}}', %s, %s, '', '', '',
        '', '', '', '', {NOW}, {NOW}, {NOW}, {NOW}, {NOW}, 1)
    ON CONFLICT (project_id, provider, external_id) WHERE NOT external_id = '' DO NOTHING
    RETURNING id
"""
ITEM = "(%s, %s, %s, %s, %s)"
ITEMS = "INSERT INTO orders_orderitem (order_id, name, sku, unit_price, quantity) VALUES "


@dataclass(frozen=True)
class Shop:
    """The emulated shop, in a process of its own so that its work does not count as ours."""

    host: str
    domain: str
    token: str
    secrets: Mapping[str, str]


def syncing(directory: Path, database: Database, writer: Account, *, quick: bool) -> Iterator[Row]:
    """Measure the first sync of a shop, in pages and from a file; both store every order anew."""
    orders = LEAST_ORDERS if quick else 10_000
    with _shop_with(orders, directory) as shop:
        settle()
        # With a moment to begin at, however long ago, a sync asks for pages.
        for how, since in (
            ("in pages", datetime(2000, 1, 1, tzinfo=UTC)),
            ("from a file", None),
        ):
            with statements_of() as sent, _peak_memory() as memory:
                ours = _timed(orders, partial(_sync, shop, writer, since))
            # Opening and closing a transaction is no statement on PostgreSQL.
            statements = sum(not _IS_TRANSACTION.match(sql) for sql in sent) / orders
            bare = _timed(orders, partial(_bare_sync, shop, writer, database)) if since else None
            verdicts = [at_most(statements, 6)]
            if memory:
                verdicts.append(
                    Verdict(f"{memory[0]:.0f} <= {MAX_MEMORY_MIB} MiB", memory[0] <= MAX_MEMORY_MIB)
                )
            yield Row(
                f"sync {orders:,} orders {how} (each)",
                Figures(ours.per_second, statements=statements, cpu_ms=ours.cpu_ms),
                bare,
                ours.per_second / bare.per_second if bare else None,
                bare.cpu_ms / ours.cpu_ms if bare and bare.cpu_ms and ours.cpu_ms else None,
                verdicts,
            )


_IS_TRANSACTION = re.compile("BEGIN|SAVEPOINT|RELEASE")
_number = count(1)


def _timed(orders: int, work: Callable[[], int]) -> Figures:
    cpu, started = time.process_time(), time.perf_counter()
    stored = work()
    elapsed = time.perf_counter() - started
    if stored != orders:
        msg = f"{stored} of {orders} orders arrived."
        raise RuntimeError(msg)
    return Figures(per_second=orders / elapsed, cpu_ms=(time.process_time() - cpu) / orders * 1000)


def _sync(shop: Shop, writer: Account, since: datetime | None) -> int:
    """Do what a worker does, in this process, without waiting between slices."""
    project = create_project(owner=writer.user, name=f"Shop {next(_number)}")
    integration = Integration.objects.create(
        project=project,
        provider="shopify",
        account=shop.domain,
        status=Integration.Status.CONNECTED,
        secrets=sealed(shop.secrets),
        connected_by=writer.user,
    )
    run = SyncRun.objects.create(integration=integration, trigger="person", since=since)
    while run.state == PENDING:
        work_on_run(run.pk)
        SyncRun.objects.filter(pk=run.pk, state=PENDING).update(next_attempt_at=timezone.now())
        run.refresh_from_db()
    return run.created


def _bare_sync(shop: Shop, writer: Account, database: Database) -> int:
    """Ask for the same pages, and store each order with three inserts in a transaction."""
    project = create_project(owner=writer.user, name=f"Shop {next(_number)}")
    after, stored = None, 0
    while True:
        variables = {"first": PAGE, "after": after, "changed": None}
        page = client.ask(shop.domain, shop.token, ORDERS, variables).data["orders"]
        for node in page["nodes"]:
            with database.transaction() as run:
                _store(run, node, writer.user.pk, project.pk)
            stored += 1
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return stored


def _store(run: Any, node: Mapping[str, Any], owner: int, project: int) -> None:
    money = node["currentTotalPriceSet"]["shopMoney"]
    order_uuid = uuid.uuid4().hex
    external_id, title = node["legacyResourceId"], node["name"]
    ((order_id,),) = run(
        ORDER,
        [order_uuid, owner, project, title, external_id, money["amount"], money["currencyCode"]],
    )
    items = [
        (
            order_id,
            item["name"],
            item["sku"] or "",
            item["originalUnitPriceSet"]["shopMoney"]["amount"],
            item["currentQuantity"],
        )
        for item in node["lineItems"]["nodes"]
        if item["currentQuantity"]
    ]
    if items:
        params = [value for item in items for value in item]
        run(ITEMS + ", ".join([ITEM] * len(items)), params)
    data = orjson.dumps({"title": title, "status": "pending", "dependencies": []}).decode()
    run(EVENT, [uuid.uuid4().hex, order_uuid, order_id, owner, project, owner, data])


# --- The shop ---------------------------------------------------------------------------------


@contextmanager
def _shop_with(orders: int, directory: Path) -> Iterator[Shop]:
    process = subprocess.Popen(
        [sys.executable, "-m", "integrations.sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=(directory / "sandbox.log").open("w"),
        text=True,
    )
    try:
        assert process.stdout is not None
        host = process.stdout.readline().strip().partition("http://")[2]
        control = f"http://{host}/_control/shopify"
        _ask(f"{control}/bucket", {"maximum": 1e9, "restore_rate": 1e9})
        (shown,) = _ask(f"{control}/shops")
        _ask(f"{control}/shops/-/seed", {"count": orders - shown["orders"], "days": 50})
        secrets = {"api_key": shown["client_id"], "api_secret": shown["client_secret"]}
        with override_settings(SHOPIFY_API_BASE=f"http://{host}/shopify/{{shop}}"):
            yield Shop(host, shown["domain"], shown["access_token"], secrets)
    finally:
        stop(process)


def _ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, data, headers), timeout=120) as answer:
        text = answer.read()
    return json.loads(text) if text else None


# --- Memory -----------------------------------------------------------------------------------


@contextmanager
def _peak_memory() -> Iterator[list[float]]:
    """Measure by how many MiB this process grew at most; nothing where Linux does not tell."""
    grown: list[float] = []
    try:
        # Linux then counts the peak anew.
        Path("/proc/self/clear_refs").write_text("5")
        before = _mib("VmRSS")
    except OSError:
        yield grown
        return
    yield grown
    grown.append(_mib("VmHWM") - before)


def _mib(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise OSError(name)
