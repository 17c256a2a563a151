"""Measurements, their comparison, and the table that shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from statistics import median


@dataclass(frozen=True)
class Figures:
    """The figures of one measurement. One is None if it was not measured or has no meaning here.

    `cpu_ms` is the processor time of the process that does the work, without the database's.
    """

    per_second: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    statements: float | None = None
    cpu_ms: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A target in words, and whether this run reached it."""

    target: str
    met: bool


@dataclass(frozen=True)
class Row:
    """One line: what was measured, our figures, the floor's, and the verdicts.

    `ratio` is our rate divided by the floor's, and `cpu_ratio` the floor's processor time divided
    by ours. In both, 1 means as fast as the floor.
    """

    what: str
    ours: Figures
    floor: Figures | None = None
    ratio: float | None = None
    cpu_ratio: float | None = None
    verdicts: Sequence[Verdict] = ()


@dataclass(frozen=True)
class Pairs:
    """Medians of alternating measurements, and of the ratios within each pair."""

    ours: Figures
    floor: Figures
    ratio: float
    cpu_ratio: float | None


def in_pairs(rounds: int, ours: Callable[[], Figures], floor: Callable[[], Figures]) -> Pairs:
    """Measure ours and the floor in turn, so that other load on the machine affects both alike."""
    measured = [(ours(), floor()) for _ in range(rounds)]
    cpu_ratios = [
        below.cpu_ms / above.cpu_ms for above, below in measured if above.cpu_ms and below.cpu_ms
    ]
    return Pairs(
        ours=middle([above for above, _ in measured]),
        floor=middle([below for _, below in measured]),
        ratio=median(above.per_second / below.per_second for above, below in measured),
        cpu_ratio=median(cpu_ratios) if cpu_ratios else None,
    )


def middle(measured: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    medians: dict[str, float | None] = {}
    for field in fields(Figures):
        values = [getattr(figures, field.name) for figures in measured]
        known = [value for value in values if value is not None]
        medians[field.name] = median(known) if known else None
    return Figures(**medians)  # type: ignore[arg-type]  # a rate is always known


def figures_of(
    seconds: Sequence[float], *, elapsed: float, cpu_seconds: float | None = None
) -> Figures:
    """Summarise measurements that took `seconds` each and `elapsed` in total."""
    ordered = sorted(seconds)
    count = len(ordered)
    return Figures(
        per_second=count / elapsed,
        p50_ms=ordered[count // 2] * 1000,
        p99_ms=ordered[min(count - 1, count * 99 // 100)] * 1000,
        cpu_ms=None if cpu_seconds is None else cpu_seconds / count * 1000,
    )


# --- Targets ----------------------------------------------------------------------------------


def at_most(statements: float | None, bound: int) -> Verdict:
    """Judge the number of statements."""
    return Verdict(f"<= {bound} SQL", statements is not None and statements <= bound)


def of_the_floor(ratio: float, least: float) -> Verdict:
    """Judge our rate against the floor's."""
    return Verdict(f">= {least:.2f} of floor", ratio >= least)


def times_the_floor(ratio: float, most: float) -> Verdict:
    """Judge our time against the floor's: the inverse ratio of the rates."""
    return Verdict(f"<= {most} x floor's time", 1 / ratio <= most)


# --- Text -------------------------------------------------------------------------------------

HEADINGS = (
    ("", "what"),
    ("", "per s"),
    ("", "p50 ms"),
    ("", "p99 ms"),
    ("", "SQL"),
    ("", "CPU ms"),
    ("floor", "per s"),
    ("floor", "p50 ms"),
    ("floor", "p99 ms"),
    ("floor", "SQL"),
    ("floor", "CPU ms"),
    ("ratio", "rate"),
    ("ratio", "CPU"),
    ("", "target"),
    ("", ""),
)
WORDS = {0, 13, 14}  # columns of text are aligned left, numbers right


def text_of(rows: Sequence[Row]) -> str:
    """Write the rows as one aligned table."""
    lines = [
        [group for group, _ in HEADINGS],
        [name for _, name in HEADINGS],
        *([*_cells(row)] for row in rows),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(15)]
    written = [
        "  ".join(
            cell.ljust(width) if column in WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*written[:2], "-" * max(map(len, written)), *written[2:]])


def _cells(row: Row) -> list[str]:
    missed = [verdict.target for verdict in row.verdicts if not verdict.met]
    verdict = f"missed: {'; '.join(missed)}" if missed else "ok"
    return [
        row.what,
        *_numbers(row.ours),
        *(_numbers(row.floor) if row.floor else [""] * 5),
        _number(row.ratio, 2),
        _number(row.cpu_ratio, 2),
        "; ".join(verdict.target for verdict in row.verdicts),
        verdict if row.verdicts else "",
    ]


def _numbers(figures: Figures) -> list[str]:
    return [
        _number(figures.per_second, 0 if figures.per_second >= 100 else 1),
        _number(figures.p50_ms, 2),
        _number(figures.p99_ms, 2),
        _number(figures.statements, 0),
        _number(figures.cpu_ms, 2),
    ]


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:,.{decimals}f}"
