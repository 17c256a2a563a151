"""What a call costs, to the last digit."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.assistant.contracts import Price, Usage

FLASH = Price(
    "gemini-3.8-flash",
    since=date(2026, 9, 2),
    prompt=Decimal("0.75"),
    answer=Decimal("3.75"),
    cached=Decimal("0.075"),
)


def test_thinking_is_billed_and_cached_tokens_are_billed_once() -> None:
    usage = Usage(prompt=1000, cached=400, thought=300, answer=100, total=1400)

    assert FLASH.cost_of(usage) == Decimal("0.00198")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        pytest.param(Usage(prompt=50, answer=10), "0.000075", id="no-thinking-no-cache"),
        pytest.param(Usage(prompt=50, total=50), "0.0000375", id="nothing-was-written"),
        pytest.param(
            Usage(prompt=50, total=67), "0.00010125", id="written-is-the-rest-of-the-total"
        ),
        pytest.param(
            Usage(prompt=10, cached=20, answer=0), "0.00000075", id="more-cached-than-prompt"
        ),
    ],
)
def test_what_the_model_leaves_out_is_taken_from_the_rest(usage: Usage, cost: str) -> None:
    assert FLASH.cost_of(usage) == Decimal(cost)


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(Usage(), id="nothing"),
        pytest.param(Usage(total=67), id="only-the-total"),
        pytest.param(Usage(prompt=50), id="only-the-prompt"),
        pytest.param(Usage(answer=10, total=60), id="no-prompt"),
    ],
)
def test_a_cost_is_never_invented(usage: Usage) -> None:
    assert FLASH.cost_of(usage) is None
