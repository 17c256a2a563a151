"""A year of made-up orders: believable, the same each time, and a secret from everybody."""

import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db.models import QuerySet

from accounts.models import OutgoingEmail, Project, User
from accounts.tests.factories import make_user
from integrations.assistant.models import AssistantCall
from notifications.models import Message
from orderchainer.demo.history import NAME, load_history
from orders.lifecycle import ALLOWED_WHILE_BLOCKED, OPEN_MOVES, EventType
from orders.models import Order, OrderDependency
from orders.stream.models import Event, EventDelivery, EventStream
from orders.stream.relay import relay_events
from reports.builders import BUILDERS
from reports.exports import document_of, tables_of, write_page
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


@pytest.mark.slow
def test_a_year_has_thousands_of_orders_and_nobody_is_told_of_them(dana: User) -> None:
    emails = OutgoingEmail.objects.count()
    relay_events()
    deliveries = EventDelivery.objects.count()

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
    # Its events have their places in the stream, without gaps, and no relay will find them.
    stream = Event.objects.order_by("position").values_list("position", flat=True)
    assert list(stream) == list(range(1, EventStream.objects.get().last_position + 1))
    assert not Event.objects.filter(created_at__gt=NOW).exists()
    assert relay_events().count == 0
    assert EventDelivery.objects.count() == deliveries
    assert OutgoingEmail.objects.count() == emails
    suggested = Message.objects.filter(ai_generated=True)
    assert AssistantCall.objects.count() == suggested.count() > 50
    check_that_lives_are_possible(Event.objects.filter(order__in=orders))


def check_that_lives_are_possible(events: QuerySet[Event]) -> None:
    """Hold every recorded move against the table of moves, and each order against its last one."""
    lives: dict[int, list[str]] = defaultdict(list)
    for event in events.order_by("position").select_related("order"):
        assert event.order is not None
        lives[event.order.pk].append(event.data["status"])
        if event.type == EventType.STATUS_CHANGED:
            assert event.data["new_status"] in OPEN_MOVES[event.data["old_status"]]
            assert event.data["old_status"] == lives[event.order.pk][-2]
    known = Order.objects.in_bulk(list(lives))
    assert {pk: life[-1] for pk, life in lives.items()} == {
        pk: order.status for pk, order in known.items()
    }
    waiting = Order.objects.filter(pk__in=known).exclude(status__in=ALLOWED_WHILE_BLOCKED)
    assert not OrderDependency.objects.holding_up().filter(order__in=waiting).exists()


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

    page = write_page(document_of(report))

    assert report.state == "ready"
    if report_type == "performance":
        figures = report.figures
        assert set(figures["status_seconds"]) >= {"pending", "active", "shipped", "fulfilled"}
        assert figures["chains"]["completed"] > 50
        assert figures["chains"]["longest"] == 4
        assert set(figures["blocked_by"]) == {"failed", "cancelled"}
    assert len(tables_of(document_of(report))[1].rows) == 365
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
