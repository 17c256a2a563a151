"""How a page in a browser follows events, and how soon it answers keys and clicks."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import requests
from django.db import transaction

from benchmarks.chromium import READ, WAIT_MS, Member
from benchmarks.table import Row, Verdict, figures_of
from orders.lifecycle import EventType
from orders.models import Order
from orders.stream.models import ORDER, Event

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, WebSocketRoute

NEWS, PAUSE_SECONDS = 20, 0.7
MAX_NEWS_MS, WANTED_NEWS_MS = (300, 800), (150, 400)

STORM_SECONDS, TICKS_PER_SECOND, EVENTS_PER_TICK = 10, 10, 10
# So many of the orders that a storm changes are in sight, and as many are not.
IN_SIGHT = 40
MAX_REQUESTS_PER_SECOND, MAX_TASK_MS = 7, 100
MAX_LATE_SECONDS = 2.0

MISSED = 500
MAX_RETURN_SECONDS, MAX_RETURN_REQUESTS = 3.0, 3

MAX_ANSWER_MS, WANTED_ANSWER_MS = 100, 50
# What an observer does not report took less.
UNREPORTED_MS = 16
ROUNDS_OF_KEYS = 10
# The first one closes the menu that a click has opened.
KEYS = ("Escape", "j", "j", "k", "?", "Escape")
BETWEEN_KEYS_MS = 120

HEARD, BURST = 10_000, 100
MAX_GROWTH_MB = 10.0

_NUMBERS = """() => [...document.querySelectorAll('.board [data-part]')]
  .map((card) => Number(card.id.replace('order-', '')))"""
_WRONG = """(expected) => Object.entries(expected).filter(([number, title]) =>
  !document.getElementById(`order-${number}`)?.textContent.includes(title)).length"""
_POLL_SECONDS = 0.02


def following(member: Member, *, quick: bool) -> Iterator[Row]:
    """Measure the board of a project while its orders change."""
    yield _news(member, 5 if quick else NEWS)
    yield _storm(member, 3 if quick else STORM_SECONDS)
    yield _return(member)
    yield _answers(member, 3 if quick else ROUNDS_OF_KEYS)
    yield _memory(member, HEARD // 10 if quick else HEARD)


class _Changes:
    """Changes orders of an account as somebody else does.

    Most of it goes to the database at once, because a request for each change would keep the
    processors busy. One request comes last, and tells the server that there are new events.
    """

    def __init__(self, member: Member) -> None:
        self._member = member
        # Playwright runs in this thread, and Django refuses to ask the database beside it.
        self.thread = ThreadPoolExecutor(1)
        self._uuids: dict[int, UUID] = self.thread.submit(self._read_uuids).result()

    def make(self, numbers: Sequence[int], title: str) -> None:
        """Give these orders this title, with an event for each."""
        *most, last = numbers
        user = self._member.account.user
        with transaction.atomic():
            Order.objects.filter(pk__in=most).update(title=title)
            Event.objects.bulk_create(
                Event(
                    type=EventType.UPDATED,
                    subject_kind=ORDER,
                    subject_uuid=self._uuids[number],
                    order_id=number,
                    owner_id=user.pk,
                    project_id=user.personal_project.pk,
                    data={"changes": {"title": {"from": "", "to": title}}},
                )
                for number in most
            )
        self.make_one(last, title)

    def make_one(self, number: int, title: str) -> None:
        """Give this order this title by a request."""
        requests.patch(
            f"{self._member.base}/api/orders/{number}/",
            json={"title": title},
            headers={"Authorization": f"Bearer {self._member.account.token}"},
            timeout=WAIT_MS / 1000,
        ).raise_for_status()

    def storm(self, numbers: Sequence[int], seconds: int) -> dict[int, str]:
        """Change a hundred orders a second; return the last title of each."""
        titles: dict[int, str] = {}
        started = time.monotonic()
        for tick in range(seconds * TICKS_PER_SECOND):
            first = tick * EVENTS_PER_TICK % len(numbers)
            some = [*numbers, *numbers][first : first + EVENTS_PER_TICK]
            title = f"Turn {tick:03}"
            self.make(some, title)
            titles |= dict.fromkeys(some, title)
            time.sleep(max(0.0, started + (tick + 1) / TICKS_PER_SECOND - time.monotonic()))
        return titles

    def _read_uuids(self) -> dict[int, UUID]:
        ids = self._member.account.order_ids
        found = Order.objects.filter(pk__range=(ids[0], ids[-1]))
        return dict(found.values_list("pk", "uuid"))


def _news(member: Member, times: int) -> Row:
    """Measure from the answer to a change of an order to its card on the board of somebody."""
    changes = _Changes(member)
    delays = []
    with member.signed_in() as context:
        board = member.board_in(context)
        card = board.get_by_role("region", name="pending").get_by_role("listitem").first
        (number,) = re.findall(r"#(\d+)", card.get_by_role("link").first.inner_text())
        for turn in range(times):
            title = f"News {turn} of the hour"
            changes.make_one(int(number), title)
            started = time.monotonic()
            board.get_by_role("link", name=f"#{number} {title}").wait_for()
            delays.append(time.monotonic() - started)
            time.sleep(PAUSE_SECONDS)
    ordered = sorted(delays)
    p50, p95 = (ordered[len(ordered) * part // 100] * 1000 for part in (50, 95))
    (most_p50, most_p95), (good_p50, good_p95) = MAX_NEWS_MS, WANTED_NEWS_MS
    return Row(
        "browser: a change appears on the board",
        figures_of(delays, elapsed=sum(delays)),
        verdicts=[
            Verdict(
                f"p50, p95 <= {most_p50}, {most_p95} ms (better {good_p50}, {good_p95}): "
                f"{p50:.0f}, {p95:.0f}",
                p50 <= most_p50 and p95 <= most_p95,
            )
        ],
    )


def _storm(member: Member, seconds: int) -> Row:
    """Measure a board while a hundred events a second arrive, and how late it is at the end."""
    changes = _Changes(member)
    with member.signed_in() as context:
        board = member.board_in(context)
        shown = board.evaluate(_NUMBERS)[:IN_SIGHT]
        hidden = [pk for pk in member.account.order_ids if pk not in set(shown)][:IN_SIGHT]
        asked = _requests_of(board)
        board.evaluate("() => { measured.longest = 0; }")
        storm = changes.thread.submit(changes.storm, [*shown, *hidden], seconds)
        started = time.monotonic()
        while not storm.done():
            board.wait_for_timeout(50)
        lasted = time.monotonic() - started
        titles = storm.result()
        late = _seconds_until_right(board, {number: titles[number] for number in shown})
        longest = board.evaluate(READ)["longest"]
    rate = len(asked) / lasted
    count = seconds * TICKS_PER_SECOND * EVENTS_PER_TICK
    return Row(
        f"browser: {count:,} events in {lasted:.0f} s",
        verdicts=[
            Verdict(
                f"<= {MAX_REQUESTS_PER_SECOND} requests/s: {rate:.1f}",
                rate <= MAX_REQUESTS_PER_SECOND,
            ),
            Verdict(f"tasks <= {MAX_TASK_MS} ms: {longest:.0f}", longest <= MAX_TASK_MS),
            _right_within(MAX_LATE_SECONDS, late),
        ],
    )


def _return(member: Member) -> Row:
    """Measure how a board catches up after its socket was cut and 500 orders changed."""
    changes = _Changes(member)
    sockets: list[WebSocketRoute] = []
    is_cut = False

    def connect(socket: "WebSocketRoute") -> None:
        sockets.append(socket)
        if is_cut:
            socket.close(code=1012)
        else:
            socket.connect_to_server()

    with member.signed_in() as context:
        context.route_web_socket("**/ws/projects/**", connect)
        board = member.board_in(context)
        shown = board.evaluate(_NUMBERS)
        hidden = [pk for pk in member.account.order_ids if pk not in set(shown)]
        changed = [*shown, *hidden][:MISSED]
        is_cut = True
        sockets[-1].close(code=1012)
        changes.thread.submit(changes.make, changed, "Meanwhile").result()
        board.get_by_role("status", name="Connection").get_by_text("Reconnecting").wait_for()
        asked = _requests_of(board)
        is_cut = False
        board.evaluate("() => { dispatchEvent(new Event('online')); }")
        late = _seconds_until_right(board, dict.fromkeys(shown, "Meanwhile"))
        # What it still asks for once it is right counts too.
        board.wait_for_timeout(1000)
    return Row(
        f"browser: back after {MISSED} events",
        verdicts=[
            _right_within(MAX_RETURN_SECONDS, late),
            Verdict(
                f"<= {MAX_RETURN_REQUESTS} requests: {len(asked)}",
                len(asked) <= MAX_RETURN_REQUESTS,
            ),
        ],
    )


def _answers(member: Member, rounds: int) -> Row:
    """Measure from a key or a click to the next paint, on a board and on a list."""
    took: list[float] = []
    with member.signed_in() as context:
        for path, selector in (("/board", "[data-key=m]"), ("/orders", "[data-select]")):
            page = context.new_page()
            page.goto(f"{member.home}{path}")
            page.wait_for_load_state("networkidle")
            count = 0
            clicked = page.locator(selector).first
            for _ in range(rounds):
                clicked.click()
                page.wait_for_timeout(BETWEEN_KEYS_MS)
                for key in KEYS:
                    page.keyboard.press(key)
                    page.wait_for_timeout(BETWEEN_KEYS_MS)
                count += 1 + len(KEYS)
            reported = list(page.evaluate(READ)["interactions"].values())
            took += [*reported, *[UNREPORTED_MS] * (count - len(reported))]
            page.close()
    ordered = sorted(took)
    p95 = ordered[len(ordered) * 95 // 100]
    return Row(
        f"browser: {len(took)} keys and clicks until the next paint",
        verdicts=[
            Verdict(
                f"p95 <= {MAX_ANSWER_MS} ms (better {WANTED_ANSWER_MS}): {p95:.0f}",
                p95 <= MAX_ANSWER_MS,
            )
        ],
    )


def _memory(member: Member, count: int) -> Row:
    """Measure how much memory a board keeps after many events, of which a socket of ours tells."""
    sockets: list[WebSocketRoute] = []
    with member.signed_in() as context:
        context.route_web_socket("**/ws/projects/**", lambda socket: sockets.append(socket))
        board = member.board_in(context)
        tools = context.new_cdp_session(board)

        def used() -> float:
            tools.send("HeapProfiler.collectGarbage")
            return float(tools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

        shown = board.evaluate(_NUMBERS)
        before = used()
        for event in range(count):
            number = shown[event % len(shown)]
            sockets[-1].send(f'{{"type": "order_updated", "order_id": {number}}}')
            if event % BURST == 0:
                board.wait_for_timeout(20)
        board.wait_for_timeout(2000)
        growth = used() - before
    return Row(
        f"browser: memory after {count:,} events",
        verdicts=[Verdict(f"+ <= {MAX_GROWTH_MB:.0f} MB: {growth:.1f}", growth <= MAX_GROWTH_MB)],
    )


def _requests_of(page: "Page") -> list[str]:
    """Collect the addresses that the page asks for from now on."""
    asked: list[str] = []

    def note(request: "Request") -> None:
        asked.append(request.url)

    page.on("request", note)
    return asked


def _seconds_until_right(page: "Page", titles: Mapping[int, str]) -> float:
    """Wait until the cards on the page have these titles."""
    started = time.monotonic()
    expected: dict[str, Any] = {str(number): title for number, title in titles.items()}
    while (
        wrong := page.evaluate(_WRONG, expected)
    ) and time.monotonic() < started + WAIT_MS / 1000:
        time.sleep(_POLL_SECONDS)
    return float("inf") if wrong else time.monotonic() - started


def _right_within(most: float, seconds: float) -> Verdict:
    return Verdict(f"right <= {most:.0f} s after: {seconds:.2f}", seconds <= most)
