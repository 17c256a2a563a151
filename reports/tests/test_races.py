"""Two requests for a report, or two workers with one report, at the same moment."""

from datetime import date
from typing import Any

import pytest

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.factories import make_user
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.models import Event
from reports.errors import TooManyGenerating
from reports.models import Report
from reports.services import MAX_GENERATING, request_report, requesting
from reports.work.building import build_report

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2025, 1, 15)


@pytest.fixture
def store() -> Project:
    return create_project(owner=make_user(), name="My Store")


def ask(store: Project) -> Any:
    return request_report(
        project=store, by=None, report_type="sales", start=DAY, end=DAY, filters={}
    )


def race_for_the_last_place(store: Project) -> list[Any]:
    for _ in range(MAX_GENERATING - 1):
        ask(store)
    return race(
        lambda: ask(store),
        lambda: ask(store),
        meeting=Meeting('INSERT INTO "reports_report"'),
    )


def test_two_requests_for_the_last_place_get_one_report(store: Project) -> None:
    outcomes = race_for_the_last_place(store)

    assert {type(each) for each in outcomes} == {Report, TooManyGenerating}
    assert Report.objects.count() == MAX_GENERATING


@on_postgresql
def test_without_the_lock_both_would_get_one(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requesting, "lock_project", lambda project: project)

    race_for_the_last_place(store)

    assert Report.objects.count() == MAX_GENERATING + 1


def test_two_workers_build_a_report_once(store: Project) -> None:
    report = ask(store)

    race(lambda: build_report(report.pk), lambda: build_report(report.pk))

    report.refresh_from_db()
    assert (report.state, report.attempts) == ("ready", 1)
    assert Event.objects.filter(type="report_ready").count() == 1
