"""A year of made-up orders: believable, the same each time, and a secret from everybody."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from accounts.models import OutgoingEmail, Project, User
from accounts.tests.factories import make_user
from notifications.models import Message
from orderchainer.demo.history import NAME, load_history
from orders.models import Order
from orders.stream.models import Event, EventDelivery
from reports.builders import BUILDERS
from reports.exports import tables_of, write_page
from reports.models import Report
from reports.services import request_report
from reports.work import building

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dana(now: None) -> User:
    return make_user(email="dana@example.com")


def test_a_year_has_thousands_of_orders_up_to_yesterday(dana: User) -> None:
    count = load_history(dana)

    orders = Order.objects.filter(project__name=NAME)
    assert count == orders.count()
    assert 2000 < count < 4000
    zone = Project.objects.get(name=NAME).zone
    days = {
        moment.astimezone(zone).date() for moment in orders.values_list("ordered_at", flat=True)
    }
    assert (min(days), max(days)) == (date(2025, 11, 28), date(2026, 11, 27))
    assert len(days) > 355
    assert not orders.filter(status_changed_at__gt=NOW).exists()
    assert not Message.objects.filter(written_at__gt=NOW).exists()


def test_nobody_is_told_of_it(dana: User) -> None:
    events, emails = Event.objects.count(), OutgoingEmail.objects.count()

    load_history(dana)

    assert Event.objects.count() == events
    assert OutgoingEmail.objects.count() == emails
    assert not EventDelivery.objects.exists()


@pytest.mark.slow
def test_loading_it_again_adds_nothing(dana: User) -> None:
    count = load_history(dana)

    assert load_history(dana) == count
    assert Order.objects.count() == count


@pytest.mark.slow
@pytest.mark.parametrize("report_type", list(BUILDERS))
def test_each_report_of_it_has_something_to_show(dana: User, report_type: str) -> None:
    load_history(dana)
    asked = request_report(
        project=Project.objects.get(name=NAME),
        by=dana,
        report_type=report_type,
        start=date(2025, 11, 28),
        end=date(2026, 11, 27),
        filters={},
    )
    building.build_report(asked.pk)
    report = Report.objects.get()

    page = write_page(report)

    assert report.state == "ready"
    assert len(tables_of(report)[1].rows) == 365
    assert page.count("<svg") >= 1
    assert "Dec 2025" in page


@pytest.mark.slow
def test_the_command_loads_it_only_if_asked_to(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    told = io.StringIO()
    call_command("demo", stdout=io.StringIO())
    assert not Project.objects.filter(name=NAME).exists()

    call_command("demo", history=True, stdout=told)

    assert f"The project {NAME} has " in told.getvalue()
