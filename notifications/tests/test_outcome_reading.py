"""Reading the newest outcomes costs what one page holds, whatever happened elsewhere since."""

from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from accounts.tests.factories import make_user
from notifications.models import RuleOutcome
from notifications.models.rules import Occasion
from notifications.queries import outcomes_of
from orderchainer.testing.effort import pages_read_by, statement_of

pytestmark = [pytest.mark.django_db, pytest.mark.services, pytest.mark.slow]

MANY = 5000
SHOWN = 3
MOST_PAGES = 15


def test_the_newest_outcomes_are_found_without_walking_past_those_of_others() -> None:
    quiet, busy = (make_user().personal_project for _ in range(2))
    for project in (quiet, busy):
        RuleOutcome.objects.bulk_create(
            RuleOutcome(
                project=project,
                event_id=uuid4(),
                occasion=Occasion.RECEIVED,
                reason="The line is down.",
            )
            for _ in range(MANY)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_ruleoutcome")
    rows = outcomes_of(quiet)

    newest = [outcome.pk for outcome in rows[:SHOWN]]

    theirs = RuleOutcome.objects.filter(project=quiet).values_list("pk", flat=True)
    assert newest == sorted(theirs, reverse=True)[:SHOWN]
    sql = statement_of(partial(list, rows[:SHOWN]), table="notifications_ruleoutcome")
    assert pages_read_by(sql) <= MOST_PAGES
