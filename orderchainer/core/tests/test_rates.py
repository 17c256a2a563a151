"""Rates, windows and subjects of rate limits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from django.test import RequestFactory
from pytest_django import Settings

from orderchainer.core.http.clients import address_of
from orderchainer.core.limits.notation import is_rate
from orderchainer.core.limits.rates import (
    STANDARD,
    UPLOAD,
    LimitExceeded,
    Usage,
    address_subject,
    count,
    network_of,
)
from orderchainer.testing.written_log import WrittenLog

# A whole number of days, so that periods begin at this time for a subject without an offset.
MIDNIGHT = 1_700_006_400


@pytest.fixture(autouse=True)
def _a_moment_that_stands_still() -> Iterator[None]:
    """Freeze the time, so that no period ends within a test."""
    with time_machine.travel(MIDNIGHT, tick=False):
        yield


def usages(subject: str, times: int) -> list[Usage | None]:
    return [count(UPLOAD, [subject]) for _ in range(times)]


# --- Windows ----------------------------------------------------------------------------------


def test_the_remaining_requests_count_down_and_then_are_refused(
    settings: Settings,
) -> None:
    settings.RATE_LIMIT_UPLOADS = "3/m"
    with time_machine.travel(MIDNIGHT, tick=False):
        left = usages("address:192.0.2.1", 3)
        with pytest.raises(LimitExceeded) as refused:
            count(UPLOAD, ["address:192.0.2.1"])

    assert left[0] is not None
    reset_at = left[0].reset_at
    assert MIDNIGHT < reset_at <= MIDNIGHT + 60
    assert left == [Usage(3, 2, reset_at), Usage(3, 1, reset_at), Usage(3, 0, reset_at)]
    assert refused.value.usage == Usage(3, 0, reset_at)
    with time_machine.travel(MIDNIGHT, tick=False):
        assert LimitExceeded(refused.value.usage).retry_after == reset_at - MIDNIGHT


def test_the_limit_is_back_exactly_at_the_reset(
    settings: Settings,
) -> None:
    settings.RATE_LIMIT_UPLOADS = "1/m"
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        first = count(UPLOAD, ["address:192.0.2.1"])
        assert first is not None
        clock.move_to(first.reset_at - 1)
        with pytest.raises(LimitExceeded) as refused:
            count(UPLOAD, ["address:192.0.2.1"])
        assert refused.value.retry_after == 1
        clock.move_to(first.reset_at)
        assert count(UPLOAD, ["address:192.0.2.1"]) == Usage(1, 0, first.reset_at + 60)


@pytest.mark.parametrize("rate", ["5/m", "2/10s", "7/s", "3/2h", "4/d"])
def test_a_period_lasts_as_long_as_the_rate_says(rate: str, settings: Settings) -> None:
    seconds = {"5/m": 60, "2/10s": 10, "7/s": 1, "3/2h": 7200, "4/d": 86_400}[rate]
    settings.RATE_LIMIT_UPLOADS = rate
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        first = count(UPLOAD, ["address:192.0.2.1"])
        assert first is not None
        clock.move_to(first.reset_at)
        second = count(UPLOAD, ["address:192.0.2.1"])

    assert second == Usage(first.limit, first.limit - 1, first.reset_at + seconds)


def test_periods_of_different_subjects_end_at_different_times(
    settings: Settings,
) -> None:
    settings.RATE_LIMIT_UPLOADS = "5/h"
    with time_machine.travel(MIDNIGHT, tick=False):
        ends = {
            usage.reset_at
            for number in range(50)
            if (usage := count(UPLOAD, [f"user:{number}"])) is not None
        }

    assert len(ends) > 40


def test_an_empty_rate_counts_nothing(settings: Settings) -> None:
    settings.RATE_LIMIT_UPLOADS = ""

    assert usages("address:192.0.2.1", 1000) == [None] * 1000


# --- Who and what is counted ------------------------------------------------------------------


def test_each_limit_counts_separately(settings: Settings) -> None:
    settings.RATE_LIMIT_STANDARD = settings.RATE_LIMIT_UPLOADS = "1/m"

    assert count(STANDARD, ["user:1"]) is not None
    assert count(UPLOAD, ["user:1"]) is not None


def test_returns_the_usage_with_least_remaining(settings: Settings) -> None:
    settings.RATE_LIMIT_UPLOADS = "5/m"
    usages("account:ada@example.com", 3)

    usage = count(UPLOAD, ["address:192.0.2.1", "account:ada@example.com"])

    assert usage is not None
    assert usage.remaining == 1


def test_a_caller_over_one_limit_does_not_use_up_another(settings: Settings) -> None:
    settings.RATE_LIMIT_UPLOADS = "2/m"
    usages("address:192.0.2.1", 2)

    for _ in range(10):
        with pytest.raises(LimitExceeded):
            count(UPLOAD, ["address:192.0.2.1", "account:ada@example.com"])

    usage = count(UPLOAD, ["account:ada@example.com"])
    assert usage is not None
    assert usage.remaining == 1


def test_fifty_requests_at_once_do_not_exceed_the_limit(settings: Settings) -> None:
    settings.RATE_LIMIT_UPLOADS = "5/m"
    start = Barrier(50)

    def attempt() -> bool:
        start.wait(10)
        try:
            count(UPLOAD, ["account:ada@example.com"])
        except LimitExceeded:
            return False
        return True

    with (
        time_machine.travel(MIDNIGHT, tick=False),
        ThreadPoolExecutor(50) as pool,
    ):
        attempts = [pool.submit(attempt) for _ in range(50)]
        through = [attempt.result(30) for attempt in attempts]

    assert sum(through) == 5


def test_reaching_a_limit_is_logged_once_in_a_period(settings: Settings, log: WrittenLog) -> None:
    settings.RATE_LIMIT_UPLOADS = "1/m"
    for _ in range(5):
        try:
            count(UPLOAD, ["account:ada@example.com"])
        except LimitExceeded:
            continue

    (line,) = log.lines("limit_reached")

    assert (line["limit"], line["counted_by"]) == ("upload", "account")
    assert "ada@example.com" not in log.text


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
        ("", ""),
        ("a pipe", "a pipe"),
    ],
)
def test_an_ipv6_address_counts_as_its_whole_network(address: str | None, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "subject"),
    [
        # There is no proxy in front, so only the client can have written this.
        (0, "203.0.113.7", "address:192.0.2.1"),
        (0, "203.0.113.8, 203.0.113.9", "address:192.0.2.1"),
        # Our one proxy has appended the address that it saw; the client can invent the rest.
        (1, "203.0.113.7", "address:203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "address:203.0.113.7"),
        (1, "2.2.2.2, 3.3.3.3, 203.0.113.7", "address:203.0.113.7"),
        (1, "nonsense, ::1, 203.0.113.7", "address:203.0.113.7"),
        (1, "2.2.2.2, 2001:db8::5", "address:2001:db8::/64"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.2", "address:203.0.113.7"),
    ],
)
def test_a_forged_header_does_not_change_the_subject(
    proxies: int, forwarded: str, subject: str, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)

    assert address_subject(address_of(request)) == subject


# --- Rates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rate", ["", "5/m", "1/s", "100/m", "10/30s", "1000/h", "1000000000/m", "3/30d"]
)
def test_accepts_valid_rates(rate: str) -> None:
    assert is_rate(rate)


@pytest.mark.parametrize(
    "rate",
    [
        *("5", "5/", "/m", "5/30", "m/5", "5/M", "5 / m", " 5/m", "5/m ", "5/mm", "5/m\n"),
        *("five/m", "5/minute", "-5/m", "5.5/m", "0/m", "5/0m", "5/31d", "off"),
        *("\u0665/m", "1000000001/m", f"5/{'9' * 40}d", "orderchainer.settings.DEBUG"),
    ],
)  # fmt: skip
def test_refuses_malformed_rates(rate: str) -> None:
    assert not is_rate(rate)
