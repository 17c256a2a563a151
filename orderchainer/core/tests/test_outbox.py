"""Pauses between attempts: one function for everything that goes out."""

import pytest

from orderchainer.core.outbox import growing_seconds


def longest_of(times: int, *, first: float = 5, longest: float = 600) -> float:
    return max(growing_seconds(times, first=first, longest=longest) for _ in range(300))


def test_pauses_double_up_to_a_bound() -> None:
    longest = [longest_of(times) for times in (1, 2, 3, 4, 30)]

    assert longest == pytest.approx([5, 10, 20, 40, 600], rel=0.05)


def test_pauses_differ_by_up_to_a_half() -> None:
    pauses = [growing_seconds(1, first=8, longest=100) for _ in range(300)]

    assert 4 <= min(pauses) < 4.5
    assert 7.5 < max(pauses) <= 8


def test_a_pause_is_a_number_after_any_number_of_failures() -> None:
    assert growing_seconds(100_000, first=5, longest=600) <= 600
