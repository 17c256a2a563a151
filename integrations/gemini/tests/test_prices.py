"""What a call of each model costs on each day, to the last digit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from integrations.assistant.contracts import Price, Usage
from integrations.assistant.tally import price_of
from integrations.gemini.prices import PRICES

NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 28), date(2026, 12, 1), date(2027, 1, 1)
# 1000 tokens of which 400 came from the cache, 100 written and 300 thought.
USAGE = Usage(prompt=1000, cached=400, thought=300, answer=100, total=1400)


def price(model: str, day: date, prompt_tokens: int = 0) -> Price:
    found = price_of(PRICES, model, day, prompt_tokens)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "day", "cost"),
    [
        ("gemini-3.8-flash", NOVEMBER, "0.00198"),
        ("gemini-3.8-flash", DECEMBER, "0.00198"),
        ("gemini-3.8-flash", JANUARY, "0.00396"),
        ("gemini-3.6-flash", NOVEMBER, "0.00198"),
        ("gemini-3.6-flash", JANUARY, "0.00396"),
        ("gemini-3.5-flash-lite", NOVEMBER, "0.001192"),
        ("gemini-3.1-flash-lite", NOVEMBER, "0.00076"),
        ("gemini-4-argon", NOVEMBER, "0.00524"),
        ("gemini-4-argon", DECEMBER, "0.01048"),
        ("gemini-3.1-pro-preview", NOVEMBER, "0.00608"),
        ("gemini-2.5-flash-lite", NOVEMBER, "0.000224"),
        ("gemini-2.5-flash", NOVEMBER, "0.001192"),
        ("gemini-2.5-pro", NOVEMBER, "0.0048"),
        # Then another model answers in its place.
        ("gemini-2.5-pro", DECEMBER, "0.00198"),
        ("gemini-2.5-pro", JANUARY, "0.00396"),
    ],
    ids=lambda value: str(value),
)
def test_a_call_costs_what_its_day_says(model: str, day: date, cost: str) -> None:
    assert price(model, day).cost_of(USAGE) == Decimal(cost)


def test_a_price_holds_to_its_last_day() -> None:
    for change in (DECEMBER, JANUARY):
        before = price("gemini-4-argon", change - timedelta(days=1))
        assert before == price("gemini-4-argon", NOVEMBER if change == DECEMBER else DECEMBER)


def test_a_large_prompt_costs_more_for_all_of_its_tokens() -> None:
    at_the_bound = price("gemini-3.1-pro-preview", NOVEMBER, 200_000)
    above = price("gemini-3.1-pro-preview", NOVEMBER, 200_001)
    told = [at_the_bound.prompt, above.prompt, above.answer]
    assert told == [Decimal(2), Decimal(4), Decimal(18)]
    usage = Usage(prompt=200_001, answer=1000, total=201_001)
    assert above.cost_of(usage) == Decimal("0.818004")


@pytest.mark.parametrize(
    "model", ["gemini-1.5-pro-latest", "gemini-2.0-flash", "gemini-9", "llama", ""]
)
def test_a_model_that_nobody_lists_has_no_price(model: str) -> None:
    assert price_of(PRICES, model, NOVEMBER, 0) is None


def test_a_call_before_the_first_price_has_none() -> None:
    assert price_of(PRICES, "gemini-4-argon", date(2026, 10, 12), 0) is None


def test_no_two_rows_say_different_things_of_the_same_day() -> None:
    keys = [(each.model, each.since, each.above_prompt_tokens) for each in PRICES]
    assert len(set(keys)) == len(keys)
    assert all(each.cached < each.prompt < each.answer for each in PRICES)
