"""What Gemini's models cost, in USD for a million tokens of the paid tier.

Source: ai.google.dev/gemini-api/docs/pricing, as it stood in November 2026. A new price is a new
row with the day (UTC) from which it applies. Old rows stay, because they price the calls of their
days.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from integrations.assistant.contracts import Price

# The day from which we know a price, if its real beginning is not known.
KNOWN_SINCE = date(2026, 10, 1)
LARGE_PROMPT = 200_000


def _price(
    model: str, since: date, prompt: str, answer: str, cached: str, *, above: int = 0
) -> Price:
    return Price(
        model,
        since,
        prompt=Decimal(prompt),
        answer=Decimal(answer),
        cached=Decimal(cached),
        above_prompt_tokens=above,
    )


PRICES: Sequence[Price] = (
    # A promotion until the end of the year.
    _price("gemini-3.8-flash", date(2026, 9, 2), "0.75", "3.75", "0.075"),
    _price("gemini-3.8-flash", date(2027, 1, 1), "1.50", "7.50", "0.15"),
    _price("gemini-3.6-flash", date(2026, 7, 21), "0.75", "3.75", "0.075"),
    _price("gemini-3.6-flash", date(2027, 1, 1), "1.50", "7.50", "0.15"),
    _price("gemini-4-argon", date(2026, 10, 13), "2", "10", "0.10"),
    _price("gemini-4-argon", date(2026, 12, 1), "4", "20", "0.20"),
    _price("gemini-3.5-flash-lite", KNOWN_SINCE, "0.30", "2.50", "0.03"),
    _price("gemini-3.1-flash-lite", KNOWN_SINCE, "0.25", "1.50", "0.025"),
    _price("gemini-3.1-pro-preview", KNOWN_SINCE, "2", "12", "0.20"),
    _price("gemini-3.1-pro-preview", KNOWN_SINCE, "4", "18", "0.40", above=LARGE_PROMPT),
    _price("gemini-2.5-flash-lite", KNOWN_SINCE, "0.10", "0.40", "0.01"),
    # From December 2026 on other models answer in the place of these two, at their own prices.
    _price("gemini-2.5-flash", KNOWN_SINCE, "0.30", "2.50", "0.03"),
    _price("gemini-2.5-flash", date(2026, 12, 1), "0.30", "2.50", "0.03"),
    _price("gemini-2.5-pro", KNOWN_SINCE, "1.25", "10", "0.125"),
    _price("gemini-2.5-pro", KNOWN_SINCE, "2.50", "15", "0.25", above=LARGE_PROMPT),
    _price("gemini-2.5-pro", date(2026, 12, 1), "0.75", "3.75", "0.075"),
    _price("gemini-2.5-pro", date(2027, 1, 1), "1.50", "7.50", "0.15"),
)
