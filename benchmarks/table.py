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
    ours: Figures | None = None
    floor: Figures | None = None
    ratio: float | None = None
    cpu_ratio: float | None = None
    verdicts: Sequence[Verdict] = ()
    # The same of the control, where it was measured.
    control: Figures | None = None
    control_ratio: float | None = None
    control_cpu_ratio: float | None = None


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


@dataclass(frozen=True)
class Turns:
    """What one side measured, turn by turn."""

    figures: Sequence[Figures]

    @property
    def middle(self) -> Figures:
        """The median of each figure."""
        return middle(self.figures)

    def ratio_to(self, other: "Turns") -> float:
        """Return the median of this side's rate divided by the other's in the same turn."""
        return median(
            mine.per_second / theirs.per_second
            for mine, theirs in zip(self.figures, other.figures, strict=True)
        )

    def cpu_ratio_to(self, other: "Turns") -> float | None:
        """Return the median of the other's processor time divided by this side's."""
        ratios = [
            theirs.cpu_ms / mine.cpu_ms
            for mine, theirs in zip(self.figures, other.figures, strict=True)
            if mine.cpu_ms and theirs.cpu_ms
        ]
        return median(ratios) if ratios else None


def in_turn(rounds: int, sides: Sequence[Callable[[], Figures]]) -> list[Turns]:
    """Measure several sides in turn, so that other load on the machine affects all alike."""
    rows = [[side() for side in sides] for _ in range(rounds)]
    return [Turns(column) for column in zip(*rows, strict=True)]


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


def of_the_control(ratio: float, least: float) -> Verdict:
    """Judge our rate against the control's."""
    return Verdict(f">= {least:.2f} of control", ratio >= least)


def times_the_floor(ratio: float, most: float) -> Verdict:
    """Judge our time against the floor's: the inverse ratio of the rates."""
    return Verdict(f"<= {most} x floor's time", 1 / ratio <= most)


# --- Text -------------------------------------------------------------------------------------

Column = tuple[str, str, Callable[[Row], str]]


def text_of(rows: Sequence[Row]) -> str:
    """Write the rows as aligned tables: those beside the floor, then those beside the control."""
    beside_floor = [row for row in rows if row.control is None]
    beside_control = [row for row in rows if row.control is not None]
    tables = ((_BESIDE_FLOOR, beside_floor), (_BESIDE_CONTROL, beside_control))
    return "\n\n".join(_table(columns, rows) for columns, rows in tables if rows)


def line_of(row: Row) -> str:
    """Write a row as one line, for people who wait for the table."""
    p50 = _number(row.ours.p50_ms if row.ours else None, 2)
    targets = "; ".join(verdict.target for verdict in row.verdicts)
    parts = [row.what, f"{p50} ms" if p50 else "", targets, _verdict(row)]
    return ", ".join(part for part in parts if part)


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    lines = [
        [group for group, _, _ in columns],
        [name for _, name, _ in columns],
        *([write(row) for _, _, write in columns] for row in rows),
    ]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    written = [
        "  ".join(
            cell.ljust(width) if name in WORDS else cell.rjust(width)
            for cell, width, (_, name, _) in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*written[:2], "-" * max(map(len, written)), *written[2:]])


WORDS = {"what", "target", ""}  # columns of text are aligned left, numbers right


def _figures(side: str, of: Callable[[Row], Figures | None]) -> list[Column]:
    """Return the columns of one side."""

    def column(name: str, field: str, decimals: int) -> Column:
        def write(row: Row) -> str:
            figures = of(row)
            value = getattr(figures, field) if figures else None
            is_small = field == "per_second" and value is not None and value < 100
            return _number(value, 1 if is_small else decimals)

        return side, name, write

    return [
        column("per s", "per_second", 0),
        column("p50 ms", "p50_ms", 2),
        column("p99 ms", "p99_ms", 2),
        column("SQL", "statements", 0),
        column("CPU ms", "cpu_ms", 2),
    ]


def _verdict(row: Row) -> str:
    missed = [verdict.target for verdict in row.verdicts if not verdict.met]
    if missed:
        return f"missed: {'; '.join(missed)}"
    return "ok" if row.verdicts else ""


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:,.{decimals}f}"


_WHAT: Column = ("", "what", lambda row: row.what)
_TARGETS: list[Column] = [
    ("", "target", lambda row: "; ".join(verdict.target for verdict in row.verdicts)),
    ("", "", _verdict),
]
_BESIDE_FLOOR = [
    _WHAT,
    *_figures("", lambda row: row.ours),
    *_figures("floor", lambda row: row.floor),
    ("ratio", "rate", lambda row: _number(row.ratio, 2)),
    ("ratio", "CPU", lambda row: _number(row.cpu_ratio, 2)),
    *_TARGETS,
]
_BESIDE_CONTROL = [
    _WHAT,
    *_figures("", lambda row: row.ours),
    *_figures("control", lambda row: row.control),
    ("floor", "per s", lambda row: _number(row.floor.per_second if row.floor else None, 0)),
    ("of control", "rate", lambda row: _number(row.control_ratio, 2)),
    ("of control", "CPU", lambda row: _number(row.control_cpu_ratio, 2)),
    ("of floor", "rate", lambda row: _number(row.ratio, 2)),
    *_TARGETS,
]
