"""Amounts of money: how we read and write them, and which fit their currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from orderchainer.core.money import (
    MAX_AMOUNT,
    MoneyRefused,
    amount_in,
    decimals_of,
    for_people,
    is_currency,
    require_currency,
    settled,
    written,
)

CURRENCIES = [one.code for one in Currency if one.exponent is not None]
NOT_AN_AMOUNT = "Must be an amount in digits, such as 1299.00."


@st.composite
def amounts(draw: st.DrawFn) -> tuple[Decimal, str]:
    """An amount that fits its currency, and the currency."""
    currency = draw(st.sampled_from(CURRENCIES))
    decimals = decimals_of(currency)
    units = draw(st.integers(0, int(MAX_AMOUNT.scaleb(decimals))))
    return Decimal(units).scaleb(-decimals), currency


@given(amounts())
def test_a_written_amount_reads_as_the_same_amount(money: tuple[Decimal, str]) -> None:
    amount, currency = money

    text = written(amount, currency)

    assert settled(amount_in(text), currency) == amount
    assert written(settled(amount_in(text), currency), currency) == text
    decimals = len(text.partition(".")[2])
    assert decimals == max(2, decimals_of(currency))


@given(amounts())
def test_an_amount_is_the_same_with_more_zeros(money: tuple[Decimal, str]) -> None:
    amount, currency = money

    assert settled(amount_in(f"{amount:f}"), currency) == amount
    assert settled(amount_in(f"{amount:.9f}"), currency) == amount


@given(amounts())
def test_a_finer_amount_is_refused_and_never_rounded(
    money: tuple[Decimal, str],
) -> None:
    amount, currency = money
    finer = min(amount, MAX_AMOUNT - 1) + Decimal(1).scaleb(-decimals_of(currency) - 1)

    with pytest.raises(MoneyRefused, match=f"Amounts in {currency} have"):
        settled(finer, currency)


@given(st.sampled_from(CURRENCIES), st.lists(st.integers(0, 10**10 - 1), max_size=50))
def test_sums_are_exact(currency: str, units: list[int]) -> None:
    decimals = decimals_of(currency)
    parts = [settled(Decimal(unit).scaleb(-decimals), currency) for unit in units]

    total = sum(parts, Decimal(0))

    assert total.scaleb(decimals) == sum(units)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("100", "JPY", "100.00"),
        ("100.5", "USD", "100.50"),
        ("100.5", "KWD", "100.500"),
        ("1.234", "BHD", "1.234"),
        ("1.2345", "CLF", "1.2345"),
        ("0", "USD", "0.00"),
        ("-0.00", "USD", "0.00"),
        ("-0", "KWD", "0.000"),
        ("9999999999.99", "EUR", "9999999999.99"),
        # As database columns return them.
        ("100.5000", "USD", "100.50"),
        # Stored before ISO 4217 changed.
        ("100.5", "JPY", "100.50"),
        ("1.2340", "USD", "1.2340"),
        ("5.00", "XYZ", "5.00"),
    ],
)
def test_amounts_are_written_with_two_decimals_at_least(
    amount: str, currency: str, text: str
) -> None:
    assert written(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("data", "amount"),
    [
        ("100.50", "100.50"),
        (" 1 ", "1"),
        ("1.000", "1"),
        ("007", "7"),
        (5, "5"),
        (0, "0"),
        (19.99, "19.99"),
        (100.0, "100"),
        (-0.0, "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        (Decimal("1.50"), "1.50"),
        ("9999999999.99", "9999999999.99"),
    ],
)
def test_amounts_are_read(data: object, amount: str) -> None:
    read = amount_in(data)

    assert read == Decimal(amount)
    assert not read.is_signed()


@pytest.mark.parametrize(
    "data",
    [
        *("", " ", "abc", "1,50", "1.", ".5", "1 000", "1_000", "1e2", "+1", "--1"),
        *("٣", "１", "½", "NaN", "Infinity", "-Infinity", "0x10", "$5", "5 USD"),  # noqa: RUF001
        *("1\x00", "1\u00a0", "1\n1", "1" * 65, "0." + "0" * 99),
        *(float("nan"), float("inf"), 1e21, 1e-7, True, False, None, [], {}, b"1"),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("1E+2")),
    ],
)
def test_refuses_malformed_amounts(data: object) -> None:
    with pytest.raises(MoneyRefused) as refusal:
        amount_in(data)

    assert str(refusal.value) == NOT_AN_AMOUNT


@pytest.mark.parametrize(
    "data",
    [
        10**10,
        pytest.param(10**5000, id="long"),
        "10000000000",
        "9" * 60,
        "9999999999.991",
        1e15,
    ],
)
def test_a_huge_amount_is_refused(data: object) -> None:
    with pytest.raises(MoneyRefused, match=r"^Must be at most 9999999999\.99\.$"):
        amount_in(data)


@pytest.mark.parametrize("data", [-1, "-0.01", -0.5, pytest.param(-(10**5000), id="long")])
def test_a_negative_amount_is_refused(data: object) -> None:
    with pytest.raises(MoneyRefused, match=r"^Must not be negative\.$"):
        amount_in(data)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("100.50", "JPY", "Amounts in JPY have no decimals, such as 100."),
        ("1.999", "USD", "Amounts in USD have at most two decimals, such as 100.50."),
        ("1.9999", "KWD", "Amounts in KWD have at most three decimals, such as 100.500."),
        ("1.99999", "CLF", "Amounts in CLF have at most four decimals, such as 100.5000."),
        ("-1", "USD", "Must not be negative."),
        ("NaN", "USD", NOT_AN_AMOUNT),
        ("Infinity", "JPY", NOT_AN_AMOUNT),
    ],
)  # fmt: skip
def test_a_refusal_says_how_many_decimals_the_currency_has(
    amount: str, currency: str, words: str
) -> None:
    with pytest.raises(MoneyRefused) as refusal:
        settled(Decimal(amount), currency)

    assert str(refusal.value) == words


@pytest.mark.parametrize("code", ["JPY", "KRW", "CLP", "VND", "ISK"])
def test_some_currencies_have_no_decimals(code: str) -> None:
    assert decimals_of(code) == 0


@pytest.mark.parametrize("code", ["KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"])
def test_some_currencies_have_three_decimals(code: str) -> None:
    assert decimals_of(code) == 3


@pytest.mark.parametrize(
    "code", ["ABC", "XXX", "XTS", "XAU", "DEM", "usd", "US", "USDX", "", "U\x00D"]
)
def test_refuses_codes_that_people_cannot_pay_with(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(MoneyRefused):
        require_currency(code)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1000", "JPY", "1000"),
        ("0", "JPY", "0"),
        ("1000", "USD", "1000.00"),
        ("1.5", "KWD", "1.500"),
        # Stored before ISO 4217 took the decimals away: nothing is rounded.
        ("10.5", "JPY", "10.5000"),
    ],
)
def test_people_read_the_decimals_of_the_currency(amount: str, currency: str, text: str) -> None:
    assert for_people(Decimal(amount), currency) == text
