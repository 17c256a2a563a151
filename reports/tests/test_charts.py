"""Charts: every bar fits, as high as its value, with levels that people can read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.exports.charts import HEIGHT, LEFT, MAX_LABELS, MAX_LEVELS, TOP, WIDTH, bar_chart

AMOUNTS = st.decimals(0, 10**13, places=2, allow_nan=False)


@given(st.lists(AMOUNTS, max_size=80))
def test_every_bar_is_within_the_picture_and_as_high_as_its_value(values: list[Decimal]) -> None:
    texts = [str(value) for value in values]
    chart = bar_chart(values, texts, texts)

    top = Decimal(chart.levels[-1].text.replace(",", ""))
    assert top >= max(values, default=Decimal(0))
    assert 2 <= len(chart.levels) <= MAX_LEVELS
    assert len(chart.labels) <= MAX_LABELS
    for value, bar in zip(values, chart.bars, strict=True):
        assert float(bar.y) >= TOP - 0.05
        assert float(bar.height) == pytest.approx(
            float(value / top) * (chart.bottom - TOP), abs=0.06
        )
        assert LEFT <= float(bar.x) <= float(bar.x) + float(bar.width) <= WIDTH
        assert float(bar.y) + float(bar.height) == pytest.approx(chart.bottom, abs=0.11)
    assert chart.bottom < HEIGHT


@pytest.mark.parametrize(
    ("highest", "levels"),
    [
        (0, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (7, ["0", "2", "4", "6", "8"]),
        (54_744, ["0", "20,000", "40,000", "60,000"]),
        (Decimal("0.30"), ["0", "1"]),
    ],
)
def test_levels_are_round(highest: int, levels: list[str]) -> None:
    chart = bar_chart([highest], ["a"], ["a"])

    assert [level.text for level in chart.levels] == levels
