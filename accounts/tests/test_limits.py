"""Which spellings of an e-mail count as one account in the limits on tries."""

import pytest
from pytest_django import Settings

from accounts.limits import SIGN_IN, account_subject
from orderchainer.core.limits.rates import count


@pytest.mark.parametrize("text", ["\udcff", "\x00", "x" * 100_000, "ﬀ@example.com"])
def test_any_typed_account_can_be_counted(text: str, settings: Settings) -> None:
    settings.RATE_LIMIT_AUTH = "5/m"

    usage = count(SIGN_IN, [account_subject(text)])

    assert usage is not None
    assert usage.remaining == 4


def test_an_account_is_the_same_in_any_case() -> None:
    assert account_subject(" Ada@Example.COM\n") == account_subject("ada@example.com")
