"""What a browser sees of the workspace when it opens a page: requests, paints and shifts."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from benchmarks.chromium import READ, SETTLE_MS, Member, opened
from benchmarks.table import Row, Verdict

MAX_COLD_REQUESTS, MAX_WARM_REQUESTS = 14, 4
MAX_ELEMENTS = 6_000
MAX_SHIFT = 0.02
MAX_BLOCKED_MS = 150
# First and largest paint in seconds, as it is and on a slow phone.
FULL_SPEED, SLOWED = (0.5, 0.8), (1.2, 1.8)


def visiting(member: Member, *, quick: bool) -> Iterator[Row]:
    """Measure visits to the list and the board of a project."""
    rounds = 1 if quick else 5
    for path in ("/orders", "/board"):
        address = f"{member.home}{path}"
        yield _requests(member, address)
        yield _painting(member, address, rounds, slowed=False)
        yield _painting(member, address, rounds, slowed=True)


def _requests(member: Member, address: str) -> Row:
    """Count the requests of a first visit and of a second one, and the other origins."""
    asked: list[str] = []
    from_cache: list[str] = []
    with member.signed_in() as context:
        page = context.new_page()
        tools = context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
        tools.on("Network.requestServedFromCache", lambda event: from_cache.append("memory"))
        tools.on(
            "Network.responseReceived",
            lambda event: from_cache.append("disk") if event["response"]["fromDiskCache"] else None,
        )
        counts = []
        for _ in range(2):
            asked.clear()
            from_cache.clear()
            page.goto(address)
            page.wait_for_timeout(SETTLE_MS)
            sent = [url for url in asked if not url.startswith("data:")]
            counts.append(len(sent) - len(from_cache))
        strangers = [url for url in asked if not url.startswith((member.base, "data:"))]
        elements = page.evaluate(READ)["elements"]
    cold, warm = counts
    return Row(
        f"browser: {_short(address)}, first and second visit",
        verdicts=[
            Verdict(f"<= {MAX_COLD_REQUESTS} requests cold: {cold}", cold <= MAX_COLD_REQUESTS),
            Verdict(f"<= {MAX_WARM_REQUESTS} warm: {warm}", warm <= MAX_WARM_REQUESTS),
            Verdict(f"none elsewhere: {len(strangers)}", not strangers),
            Verdict(f"<= {MAX_ELEMENTS:,} elements: {elements:,}", elements <= MAX_ELEMENTS),
        ],
    )


def _painting(member: Member, address: str, rounds: int, *, slowed: bool) -> Row:
    """Measure the first visit: what is painted when, what moves, and what blocks."""
    visits: list[Mapping[str, Any]] = []
    for _ in range(rounds):
        with member.signed_in() as context:
            visits.append(opened(context, address, slowed=slowed).evaluate(READ))
    first, largest = (
        median(visit[name] for visit in visits) / 1000 for name in ("first", "largest")
    )
    shift = max(visit["shift"] for visit in visits)
    blocked = median(visit["blocked"] for visit in visits)
    most_first, most_largest = SLOWED if slowed else FULL_SPEED
    verdicts = [
        Verdict(
            f"paint <= {most_first}, {most_largest} s: {first:.2f}, {largest:.2f}",
            first <= most_first and largest <= most_largest,
        ),
        Verdict(f"shift <= {MAX_SHIFT}: {shift:.3f}", shift <= MAX_SHIFT),
    ]
    if slowed:
        target = f"blocked <= {MAX_BLOCKED_MS} ms: {blocked:.0f}"
        verdicts.append(Verdict(target, blocked <= MAX_BLOCKED_MS))
    how = ", slow" if slowed else ""
    return Row(f"browser: {_short(address)}{how}", verdicts=verdicts)


def _short(address: str) -> str:
    return address.rpartition("/")[2]
