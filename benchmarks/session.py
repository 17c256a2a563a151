"""One run: fill the database, and measure group by group."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.core.management import call_command

from benchmarks import (
    asking,
    carts,
    catalogue,
    chains,
    checkouts,
    footprint,
    hub,
    inbox,
    limiting,
    messages,
    pages,
    push,
    relaying,
    reports,
    rest,
    seeding,
    shop,
    signing_in,
    syncing,
    webhooks,
)
from benchmarks.bare import connect
from benchmarks.table import Row, line_of
from orderchainer.core.logs import configure, logging_config

LIST_SIZES = (10, 1_000, 100_000)
DEPTHS = (10, 1_000, 5_000)
OVER_HTTP = {"create", "get", "list", "chain"}


def measured(directory: Path, groups: Sequence[str], *, quick: bool) -> Iterator[Row]:
    """Yield the rows of `groups` as they are measured; progress goes to standard error."""
    _log_to_the_file_only(directory)
    # The benchmarks need no collected static files.
    warnings.filterwarnings("ignore", message="No directory at")
    sys.stderr.write("Filling the database …\n")
    call_command("migrate", verbosity=0)
    run = Run(directory, rounds=2 if quick else 5, seconds=0.5 if quick else 2.0, quick=quick)
    for row in run.rows(set(groups)):
        sys.stderr.write(f"  {line_of(row)}\n")
        yield row


def _log_to_the_file_only(directory: Path) -> None:
    """Keep the console free for the table; the servers log as in production."""
    config = logging_config(level="INFO", file=directory / "bench.log", for_people=False)
    config["root"]["handlers"].remove("console")
    configure(config)


class Run:
    """The accounts to measure with, and the measurements in order."""

    def __init__(self, directory: Path, *, rounds: int, seconds: float, quick: bool) -> None:
        self.directory, self.rounds, self.seconds = directory, rounds, seconds
        self.quick = quick
        self.writer = seeding.make_account("writer", 1)
        self.readers = [seeding.make_account(f"reader-of-{size}", size) for size in LIST_SIZES]
        self.chains = [seeding.make_chain(f"chain-of-{depth}", depth) for depth in DEPTHS]
        self.crowd = seeding.make_crowd("crowd", DEPTHS[-1])
        seeding.settle()

    def rows(self, groups: set[str]) -> Iterator[Row]:
        """Yield the measurements of `groups`."""
        if groups & OVER_HTTP:
            yield from self._over_http(groups)
        if "hub" in groups:
            yield from hub.reading(self.directory, self.readers[0], self.rounds, self.seconds)
        if "inbox" in groups:
            yield from inbox.reading(
                self.directory, self.readers[-1], self.rounds, self.seconds, quick=self.quick
            )
        if "products" in groups:
            yield from catalogue.reading(self.directory, self.readers[0], self.rounds, self.seconds)
        if "cart" in groups:
            yield from carts.adding(self.directory, self.rounds, self.seconds)
        if "checkout" in groups:
            yield from checkouts.checking_out(self.directory, self.rounds, self.seconds)
        if "shop" in groups:
            yield from shop.shopping(self.directory, self.rounds, self.seconds)
        if "webhook" in groups:
            yield from webhooks.receiving(self.directory, self.rounds, self.seconds)
        if "messages" in groups:
            yield from messages.moving(self.directory, self.seconds)
        if "limits" in groups:
            yield from limiting.limiting(self.directory, self.readers[1], self.rounds, self.seconds)
        if "assistant" in groups:
            yield from asking.asking(self.directory, self.writer, self.rounds, self.seconds)
        if "sign-in" in groups:
            yield from signing_in.signing_in(
                self.directory, self.readers[0], pairs=int(self.seconds * 150)
            )
        bench = chains.Bench(connect(os.environ["DATABASE_URL"]), self.rounds, self.seconds / 2)
        other = self.writer.order_ids[0]
        if "reports" in groups:
            yield from reports.building(bench, self.readers[-1], quick=self.quick)
        if "cycle" in groups:
            yield from chains.checking_cycles(bench, self.chains, other)
            yield from chains.creating_without_check(bench, self.writer, other)
            yield from chains.reading_young_tables(bench, self.chains[-1])
        if "propagation" in groups:
            yield from chains.propagating(bench, self.chains[-1], self.crowd)
        if "chain" in groups:
            yield from chains.reading_dense_graphs(bench, DEPTHS[1])
        # Clean up after hundreds of thousands of rolled-back events, which no real database has.
        seeding.settle()
        if "relay" in groups:
            yield from relaying.relaying(bench, self.writer)
        if "sync" in groups:
            database = bench.database
            yield from syncing.syncing(self.directory, database, self.writer, quick=self.quick)
        if "push" in groups:
            seeding.settle()
            yield from push.pushing(self.directory, self.rounds, self.seconds)
        if "pages" in groups:
            yield from pages.showing(self.directory, quick=self.quick)
        if "footprint" in groups:
            yield from footprint.standing(self.directory, quick=self.quick)

    def _over_http(self, groups: set[str]) -> Iterator[Row]:
        with rest.both_serving(self.directory, self.rounds, self.seconds) as both:
            if "create" in groups:
                yield from rest.creating(both, self.writer)
            if "get" in groups:
                yield from rest.getting(both, self.readers[1])
            if "list" in groups:
                yield from rest.listing(both, self.readers)
            if "chain" in groups:
                yield from rest.reading_chains(both, self.chains)
