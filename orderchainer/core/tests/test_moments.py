"""The formats of times."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orderchainer.core.moments import (
    milliseconds,
    seconds,
    seconds_without_zone,
)

IN_UTC = datetime(2025, 11, 7, 13, 18, 43, 934_999, tzinfo=UTC)
IN_ANOTHER_ZONE = IN_UTC.astimezone(timezone(timedelta(hours=2)))


@pytest.mark.parametrize("moment", [IN_UTC, IN_ANOTHER_ZONE])
@pytest.mark.parametrize(
    ("write", "text"),
    [
        (seconds_without_zone, "2025-11-07T13:18:43"),
        (seconds, "2025-11-07T13:18:43Z"),
        (milliseconds, "2025-11-07T13:18:43.934Z"),
    ],
)
def test_every_form_is_in_utc_and_truncates_fractions(
    moment: datetime, write: Callable[[datetime], str], text: str
) -> None:
    assert write(moment) == text


def test_a_full_second_has_milliseconds_too() -> None:
    assert milliseconds(IN_UTC.replace(microsecond=0)) == "2025-11-07T13:18:43.000Z"
