"""The relay of events into the stream."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks.bare import Database
from benchmarks.chains import Bench
from benchmarks.seeding import Account, add_events
from benchmarks.statements import statements_of
from benchmarks.table import Figures, Row, in_pairs
from orders.stream.relay import ASSIGN_POSITIONS, BATCH_SIZE, relay_events

EVENTS = 10_000


def relaying(bench: Bench, writer: Account) -> Iterator[Row]:
    """Measure how fast committed events get their positions, without any subscribers."""
    relay_events()
    with statements_of() as sent:
        _timed(writer, relay_events)
    pairs = in_pairs(
        bench.rounds,
        lambda: _timed(writer, relay_events),
        lambda: _timed(writer, lambda: _bare_relay(bench.database)),
    )
    yield Row(
        f"relay {EVENTS:,} events (each)",
        replace(pairs.ours, statements=len(sent)),
        pairs.floor,
        pairs.ratio,
        pairs.cpu_ratio,
    )


def _timed(writer: Account, relay: Callable[[], object]) -> Figures:
    add_events(writer, EVENTS)
    cpu, started = time.process_time(), time.perf_counter()
    relay()
    elapsed = time.perf_counter() - started
    return Figures(
        per_second=EVENTS / elapsed,
        cpu_ms=(time.process_time() - cpu) / EVENTS * 1000,
    )


def _bare_relay(database: Database) -> None:
    """Do the relay's work without announcing it: lock, number, read, store the position."""
    count = BATCH_SIZE
    while count == BATCH_SIZE:
        with database.transaction() as run:
            ((last,),) = run(
                f"SELECT last_position FROM orders_eventstream WHERE id = 1 {database.lock}",
                [],
            )
            run(ASSIGN_POSITIONS, [last, BATCH_SIZE])
            events = run(
                "SELECT * FROM orders_event WHERE position > %s ORDER BY position",
                [last],
            )
            count = len(events)
            run(
                "UPDATE orders_eventstream SET last_position = %s WHERE id = 1",
                [last + count],
            )
