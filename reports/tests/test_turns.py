"""The periods of a schedule, one after the other."""

from datetime import date

import pytest

from reports.turns import ONE_DAY, first_day, last_day, periods_before


@pytest.mark.parametrize(
    ("frequency", "day", "first", "last"),
    [
        ("daily", date(2024, 2, 29), date(2024, 2, 29), date(2024, 2, 29)),
        ("weekly", date(2025, 1, 1), date(2024, 12, 30), date(2025, 1, 5)),
        ("weekly", date(2025, 1, 5), date(2024, 12, 30), date(2025, 1, 5)),
        ("monthly", date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29)),
        ("monthly", date(2024, 12, 31), date(2024, 12, 1), date(2024, 12, 31)),
    ],
)
def test_a_day_is_in_one_period(frequency: str, day: date, first: date, last: date) -> None:
    assert first_day(frequency, day) == first
    assert last_day(frequency, first) == last


@pytest.mark.parametrize("frequency", ["daily", "weekly", "monthly"])
def test_periods_follow_each_other_without_a_gap(frequency: str) -> None:
    first = first_day(frequency, date(2023, 1, 1))
    for _ in range(800):
        following = last_day(frequency, first) + ONE_DAY
        assert first_day(frequency, following) == following
        assert periods_before(frequency, following, 1) == first
        first = following
