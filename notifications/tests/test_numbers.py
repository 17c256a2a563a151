"""Phone numbers: what is stored, and which ways to write one mean the same person."""

import pytest

from notifications.numbers import e164, is_number, spellings_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5491123456789", "+5491123456789"),
        ("541123456789", "+541123456789"),
        ("5215512345678", "+525512345678"),
        ("525512345678", "+525512345678"),
        ("5531988887777", "+5531988887777"),
        ("553188887777", "+5531988887777"),
        ("551133334444", "+551133334444"),
        ("+1 (650) 555-1234", "+16505551234"),
        ("0049 30 123456", "+4930123456"),
        ("4930123456", "+4930123456"),
        # In no country's plan.
        ("1234567890", ""),
        ("12", ""),
        ("", ""),
        ("hello", ""),
    ],
)
def test_a_number_in_e164_is_the_one_that_people_dial(written: str, expected: str) -> None:
    assert e164(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5491123456789", ["5491123456789", "541123456789"]),
        ("541123456789", ["541123456789", "5491123456789"]),
        ("5215512345678", ["5215512345678", "525512345678"]),
        ("553188887777", ["553188887777", "5531988887777"]),
        # A Brazilian landline has no 9.
        ("551133334444", ["551133334444"]),
        ("16505551234", ["16505551234"]),
        ("", []),
    ],
)
def test_the_way_in_which_a_number_is_written_comes_first(
    written: str, expected: list[str]
) -> None:
    assert list(spellings_of(written)) == expected


def test_after_a_plus_the_form_is_enough() -> None:
    assert is_number("+1234567890")
    assert not is_number("1234567890")
    assert not is_number("+12")
