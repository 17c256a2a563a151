"""The circuit breaker pauses after a failure, and then lets one caller try again."""

import time

from orderchainer.core.breaker import Breaker


def test_one_caller_tries_again_after_a_pause() -> None:
    breaker = Breaker(pause_seconds=0.05)
    assert breaker.may_be_asked()
    breaker.failed()
    assert not breaker.may_be_asked()

    time.sleep(0.06)

    assert [breaker.may_be_asked() for _ in range(3)] == [True, False, False]
    breaker.answered()
    assert [breaker.may_be_asked() for _ in range(3)] == [True, True, True]


def test_reports_failure_and_recovery_once() -> None:
    breaker = Breaker(pause_seconds=60)

    assert [breaker.answered(), breaker.failed(), breaker.failed()] == [
        False,
        True,
        False,
    ]
    assert [breaker.answered(), breaker.answered(), breaker.failed()] == [
        True,
        False,
        True,
    ]
