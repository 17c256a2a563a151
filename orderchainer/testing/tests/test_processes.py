"""The variables with which tests start real processes."""

from django.core.checks import Error, run_checks
from pytest_django import Settings

from orderchainer.testing.processes import SHORT_LEASE


def test_the_checks_allow_the_short_lease(settings: Settings) -> None:
    for name, value in SHORT_LEASE.items():
        setattr(settings, name, float(value))

    assert [found for found in run_checks() if isinstance(found, Error)] == []
