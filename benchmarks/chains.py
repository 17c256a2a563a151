"""The chain engine in this process: the check for cycles, and the propagation of one move."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from django.db import connection, transaction

from benchmarks.bare import REACHES, Database
from benchmarks.seeding import Account, make_dense_graph
from benchmarks.statements import statements_of
from benchmarks.table import (
    Figures,
    Row,
    Verdict,
    at_most,
    figures_of,
    in_pairs,
    times_the_floor,
)
from orders import queries
from orders.errors import DependencyCycle
from orders.services import create_order, move_order
from orders.services.chains import require_no_cycle


@dataclass(frozen=True)
class Bench:
    """The floor's database, and how long each measurement takes."""

    database: Database
    rounds: int
    seconds: float

    def timed(self, work: Callable[[], object]) -> Figures:
        """Repeat `work` for the time given, at least three times."""
        seconds: list[float] = []
        cpu = time.process_time()
        started = time.perf_counter()
        while len(seconds) < 3 or time.perf_counter() - started < self.seconds:
            before = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - before)
        return figures_of(
            seconds,
            elapsed=sum(seconds),
            cpu_seconds=time.process_time() - cpu,
        )

    def measure(
        self,
        what: str,
        ours: Callable[[], object],
        floor: Callable[[], object],
        judge: Callable[[float, float], Sequence[Verdict]],
    ) -> Row:
        """Measure `ours` and `floor` in turn; `judge` gets the statements and the ratio."""
        with statements_of() as sent:
            ours()
        before = self.database.statements
        floor()
        floor_statements = self.database.statements - before
        pairs = in_pairs(self.rounds, lambda: self.timed(ours), lambda: self.timed(floor))
        return Row(
            what,
            replace(pairs.ours, statements=len(sent)),
            replace(pairs.floor, statements=floor_statements),
            pairs.ratio,
            pairs.cpu_ratio,
            judge(len(sent), pairs.ratio),
        )


# --- Cycles -----------------------------------------------------------------------------------


def checking_cycles(bench: Bench, chains: Sequence[Account], stranger: int) -> Iterator[Row]:
    """Measure the check for cycles before a chain's first order may wait for `stranger`.

    The check visits the whole chain.
    """
    # Both use one connection throughout, as in the transaction of a change.
    with bench.database.held() as run:
        for chain in chains:
            first = chain.order_ids[0]
            yield bench.measure(
                f"check for a cycle, depth {len(chain.order_ids):,}",
                partial(require_no_cycle, first, [stranger]),
                partial(run, REACHES, [first, stranger]),
                lambda _, ratio: [times_the_floor(ratio, 1.5)],
            )


def creating_without_check(bench: Bench, writer: Account, other: int) -> Iterator[Row]:
    """Measure a new order that waits for `other`, which needs no walk of the graph."""

    def create() -> None:
        create_order(by=writer.user, fields={"title": "Waiting"}, dependencies=[other])

    with statements_of() as sent:
        create()
    walks = any("RECURSIVE" in statement for statement in sent)
    yield Row(
        "create an order that waits (service)",
        replace(bench.timed(create), statements=len(sent)),
        verdicts=[Verdict("no check for a cycle", not walks)],
    )


# --- Young tables and dense graphs ------------------------------------------------------------

# The tables that a walk of the graph reads. Without statistics the planner has only defaults.
FORGET = (
    "DELETE FROM pg_statistic WHERE starelid = ANY(%s::regclass[])",
    "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = ANY(%s::regclass[])",
)
WALKED = ["orders_order", "orders_orderdependency"]
MAX_DENSE_MS = 1000


def reading_young_tables(bench: Bench, chain: Account) -> Iterator[Row]:
    """Measure walks without statistics, as in tables that were never analysed.

    The floor runs with statistics. Only PostgreSQL plans with statistics that can be missing.
    """
    if connection.vendor != "postgresql":
        return
    first, last = chain.order_ids[0], chain.order_ids[-1]
    for what, work in (
        ("read a chain", partial(queries.chain_for, chain.user, first)),
        ("read blockers", partial(queries.blockers_for, chain.user, last)),
        ("refuse a cycle", partial(_refuse_cycle, first, last)),
        ("fail along a chain", partial(_move, chain, "failed")),
    ):

        def young(work: Callable[[], object] = work) -> Figures:
            with _no_statistics():
                return bench.timed(work)

        pairs = in_pairs(bench.rounds, young, partial(bench.timed, work))
        yield Row(
            f"{what} of {len(chain.order_ids):,}, no statistics",
            pairs.ours,
            pairs.floor,
            pairs.ratio,
            pairs.cpu_ratio,
            [times_the_floor(pairs.ratio, 3)],
        )


@contextmanager
def _no_statistics() -> Iterator[None]:
    """Forget the statistics of the walked tables until the end of the block."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for statement in FORGET:
                cursor.execute(statement, [WALKED])
        yield
        transaction.set_rollback(True)


def _refuse_cycle(first: int, last: int) -> None:
    with suppress(DependencyCycle):
        require_no_cycle(first, [last])


def reading_dense_graphs(bench: Bench, size: int) -> Iterator[Row]:
    """Measure orders that each wait for all before them: a thousand have half a million edges."""
    dense = make_dense_graph("dense", size)
    last = dense.order_ids[-1]
    for what, work in (
        ("chain", partial(queries.chain_for, dense.user, last)),
        ("blockers", partial(queries.blockers_for, dense.user, last)),
    ):
        with statements_of() as sent:
            work()
        figures = bench.timed(work)
        yield Row(
            f"read the {what} of {size:,} that wait for all before",
            replace(figures, statements=len(sent)),
            verdicts=[Verdict(f"<= {MAX_DENSE_MS:,} ms", (figures.p50_ms or 0) <= MAX_DENSE_MS)],
        )


# --- Propagation ------------------------------------------------------------------------------

# The service reads the rows once and works in memory; here the database does all of it.
MOVE = """
    UPDATE orders_order
    SET status = %s, status_changed_at = {now}, updated_at = {now}, version = version + 1
    WHERE id = %s
"""
FAIL_ALONG = """
    UPDATE orders_order
    SET status = 'failed', status_changed_at = {now}, updated_at = {now}, version = version + 1
    WHERE id IN (
        WITH RECURSIVE walk(id) AS (
            SELECT order_id FROM orders_orderdependency WHERE depends_on_id = %s
            UNION
            SELECT e.order_id FROM walk
                JOIN orders_order o
                    ON o.id = walk.id AND o.status = 'pending' AND o.failure_policy = 'fail'
                JOIN orders_orderdependency e ON e.depends_on_id = walk.id
        ) SELECT id FROM walk
    )
"""
ACTIVATE = """
    UPDATE orders_order
    SET status = 'active', status_changed_at = {now}, updated_at = {now}, version = version + 1
    WHERE status = 'pending' AND auto_activate AND id IN (
        SELECT order_id FROM orders_orderdependency WHERE depends_on_id = %s
    ) AND NOT EXISTS (
        SELECT 1 FROM orders_orderdependency e JOIN orders_order d ON d.id = e.depends_on_id
        WHERE e.order_id = orders_order.id AND d.status NOT IN ('fulfilled', 'completed')
    )
"""
TELL = """
    INSERT INTO orders_event (event_id, type, subject_kind, subject_uuid, order_id, owner_id,
        project_id, data, created_at)
    SELECT {uuid}, 'order_status_changed', 'order', uuid, id, owner_id, project_id,
        '{{"title": "", "status": "", "old_status": "", "new_status": "", "cause": {{}}}}', {now}
    FROM orders_order WHERE owner_id = %s AND status = %s
"""


class _TakenBack(Exception):
    """Rolls a transaction back, so that the same chain can move again."""


def propagating(bench: Bench, chain: Account, crowd: Account) -> Iterator[Row]:
    """Measure a failure along a whole chain, and a completion with many dependents."""
    yield bench.measure(
        f"fail along a chain of {len(chain.order_ids):,}",
        partial(_move, chain, "failed"),
        partial(_bare_move, bench.database, chain, "failed", FAIL_ALONG, "failed"),
        lambda statements, _: [at_most(statements, 30)],
    )
    back = partial(_move, chain, "failed", "pending")
    with statements_of() as sent:
        back()
    yield Row(
        f"fail along a chain of {len(chain.order_ids):,}, and come back",
        replace(bench.timed(back), statements=len(sent)),
        verdicts=[at_most(len(sent), 60)],
    )
    yield bench.measure(
        f"complete what {len(crowd.order_ids) - 1:,} wait for",
        partial(_move, crowd, "completed"),
        partial(_bare_move, bench.database, crowd, "completed", ACTIVATE, "active"),
        lambda statements, _: [at_most(statements, 30)],
    )


def _move(chain: Account, *statuses: str) -> None:
    with suppress(_TakenBack), transaction.atomic():
        for status in statuses:
            move_order(order_id=chain.order_ids[0], status=status, by=chain.user)
        raise _TakenBack


def _bare_move(database: Database, chain: Account, status: str, follow: str, followed: str) -> None:
    words = {"now": "CURRENT_TIMESTAMP", "uuid": database.uuid}
    first = chain.order_ids[0]
    with suppress(_TakenBack), database.transaction() as run:
        run(MOVE.format(**words), [status, first])
        run(follow.format(**words), [first])
        run(TELL.format(**words), [chain.user.pk, followed])
        raise _TakenBack
