"""How payloads show spreads of durations."""

from orderchainer.core.db.durations import Spread
from reports.payloads import Payload


def spread_body(spread: Spread) -> Payload:
    """Write a spread, in seconds rounded to tenths. Without durations all but the count is null."""
    return {
        "count": spread.count,
        "average": _tenths(spread.average),
        "p50": _tenths(spread.p50),
        "p90": _tenths(spread.p90),
    }


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
