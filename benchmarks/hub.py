"""A project's orders on the hub over HTTP: lists and figures, in small and large projects."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Project
from accounts.services import create_project
from benchmarks import bare_hub, rest
from benchmarks.bare import PostgreSQL, SQLite
from benchmarks.rest import Call
from benchmarks.seeding import Account, settle
from benchmarks.table import Pairs, Row, Verdict, at_most, of_the_floor
from orderchainer.core.days import days_up_to_today
from orders import figures

SIZES = (1_000, 100_000, 1_000_000)
# The last size once more, shared equally by this many projects.
PROJECTS = 50
# Orders are spread evenly over these days.
DAYS = 3 * 365
MAX_FIGURES_MS = 15

# A quarter of the orders have two items, and a third of them wait for another.
_ORDERS = """
    INSERT INTO orders_order (
        uuid, owner_id, project_id, title, description, status, auto_activate, failure_policy,
        provider, external_id, is_test, source_status, source_title, source_notes, source_details,
        total_price, currency, link, customer_name, customer_email, customer_phone,
        shipping_address, phone_number, notes, ordered_at, status_changed_at, created_at,
        updated_at, version
    )
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    SELECT
        {uuid}, %s, %s, '#' || n, '',
        CASE n %% 10 WHEN 0 THEN 'pending' WHEN 1 THEN 'active' WHEN 2 THEN 'shipped'
            WHEN 3 THEN 'cancelled' WHEN 4 THEN 'draft' ELSE 'fulfilled' END,
        false, 'hold', 'shopify', 'E' || n, n %% 100 = 0, '', '', '', '{{}}',
        n %% 20000 / 100.0, CASE n %% 50 WHEN 0 THEN 'EUR' ELSE 'USD' END, '', 'Ann Example',
        'ann@example.com', '+15550100', '1 Main Street, Springfield', '+15550100', '',
        {ago}, {ago}, {now}, {now}, 1
    FROM numbers
"""
_AGO = {
    "postgresql": "CURRENT_TIMESTAMP - n * CAST('{seconds} seconds' AS interval)",
    "sqlite": "datetime('now', '-' || (n * {seconds}) || ' seconds')",
}
_ITEMS = """
    INSERT INTO orders_orderitem (order_id, name, sku, unit_price, quantity)
    SELECT id, 'Line ' || n, 'SKU-' || n, 12.5, 1
    FROM orders_order CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2) AS lines
    WHERE project_id = %s AND ordered_at >= %s AND id %% 4 = 0
"""
# Each order is newer than the one with the next id.
_DEPENDENCIES = """
    INSERT INTO orders_orderdependency (order_id, depends_on_id, waiver_reason)
    SELECT id, id + 1, '' FROM orders_order
    WHERE project_id = %s AND ordered_at >= %s AND id %% 3 = 0
"""


@dataclass(frozen=True)
class Store:
    """A project with orders."""

    what: str
    project: Project


def reading(directory: Path, merchant: Account, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure the first page and a later one of thirty days, and the figures of those days."""
    stores = list(_stores(merchant))
    settle()
    since = f"{timezone.now() - timedelta(days=29):%Y-%m-%d}"
    with rest.both_serving(
        directory,
        rounds,
        seconds,
        floor=bare_hub,
        path="/orders?project=0&since=2000-01-01",
    ) as both:
        for store in stores:
            yield both.measure(
                _call(merchant, f"hub list, {store.what}", store, since),
                lambda statements, pairs: [
                    at_most(statements, 3),
                    of_the_floor(pairs.ratio, 0.20),
                ],
            )
        largest = stores[len(SIZES) - 1]
        yield both.measure(
            _call(merchant, f"hub list, page 100, {largest.what}", largest, since, page=100),
            lambda statements, pairs: [
                at_most(statements, 3),
                of_the_floor(pairs.ratio, 0.20),
            ],
        )
        for store in stores:
            yield both.measure(
                _call(merchant, f"hub figures, {store.what}", store, since, "/stats/summary"),
                partial(_judge_figures, store),
            )


def _call(
    merchant: Account, what: str, store: Store, since: str, suffix: str = "", page: int = 1
) -> Call:
    project = store.project
    query = f"?page={page}" if page > 1 else ""
    floor = "figures" if suffix else "orders"
    return Call(
        what,
        merchant,
        [f"/api/v1/orders/{project.uuid}{suffix}{query}"],
        [f"/{floor}?project={project.pk}&since={since}&page={page}"],
    )


def _judge_figures(store: Store, statements: float, _pairs: Pairs) -> list[Verdict]:
    return [at_most(statements, 3), _in_the_database(store.project)]


def _in_the_database(project: Project) -> Verdict:
    """Judge the statement behind the figures of thirty days by the best of several runs.

    Other work on the machine slows most of the runs down.
    """
    took: list[float] = []

    def note(execute: Callable[..., Any], *args: Any) -> Any:
        before = time.perf_counter()
        result = execute(*args)
        took.append((time.perf_counter() - before) * 1000)
        return result

    with connection.execute_wrapper(note):
        for _ in range(30):
            figures.summary_of(project, days_up_to_today(30, project.zone))
    words = f"<= {MAX_FIGURES_MS} ms in the database: {min(took):.1f}"
    return Verdict(words, min(took) <= MAX_FIGURES_MS)


def _stores(merchant: Account) -> Iterator[Store]:
    for size in SIZES:
        yield Store(f"{size:,} orders", project_with(merchant, size))
    largest = SIZES[-1]
    shared = [project_with(merchant, largest // PROJECTS) for _ in range(PROJECTS)]
    yield Store(f"{largest:,} in {PROJECTS} projects", shared[PROJECTS // 2])


def project_with(merchant: Account, size: int) -> Project:
    """Make a project with that many orders."""
    project = create_project(owner=merchant.user, name=f"A store with {size:,} orders")
    database = PostgreSQL if connection.vendor == "postgresql" else SQLite
    ago = _AGO[connection.vendor].format(seconds=DAYS * 86400 / size)
    statement = _ORDERS.format(uuid=database.uuid, ago=ago, now="CURRENT_TIMESTAMP")
    since = timezone.now() - timedelta(days=30)
    with connection.cursor() as cursor:
        cursor.execute(statement, [size - 1, merchant.user.pk, project.pk])
        cursor.execute(_ITEMS, [project.pk, since])
        cursor.execute(_DEPENDENCIES, [project.pk, since])
    return project
