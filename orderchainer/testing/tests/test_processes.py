"""The commands and variables with which tests start real processes."""

import re
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings as ours
from django.core.checks import Error, run_checks
from pytest_django import Settings

from orderchainer.testing.processes import PRODUCTION, SHORT_LEASE


def test_the_checks_allow_the_short_lease(settings: Settings) -> None:
    for name, value in SHORT_LEASE.items():
        setattr(settings, name, float(value))

    assert [found for found in run_checks() if isinstance(found, Error)] == []


def test_production_consumes_every_queue_once_in_tests_as_with_docker() -> None:
    queues = sorted(queue.name for queue in ours.CELERY_TASK_QUEUES)
    compose = Path(ours.BASE_DIR, "docker-compose.yml").read_text(encoding="utf-8")

    assert consumed_by(" ".join(command) for command in PRODUCTION.values()) == queues
    assert consumed_by(compose.splitlines()) == queues


def consumed_by(commands: Iterable[str]) -> list[str]:
    """Return the queues that the commands name."""
    found = (re.search(r"worker --queues (\S+)", command) for command in commands)
    return sorted(queue for each in found if each for queue in each[1].split(","))
