"""Reading the newest activity costs what one page holds, whatever happened elsewhere since."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.events import ActivityType
from accounts.models import Activity, Project, User
from accounts.queries import activity_in, activity_of
from orderchainer.testing.effort import pages_read_by, statement_of

pytestmark = [pytest.mark.django_db, pytest.mark.services, pytest.mark.slow]

MANY = 5000
# The one user, in the one project, did a third of all and is quiet since.
# No other test left rows of these numbers, which PostgreSQL would read until a vacuum.
QUIET, FIRST_OTHER = 10**12, 2 * 10**12
SHOWN = 3
# Three of them for each row: the row itself, and the project that it names.
MOST_PAGES = 15


@pytest.fixture(autouse=True)
def _activity() -> None:
    numbers = [QUIET] * MANY + [FIRST_OTHER + number for number in range(2 * MANY)]
    Activity.objects.bulk_create(
        Activity(type=ActivityType.PROJECT_CHANGED, user_id=number, project_id=number)
        for number in numbers
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_activity")


def of_the_user() -> QuerySet[Activity]:
    return activity_of(User(pk=QUIET))


def of_the_project() -> QuerySet[Activity]:
    return activity_in(Project(pk=QUIET))


@pytest.mark.parametrize("activity", [of_the_user, of_the_project])
@pytest.mark.parametrize("type_", [None, ActivityType.PROJECT_CHANGED])
def test_the_newest_activity_is_found_without_walking_past_that_of_others(
    activity: Callable[[], QuerySet[Activity]], type_: ActivityType | None
) -> None:
    rows = activity().filter(type=type_) if type_ else activity()

    newest = [row.pk for row in rows[:SHOWN]]

    theirs = Activity.objects.filter(user_id=QUIET).values_list("pk", flat=True)
    assert newest == sorted(theirs, reverse=True)[:SHOWN]
    sql = statement_of(partial(list, rows[:SHOWN]), table="accounts_activity")
    assert pages_read_by(sql) <= MOST_PAGES
