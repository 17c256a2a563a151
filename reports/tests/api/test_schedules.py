"""`/api/v1/reports/{project_id}/schedules`: make, list, change and delete schedules."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from reports.models import ReportSchedule
from reports.services import MAX_SCHEDULES

pytestmark = pytest.mark.django_db(transaction=True)

# A Saturday, which is still Friday in New York.
NOW = datetime(2025, 2, 1, 3, 0, tzinfo=UTC)
WEEKLY = {"report_type": "sales", "frequency": "weekly"}


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def store(now: None, ada: User) -> Project:
    return create_project(owner=ada, name="My Store", timezone="America/New_York")


def path(store: Project, *parts: object) -> str:
    return "/".join(["/api/v1/reports", str(store.uuid), "schedules", *map(str, parts)])


def test_makes_a_schedule_for_the_caller(client: APIClient, store: Project, ada: User) -> None:
    response = client.post(path(store), WEEKLY)

    schedule = ReportSchedule.objects.get()
    assert response.status_code == 201, response.content
    assert response["Location"] == path(store, schedule.uuid)
    assert response.json() == {
        "id": str(schedule.uuid),
        "project_id": str(store.uuid),
        "report_type": "sales",
        "frequency": "weekly",
        "filters": {},
        "recipients": [str(ada.uuid)],
        "channels": ["email"],
        "is_active": True,
        "next_period": {"first_day": "2025-01-27", "last_day": "2025-02-02"},
        "next_at": "2025-02-03T05:00:00Z",
        "last_error": None,
        "created_by": str(ada.uuid),
        "created_at": "2025-02-01T03:00:00Z",
    }
    assert client.get(path(store, schedule.uuid)).json() == response.json()
    assert client.get(path(store)).json() == [response.json()]


def test_changes_and_deletes_a_schedule(client: APIClient, store: Project) -> None:
    made = client.post(path(store), WEEKLY).json()

    changed = client.patch(
        path(store, made["id"]),
        {"frequency": "monthly", "channels": ["discord"], "filters": {"currency": "EUR"}},
    )
    off = client.patch(path(store, made["id"]), {"is_active": False})
    deleted = client.delete(path(store, made["id"]))

    assert changed.json() == {
        **made,
        "frequency": "monthly",
        "channels": ["discord"],
        "filters": {"currency": "EUR"},
        "next_period": {"first_day": "2025-01-01", "last_day": "2025-01-31"},
        "next_at": "2025-02-01T05:00:00Z",
    }
    assert (off.json()["is_active"], off.json()["next_at"]) == (False, None)
    assert deleted.status_code == 204
    assert client.get(path(store, made["id"])).status_code == 404


def test_the_same_key_makes_one_schedule(client: APIClient, store: Project) -> None:
    first = client.post(path(store), WEEKLY, HTTP_IDEMPOTENCY_KEY="k")
    again = client.post(path(store), WEEKLY, HTTP_IDEMPOTENCY_KEY="k")

    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert ReportSchedule.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"report_type": "weather"}, "report_type"),
        ({"frequency": "hourly"}, "frequency"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"channels": "email"}, "channels"),
        ({"recipients": [str(UUID(int=1))]}, "recipients"),
        ({"recipients": ["x"]}, "recipients"),
        ({"recipients": [str(UUID(int=1))] * 51}, "recipients"),
        ({"filters": {"weather": "fine"}}, "filters"),
        ({"filters": []}, "filters"),
        ({"is_active": "perhaps"}, "is_active"),
        ({"surprise": 1}, "surprise"),
        ({"report_type": None}, "report_type"),
    ],
)
def test_refuses_what_is_wrong_by_name(
    client: APIClient, store: Project, change: dict[str, Any], field: str
) -> None:
    refused = client.post(path(store), {**WEEKLY, **change})
    made = client.post(path(store), WEEKLY).json()
    not_changed = client.patch(path(store, made["id"]), change)

    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert (not_changed.status_code, list(not_changed.json()["errors"])) == (422, [field])
    assert client.get(path(store, made["id"])).json() == made


def test_strangers_cannot_be_recipients(client: APIClient, store: Project) -> None:
    eve = make_user(email="eve@example.com")

    response = client.post(path(store), {**WEEKLY, "recipients": [str(eve.uuid)]})

    assert response.json()["errors"] == {
        "recipients": ["All recipients must be members of the project."]
    }
    assert not ReportSchedule.objects.exists()


@pytest.mark.slow
def test_a_project_has_a_bounded_number_of_schedules(
    client: APIClient, store: Project, ada: User
) -> None:
    for _ in range(MAX_SCHEDULES):
        client.post(path(store), WEEKLY)

    response = client.post(path(store), WEEKLY)

    assert (response.status_code, response.json()["detail"]) == (
        409,
        f"A project has at most {MAX_SCHEDULES} schedules. Delete one first.",
    )


def test_a_schedule_of_another_project_is_not_found(
    client: APIClient, store: Project, ada: User
) -> None:
    other = create_project(owner=ada, name="Another")
    made = client.post(path(store), WEEKLY).json()

    assert client.get(path(other, made["id"])).status_code == 404
    assert client.patch(path(other, made["id"]), {"is_active": False}).status_code == 404
    assert client.delete(path(other, made["id"])).status_code == 404


def test_a_list_takes_as_many_statements_for_any_number(client: APIClient, store: Project) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path(store)).status_code == 200
        return len(queries)

    client.post(path(store), WEEKLY)
    few = count()
    for _ in range(10):
        client.post(path(store), WEEKLY)

    assert count() == few


def test_an_empty_change_is_refused_and_what_was_read_is_no_change(
    client: APIClient, store: Project
) -> None:
    made = client.post(path(store), WEEKLY).json()

    assert client.patch(path(store, made["id"]), {}).status_code == 422
    assert client.patch(path(store, made["id"]), made).json() == made
