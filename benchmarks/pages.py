"""The pages of the workspace: their size, their statements and their time.

The server is the embedded one, on the database of the run, with static files as in production. Its
log counts statements and milliseconds. Playwright and Chromium measure what a browser sees; without
them, those rows are missing.
"""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import requests
from django.conf import settings
from django.db import connection

from benchmarks import chromium, page_browser, page_events, page_overview, seeding
from benchmarks.serving import EMBEDDED_START_SECONDS, collected_in, stop, wait_for
from benchmarks.table import Row, Verdict, at_most, figures_of
from orders.lifecycle import Status
from orders.queries.chains import MAX_CHAIN

FEW, MANY = 10, 10_000
CHAIN = 5_000
# As long as the page of a chain must bear, and as long as chains get before they are cut.
BRAIDS = (CHAIN, MAX_CHAIN)
ANSWER_SECONDS = 60.0
# The first requests of a process load templates.
WARM_UP = 3
# How many cards a fragment brings again.
CARDS = 20
MAX_DRAWN = 150
_SPREAD = (
    *(Status.DRAFT, Status.PENDING, Status.PENDING, Status.ACTIVE),
    *(Status.SHIPPED, Status.FULFILLED, Status.FAILED, Status.COMPLETED),
)


@dataclass(frozen=True)
class Budget:
    """What a page may take: statements, kB of HTML as it is and compressed, ms at p50 and p95."""

    statements: int
    raw_kb: int
    packed_kb: int
    p50_ms: int
    p95_ms: int


@dataclass(frozen=True)
class Page:
    """A page below the path of a project. `target` is the id that htmx sends for a fragment."""

    name: str
    path: str
    budget: Budget
    is_fragment: bool = False


def showing(directory: Path, *, quick: bool) -> Iterator[Row]:
    """Measure the pages of a project with few orders and of one with many, and a long chain."""
    few, many = (_project(f"pages-of-{size}", size) for size in (FEW, MANY))
    chain = seeding.make_chain("pages-of-a-chain", CHAIN)
    braids = [seeding.make_braid(f"pages-of-a-braid-{size}", size) for size in BRAIDS]
    seeding.settle()
    times = 10 if quick else 60
    with _embedded(directory / "pages") as (port, log):
        site = Site(port, log)
        counted = {
            page.name: site.measure(few, page, WARM_UP).statements for page in _pages_of(few)
        }
        for page in _pages_of(many):
            yield site.measure(many, page, times).row(f"{MANY:,} orders", counted[page.name])
        yield from _long_chain(site, chain, times)
        yield from _in_a_browser(f"http://127.0.0.1:{port}", many, braids, quick=quick)


def _in_a_browser(
    base: str, many: seeding.Account, braids: Sequence[seeding.Account], *, quick: bool
) -> Iterator[Row]:
    homes = {account: f"{base}{_home_of(account)}" for account in (many, *braids)}
    with chromium.started() as browser:
        if browser is None:
            return
        member = chromium.Member(browser, base, homes[many], many)
        yield from _until_it_gives_up(page_browser.visiting(member, quick=quick))
        yield from _until_it_gives_up(page_events.following(member, quick=quick))
        for braid in braids:
            member = chromium.Member(browser, base, homes[braid], braid)
            length = len(braid.order_ids)
            looking = page_overview.looking(
                member, braid.order_ids[0], length, is_longest=length == MAX_CHAIN
            )
            yield from _until_it_gives_up(looking)


def _until_it_gives_up(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows. If the browser waits too long for something, the others are still measured.

    That happens on a busy machine. A row then says what it has waited for.
    """
    # Only here: Playwright may be missing.
    from playwright.sync_api import Error

    try:
        yield from rows
    except Error as exc:
        reason = " ".join(exc.message.split())
        yield Row("browser: gave up", verdicts=[Verdict(reason[:200], met=False)])


def _home_of(account: seeding.Account) -> str:
    return f"/app/{account.user.personal_project.uuid}"


def _project(name: str, size: int) -> seeding.Account:
    """Register a user whose orders have every status."""
    account = seeding.make_account(name, size)
    cases = " ".join(f"WHEN {rest} THEN '{status}'" for rest, status in enumerate(_SPREAD))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE orders_order SET status = CASE id %% {len(_SPREAD)} {cases} END"
            " WHERE owner_id = %s",
            [account.user.pk],
        )
    return account


def _pages_of(account: seeding.Account) -> list[Page]:
    newest = account.order_ids[-1]
    cards = ",".join(str(number) for number in account.order_ids[-CARDS:])
    return [
        Page("list", "/orders", Budget(8, 90, 10, 60, 120)),
        Page("list, searched", "/orders?search=Order+7&status=pending", Budget(8, 90, 10, 60, 120)),
        Page("board", "/board", Budget(8, 110, 12, 90, 180)),
        Page("order", f"/orders/{newest}", Budget(8, 70, 10, 60, 120)),
        Page("cards again", f"/orders/cards?ids={cards}", Budget(5, 40, 5, 30, 70), True),
    ]


# --- The server -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What one page took."""

    page: Page
    body: bytes
    packed: int
    seconds: Sequence[float]
    statements: int

    def row(self, of_what: str, statements_of_few: int) -> Row:
        """Judge it. It may not cost more statements than with few orders."""
        budget = self.page.budget
        ordered = sorted(self.seconds)
        p50 = ordered[len(ordered) // 2] * 1000
        p95 = ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)] * 1000
        raw, packed = len(self.body) / 1000, self.packed / 1000
        figures = figures_of(self.seconds, elapsed=sum(self.seconds))
        return Row(
            f"page: {self.page.name}, {of_what}",
            ours=type(figures)(figures.per_second, figures.p50_ms, figures.p99_ms, self.statements),
            verdicts=[
                at_most(self.statements, budget.statements),
                Verdict(f"as with {FEW} orders", self.statements <= statements_of_few),
                Verdict(
                    f"<= {budget.raw_kb} kB, {budget.packed_kb} packed: {raw:.0f}, {packed:.1f}",
                    raw <= budget.raw_kb and packed <= budget.packed_kb,
                ),
                Verdict(
                    f"p50, p95 <= {budget.p50_ms}, {budget.p95_ms} ms: {p50:.0f}, {p95:.0f}",
                    p50 <= budget.p50_ms and p95 <= budget.p95_ms,
                ),
            ],
        )


class Site:
    """The running service and its log."""

    def __init__(self, port: int, log: Path) -> None:
        self._base, self._log = f"http://127.0.0.1:{port}", log
        self._sessions: dict[str, requests.Session] = {}

    def measure(self, account: seeding.Account, page: Page, times: int) -> Shown:
        """Open a page that often, and read from the log what it took."""
        session = self._session_of(account.user.email)
        address = self._base + _home_of(account) + page.path
        headers = {"HX-Request": "true", "HX-Target": "cards"} if page.is_fragment else {}
        for _ in range(WARM_UP):
            session.get(address, headers=headers, timeout=ANSWER_SECONDS).raise_for_status()
        behind = self._log.stat().st_size
        for _ in range(times):
            answer = session.get(address, headers=headers, timeout=ANSWER_SECONDS)
        lines = self._finished(behind, address.partition("?")[0][len(self._base) :], times)
        return Shown(
            page,
            answer.content,
            len(gzip.compress(answer.content, 6)),
            [line["duration_ms"] / 1000 for line in lines],
            max(int(line["queries"]) for line in lines),
        )

    def _finished(self, behind: int, path: str, times: int) -> list[Mapping[str, float]]:
        with self._log.open("rb") as log:
            log.seek(behind)
            lines = [json.loads(line) for line in log if b"request_finished" in line]
        found = [line for line in lines if line["path"] == path]
        if len(found) < times or any(line["status"] != requests.codes.ok for line in found):
            msg = f"{path} was not answered {times} times with 200"
            raise RuntimeError(msg)
        return found

    def _session_of(self, email: str) -> requests.Session:
        if email not in self._sessions:
            session = self._sessions[email] = requests.Session()
            form = session.get(f"{self._base}/sign-in", timeout=ANSWER_SECONDS).text
            (token, *_) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
            session.post(
                f"{self._base}/sign-in",
                {"email": email, "password": seeding.PASSWORD, "csrfmiddlewaretoken": token},
                timeout=ANSWER_SECONDS,
            ).raise_for_status()
        return self._sessions[email]


def _long_chain(site: Site, chain: seeding.Account, times: int) -> Iterator[Row]:
    middle = chain.order_ids[len(chain.order_ids) // 2]
    page = Page("chain", f"/orders/{middle}/chain", Budget(5, 200, 25, 600, 900))
    shown = site.measure(chain, page, times)
    row = shown.row(f"{CHAIN:,} orders", page.budget.statements)
    drawn = len(re.findall(rb'class="chain-node', shown.body))
    yield Row(
        row.what,
        row.ours,
        verdicts=[
            *row.verdicts,
            Verdict(f"1 to {MAX_DRAWN} drawn: {drawn}", 0 < drawn <= MAX_DRAWN),
        ],
    )


@contextmanager
def _embedded(directory: Path) -> Iterator[tuple[int, Path]]:
    """Start the embedded server on the database of the run; yield its port and its log."""
    directory.mkdir()
    with create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    log = directory / "orderchainer.log"
    output = directory / "output.txt"
    variables = {
        **collected_in(directory / "static"),
        "REDIS_URL": "",
        "LOG_FILE": str(log),
        "MEDIA_ROOT": str(directory / "media"),
        "PRIVATE_FILES_ROOT": str(directory / "private"),
        "PORT": str(port),
    }
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--prepare"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **variables},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(process, port, "/readyz", output, seconds=EMBEDDED_START_SECONDS)
        yield port, log
    finally:
        stop(process)
