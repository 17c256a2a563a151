"""A team and its callers for tests with many cases: to make them takes longer than a case."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts.tests.matrix import Callers
from accounts.tests.projects import Team, make_team


@pytest.fixture(scope="module")
def lasting_team(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Team]:
    """One team for all cases. Each case is rolled back, and at the end the team is too."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_team()
        transaction.set_rollback(True)


@pytest.fixture
def shared_team(lasting_team: Team) -> Team:
    """The team in objects of this case's own, because a case may change them."""
    return deepcopy(lasting_team)


@pytest.fixture(scope="module")
def lasting_callers(lasting_team: Team, django_db_blocker: DjangoDbBlocker) -> Callers:
    """The callers of that team, who disappear with it."""
    with django_db_blocker.unblock():
        return Callers.of(lasting_team)


@pytest.fixture
def callers(lasting_callers: Callers) -> Callers:
    """The callers in objects of this case's own, because a case may change them."""
    return deepcopy(lasting_callers)
