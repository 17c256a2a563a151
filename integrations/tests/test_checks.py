"""Settings of integrations that the checks at the start refuse."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.parametrize(
    ("minutes", "is_refused"), [(0, False), (10080, False), (-1, True), (10081, True)]
)
def test_an_interval_that_cannot_work_is_refused_at_the_start(
    settings: Settings, minutes: int, is_refused: bool
) -> None:
    settings.SYNC_INTERVAL_MINUTES = minutes

    assert ("integrations.E004" in [message.id for message in run_checks()]) == is_refused
