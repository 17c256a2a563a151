"""Phone numbers as people and providers write them, in a form that can be compared."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Most processes never read a number, so only the functions that do import the numbering plans.
    from phonenumbers import PhoneNumber

# Mobile numbers that are written in two ways: with and without a digit that marks them as mobile.
# Each pattern matches both ways. Its first function writes the number with the mark, its second
# function without it.
_Write = Callable[[re.Match[str]], str]
_TWO_WAYS: Sequence[tuple[re.Pattern[str], _Write, _Write]] = (
    # Brazil: an area code, an optional 9, and eight digits. Landlines begin with 2 to 5, and never
    # get a 9.
    (
        re.compile(r"55(?P<area>[1-9]{2})9?(?P<rest>[6-9]\d{7})"),
        lambda found: f"55{found['area']}9{found['rest']}",
        lambda found: f"55{found['area']}{found['rest']}",
    ),
    # Mexico: an optional 1 and ten digits.
    (
        re.compile(r"521?(?P<rest>[2-9]\d{9})"),
        lambda found: f"521{found['rest']}",
        lambda found: f"52{found['rest']}",
    ),
    # Argentina: an optional 9 and ten digits.
    (
        re.compile(r"549?(?P<rest>[1-8]\d{9})"),
        lambda found: f"549{found['rest']}",
        lambda found: f"54{found['rest']}",
    ),
)

# We check only the form of these: the hub's document has examples that are in no numbering plan.
_WITH_PLUS = re.compile(r"\+[1-9](?:[ ().-]{0,2}\d){7,14}")


def e164(number: str) -> str:
    """Return a number with its country's code in E.164, for example `+16505551234`.

    Return an empty text if it is not such a number. Some mobile numbers can be written in two ways,
    and E.164 has only one of them. We take the number as it is written if its country's plan has
    it, and the other way if not: a Brazilian mobile number gets its 9, a Mexican one loses its 1,
    and an Argentine one stays as it is, because without the 9 it is somebody's landline.
    """
    import phonenumbers

    spelt = [_parsed(each) for each in spellings_of(number)]
    known = [parsed for parsed in spelt if parsed is not None]
    for is_right in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for parsed in known:
            if is_right(parsed):
                return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return ""


def _parsed(digits: str) -> "PhoneNumber | None":
    import phonenumbers

    try:
        return phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None


def is_number(text: str) -> bool:
    """Tell whether a text is a number with its country's code.

    After a plus, form and length are enough: numbering plans change faster than our copy of them.
    """
    return bool(_WITH_PLUS.fullmatch(text)) or bool(e164(text))


def spellings_of(number: str) -> Sequence[str]:
    """Return all ways to write the same number, as digits; the given one comes first."""
    digits = digits_of(number)
    spelt = [digits] if digits else []
    for pattern, marked, plain in _TWO_WAYS:
        if found := pattern.fullmatch(digits):
            spelt += [marked(found), plain(found)]
    return list(dict.fromkeys(spelt))


def digits_of(number: str) -> str:
    """Return only the digits of a number, without the zeros of an international prefix."""
    digits = "".join(sign for sign in number if sign in "0123456789")
    return digits.removeprefix("00")
