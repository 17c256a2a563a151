"""When an order is likely done, from how long the project's orders have taken."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from orders import figures
from orders.models import Order
from orders.pages.waiting import words_of_forecast
from orders.queries import Forecast, forecast_of, picture_for
from orders.services import move_order, waive_dependency
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

HOUR = 3600.0
NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


def worked(owner: User, hours: float, **fields: object) -> Order:
    """An order that was active for so many hours, after it had been so for a minute before."""
    order = make_order(owner, status="active", **fields)
    move_order(order_id=order.pk, status="draft", by=owner)
    move_order(order_id=order.pk, status="active", by=owner)
    done = move_order(order_id=order.pk, status="completed", by=owner)
    begun = Event.objects.filter(order=order).order_by("-id")[1]
    Event.objects.filter(pk=begun.pk).update(
        created_at=done.status_changed_at - timedelta(hours=hours)
    )
    return order


def forecast(owner: User, order: Order) -> Forecast | None:
    picture = picture_for(owner, order.pk)
    return forecast_of(owner.personal_project, picture, now=timezone.now())


def test_working_times_count_from_the_last_start(ada: User) -> None:
    for hours in (1, 2, 3, 10):
        worked(ada, hours)
    worked(ada, 99, is_test=True)
    never_active = make_order(ada)
    move_order(order_id=never_active.pk, status="completed", by=ada)

    times = figures.working_times(ada.personal_project)

    assert times.count == 4
    assert times.p50 == pytest.approx(2.5 * HOUR)
    assert times.p90 == pytest.approx(7.9 * HOUR)


def test_times_add_up_along_the_longest_way(ada: User) -> None:
    for hours in [2] * 9 + [4]:
        worked(ada, hours)
    legs = make_order(ada, status="active")
    Order.objects.filter(pk=legs.pk).update(status_changed_at=timezone.now() - timedelta(hours=1))
    oil = make_order(ada)
    waived, done = make_order(ada), make_order(ada)
    finish = make_order(ada, legs, oil, waived, done)
    deliver = make_order(ada, finish)
    waive_dependency(order_id=finish.pk, dependency_id=waived.pk, reason="enough", by=ada)

    found = forecast(ada, deliver)

    # Oil, finish and deliver, one after the other.
    assert found
    assert found.likely == pytest.approx(3 * 2 * HOUR)
    assert found.latest == pytest.approx(3 * 2.2 * HOUR)
    assert (found.history, found.in_the_way) == (10, [])
    begun = forecast(ada, legs)
    assert begun
    assert begun.likely == pytest.approx(1 * HOUR, abs=60)


def test_there_is_no_date_without_a_history_or_with_something_in_the_way(ada: User) -> None:
    for _ in range(9):
        worked(ada, 1)
    oil = make_order(ada)
    finish = make_order(ada, oil)

    assert forecast(ada, finish) == Forecast(None, None, 9, [])
    move_order(order_id=oil.pk, status="failed", by=ada)
    assert forecast(ada, finish) == Forecast(None, None, 0, [oil.pk])
    assert forecast(ada, oil) is None
    move_order(order_id=oil.pk, status="cancelled", by=ada)
    assert forecast(ada, finish) == Forecast(None, None, 0, [oil.pk])


@pytest.mark.parametrize(
    ("likely_hours", "latest_hours", "words"),
    [
        (48, 120, "Likely done by 2 Dec, at the latest 5 Dec (from 120 orders)."),
        (1, 24, "Likely done today, at the latest tomorrow (from 120 orders)."),
        (1, 2, "Likely done today (from 120 orders)."),
        (960, 1e12, "Likely done by 9 Jan 2027, at the latest 27 Nov 2036 (from 120 orders)."),
    ],
    ids=["days", "hours", "one day", "years"],
)
def test_a_forecast_names_days(likely_hours: float, latest_hours: float, words: str) -> None:
    found = Forecast(likely_hours * HOUR, latest_hours * HOUR, 120, [])

    assert words_of_forecast(found, NOW) == words


def test_a_forecast_says_why_it_has_no_date() -> None:
    short = words_of_forecast(Forecast(None, None, 3, []), NOW)
    one = words_of_forecast(Forecast(None, None, 0, [6]), NOW)
    two = words_of_forecast(Forecast(None, None, 0, [6, 7]), NOW)

    assert "not enough history" in short
    assert "at least 10 orders" in short
    assert one == "No date yet: #6 is in the way, and somebody has to act first."
    assert two == "No date yet: #6 and #7 are in the way, and somebody has to act first."
