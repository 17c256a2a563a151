"""Statistics of a month and reports of a year, built in this process, by size of the project."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection

from accounts.models import Project
from benchmarks.chains import Bench
from benchmarks.hub import project_with
from benchmarks.inbox import desk_with
from benchmarks.seeding import Account, settle
from benchmarks.table import Row, Verdict, at_most
from orderchainer.core.days import Period, Stretch, days_up_to_today
from orderchainer.core.db.snapshots import one_snapshot
from orders import figures
from reports.builders import BUILDERS, Question

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = SIZES[:1]
# The last size once more, shared equally by this many projects.
PROJECTS = 50
MONTH, YEAR = 30, 365
MAX_SECONDS = 2
MAX_MIB = 100
# On a busy machine a report may miss its target, but it is measured to the end.
PATIENCE_SECONDS = 600
MIB = 1024 * 1024

# A quarter as many customers as orders.
_CUSTOMERS = """
    UPDATE orders_order SET customer_email = 'c' || id %% %s || '@example.com'
    WHERE project_id = %s
"""
# One statement by hand for each: the same rows, grouped by day, without anything else.
_ORDERS = """
    SELECT {day}, status, provider, currency, count(*), sum(total_price)
    FROM orders_order
    WHERE project_id = %s AND ordered_at >= %s AND ordered_at < %s AND NOT is_test
    GROUP BY 1, 2, 3, 4
"""
_MESSAGES = """
    SELECT {day}, channel, direction, status, count(*)
    FROM notifications_message
    WHERE project_id = %s AND written_at >= %s AND written_at < %s
    GROUP BY 1, 2, 3, 4
"""
_PROGRESS = """
    SELECT {day}, status, count(*), max(fulfilled_at)
    FROM orders_order
    WHERE project_id = %s AND ordered_at >= %s AND ordered_at < %s AND NOT is_test
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Kind:
    """A type of report: the statement that is its floor, and how many statements it may take."""

    floor: str
    moment: str
    statements: int


# A worker says twice how it wants to read before it begins.
KINDS = {
    "sales": Kind(_ORDERS, "ordered_at", 2 + 8),
    "messages": Kind(_MESSAGES, "written_at", 2 + 4),
    "performance": Kind(_PROGRESS, "ordered_at", 2 + 17),
}


def building(bench: Bench, member: Account, *, quick: bool) -> Iterator[Row]:
    """Measure a month's statistics and each report of a year, by size."""
    sizes = QUICK_SIZES if quick else SIZES
    stores = list(_each("orders", sizes, partial(_store_with, member)))
    desks = list(_each("messages", sizes, lambda size: desk_with(member, size, "").project))
    settle()
    with bench.database.held() as run:
        for what, project in stores:
            month = days_up_to_today(MONTH, project.zone)
            yield bench.measure(
                f"statistics, {what}",
                partial(figures.summary_of, project, month),
                partial(run, _sql(KINDS["sales"]), _arguments(project, month)),
                lambda statements, _: [at_most(statements, 3)],
            )
        for name, kind in KINDS.items():
            for what, project in desks if name == "messages" else stores:
                year = days_up_to_today(YEAR, project.zone)
                ours = partial(_build, name, Question(project, _stretch(year)))
                yield bench.measure(
                    f"{name}, {what}",
                    ours,
                    partial(run, _sql(kind), _arguments(project, year)),
                    partial(_judge, kind, ours, bench),
                )


def _build(name: str, question: Question) -> None:
    """Build a report as a worker does."""
    with one_snapshot(statement_seconds=PATIENCE_SECONDS, last_begins_within=PATIENCE_SECONDS):
        BUILDERS[name].build(question)


def _judge(
    kind: Kind, build: Callable[[], object], bench: Bench, statements: float, _ratio: float
) -> Sequence[Verdict]:
    seconds = (bench.timed(build).p50_ms or 0) / 1000
    tracemalloc.start()
    try:
        build()
        peak = tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()
    return [
        at_most(statements, kind.statements),
        Verdict(f"<= {MAX_SECONDS} s", seconds <= MAX_SECONDS),
        Verdict(f"<= {MAX_MIB} MiB: {peak:.1f}", peak <= MAX_MIB),
    ]


def _each(
    noun: str, sizes: Sequence[int], make: Callable[[int], Project]
) -> Iterator[tuple[str, Project]]:
    for size in sizes:
        yield f"{size:,} {noun}", make(size)
    shared = [make(sizes[-1] // PROJECTS) for _ in range(PROJECTS)]
    yield f"{sizes[-1]:,} in {PROJECTS} projects", shared[PROJECTS // 2]


def _store_with(member: Account, size: int) -> Project:
    project = project_with(member, size)
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, [max(1, size // 4), project.pk])
    return project


def _stretch(period: Period) -> Stretch:
    return Stretch(period.start, period.end, period.zone)


def _arguments(project: Project, period: Period) -> list[int | datetime]:
    return [project.pk, period.start, period.end]


def _sql(kind: Kind) -> str:
    return kind.floor.format(day=f"date({kind.moment})")
