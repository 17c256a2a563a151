"""Amounts of money: which currencies there are, and how amounts are read, checked and written.

Codes and decimals are those of ISO 4217 as its maintenance agency publishes them (decision 118).
Amounts are `Decimal` and in major units: 100.50 is a hundred dollars and fifty cents.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from iso4217 import Currency

# The default for new projects.
DEFAULT_CURRENCY = "USD"
# How many decimals a column of amounts has: as many as any currency.
COLUMN_DECIMALS = 4
COLUMN_DIGITS = 10 + COLUMN_DECIMALS
# The same for every currency: ten digits before the point.
MAX_AMOUNT = Decimal("9999999999.99")
ZERO = Decimal("0.00")
# For constraints: a code of ISO 4217 has this form. Which codes exist changes over time.
IS_CODE = r"^[A-Z]{3}$"
# Documents show money with at least two decimals, also in currencies without decimals.
MIN_WRITTEN_DECIMALS = 2
# An amount with this many characters has more digits than any amount needs.
MAX_CHARACTERS = 64

# ISO 4217 gives no decimals to metals, to codes for tests and to units of account of banks. Nobody
# pays with those.
_DECIMALS: Mapping[str, int] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
# For rows with a code that ISO 4217 has withdrawn since.
_USUAL_DECIMALS = 2
# More than any amount.
_MANY = 10**11
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CODE = re.compile(IS_CODE)
_COUNTED = {
    0: "no decimals",
    1: "at most one decimal",
    2: "at most two decimals",
    3: "at most three decimals",
    4: "at most four decimals",
}


class MoneyRefused(ValueError):
    """An amount or a currency is not valid. The text tells people what would be valid."""


class TooManyDecimals(MoneyRefused):
    """The amount has more decimals than its currency."""

    def __init__(self, currency: str) -> None:
        decimals = decimals_of(currency)
        such_as = f"{Decimal('100.5') if decimals else 100:.{decimals}f}"
        super().__init__(f"Amounts in {currency} have {_COUNTED[decimals]}, such as {such_as}.")


def is_currency(code: str) -> bool:
    """Tell whether ISO 4217 has a currency with this code that people can pay with."""
    return code in _DECIMALS


def currency_names() -> Mapping[str, str]:
    """Return the names of the currencies that people can pay with, by their codes."""
    return {code: Currency(code).currency_name for code in sorted(_DECIMALS)}


def require_currency(code: str) -> str:
    """Return `code` if it is a currency. Raises `MoneyRefused`."""
    if is_currency(code):
        return code
    if not _CODE.fullmatch(code):
        msg = "Must be three capital letters as in ISO 4217, such as USD."
        raise MoneyRefused(msg)
    msg = f"ISO 4217 has no currency {code}. Use a code such as USD, EUR or JPY."
    raise MoneyRefused(msg)


def decimals_of(currency: str) -> int:
    """Return how many decimals amounts in `currency` have."""
    return _DECIMALS.get(currency, _USUAL_DECIMALS)


def written_decimals_of(currency: str) -> int:
    """Return how many decimals we write: those of the currency, but two at least."""
    return max(MIN_WRITTEN_DECIMALS, decimals_of(currency))


def amount_in(data: object) -> Decimal:
    """Read an amount from a text or a number. Raises `MoneyRefused`.

    Only plain digits count: Python would also read `1e3`, `NaN`, `1_000` and the digits of other
    scripts. Zeros at the end change nothing, and `-0` is 0.
    """
    text = str(data) if isinstance(data, float | Decimal) else data
    if isinstance(data, int) and not isinstance(data, bool):
        # Python refuses to write very long numbers.
        text = str(data) if abs(data) < _MANY else f"{'-' * (data < 0)}{_MANY}"
    if not isinstance(text, str):
        raise MoneyRefused(_NOT_AN_AMOUNT)
    text = text.strip(" \t\r\n")
    if len(text) > MAX_CHARACTERS or not _AMOUNT.fullmatch(text):
        raise MoneyRefused(_NOT_AN_AMOUNT)
    return _within_bounds(Decimal(text))


_NOT_AN_AMOUNT = "Must be an amount in digits, such as 1299.00."


def settled(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` with the decimals that are written in `currency`. Raises `MoneyRefused`.

    The value stays the same: an amount is refused rather than rounded.
    """
    if not amount.is_finite():
        raise MoneyRefused(_NOT_AN_AMOUNT)
    amount = _within_bounds(amount)
    if amount != round(amount, decimals_of(currency)):
        raise TooManyDecimals(currency)
    return as_written(amount, currency)


def written(amount: Decimal, currency: str) -> str:
    """Write an amount with the decimals of its currency, but with two at least.

    Never rounds a stored amount: if it has more decimals than ISO 4217 gives its currency today, we
    write four.
    """
    spare = COLUMN_DECIMALS - written_decimals_of(currency)
    text = f"{amount or ZERO:.{COLUMN_DECIMALS}f}"
    return text[:-spare] if spare and text.endswith("0" * spare) else text


def for_people(amount: Decimal, currency: str) -> str:
    """Write an amount with exactly the decimals of its currency: `1000` yen.

    Never rounds a stored amount, as `written` does not.
    """
    spare = COLUMN_DECIMALS - decimals_of(currency)
    text = f"{amount or ZERO:.{COLUMN_DECIMALS}f}"
    return text[:-spare].rstrip(".") if spare and text.endswith("0" * spare) else text


def for_fields(amount: Decimal, currency: str) -> Decimal:
    """Return a stored amount with the decimals that `for_people` gives it, for fields of forms."""
    return Decimal(for_people(amount, currency))


def as_written(amount: Decimal, currency: str) -> Decimal:
    """Return a stored amount with the decimals that `written` gives it."""
    return Decimal(written(amount, currency))


def _within_bounds(amount: Decimal) -> Decimal:
    """Return `amount`, without the sign of a negative zero. Raises `MoneyRefused`."""
    if amount < 0:
        msg = "Must not be negative."
        raise MoneyRefused(msg)
    if amount > MAX_AMOUNT:
        msg = f"Must be at most {MAX_AMOUNT}."
        raise MoneyRefused(msg)
    return amount or ZERO
