"""`/api/v1/reports` as the hub document has it, and what stands beside it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import client_of, make_user
from orders.models import Order
from orders.stream.models import Event
from reports.models import Report
from reports.services import MAX_GENERATING

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2025, 2, 1, 10, 0, tzinfo=UTC)
# The document's example.
ASKED: dict[str, Any] = {
    "report_type": "sales",
    "start_date": "2025-01-01T00:00:00Z",
    "end_date": "2025-01-31T23:59:59Z",
    "filters": {},
}


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def store(now: None, ada: User) -> Project:
    return create_project(owner=ada, name="My Store")


def sell(store: Project, count: int, total: str, at: datetime, **fields: Any) -> None:
    """Store `count` orders, the first of which earns `total`."""
    owner = store.memberships.get().user
    Order.objects.bulk_create(
        Order(
            owner=owner,
            project=store,
            title="An order",
            total_price=Decimal(total) if number == 0 else Decimal(0),
            ordered_at=at,
            **fields,
        )
        for number in range(count)
    )


def path(store: Project, *parts: object) -> str:
    return "/".join(["/api/v1/reports", str(store.uuid), *map(str, parts)])


def generate(client: APIClient, store: Project, /, **changes: Any) -> Any:
    return client.post(path(store, "generate"), {**ASKED, **changes}, format="json")


# --- the document's examples ------------------------------------------------------------------


def test_generates_a_report_as_documented(client: APIClient, store: Project, worker: None) -> None:
    sell(store, 150, "12500.50", datetime(2025, 1, 31, 23, 59, 59, 999_999, UTC))
    sell(store, 1, "1.00", datetime(2025, 2, 1, tzinfo=UTC))

    response = generate(client, store)

    assert response.status_code == 201, response.content
    report = Report.objects.get()
    body = response.json()
    payload = body.pop("payload")
    assert body == {
        "id": str(report.uuid),
        "project_id": str(store.uuid),
        "report_type": "sales",
        "summary": "Generated 150 orders with $12,500.50 in total revenue, $83.34 on average.",
        "generated_at": "2025-02-01T10:00:00Z",
        "status": "ready",
        "error": None,
        "timezone": "UTC",
        "period": {
            "start_date": "2025-01-01T00:00:00Z",
            "end_date": "2025-01-31T23:59:59Z",
            "first_day": "2025-01-01",
            "last_day": "2025-01-31",
        },
        "filters": {},
        "schema_version": 1,
        "requested_by": str(report.requested_by.uuid),  # type: ignore[union-attr]
        "created_at": "2025-02-01T10:00:00Z",
    }
    assert (payload["total_orders"], payload["average_order_value"]) == (150, 83.34)
    # The amount has its cents, to the byte.
    assert b'"total_revenue":12500.50,' in response.content
    assert [day["date"] for day in payload["by_day"]] == [
        f"2025-01-{day:02}" for day in range(1, 32)
    ]
    assert payload["by_day"][-1]["total_orders"] == 150
    assert response["Location"] == path(store, report.uuid)


def test_lists_gets_and_deletes_reports_as_documented(
    client: APIClient, store: Project, worker: None
) -> None:
    sales = generate(client, store).json()
    generate(client, store, report_type="messages")

    listed = client.get(f"{path(store)}?report_type=sales&page=1")
    got = client.get(path(store, sales["id"]))
    deleted = client.delete(path(store, sales["id"]))

    assert listed.json() == [{name: sales[name] for name in sales if name != "payload"}]
    assert listed["X-Total-Count"] == "1"
    assert got.json() == sales
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = client.get(path(store, sales["id"]))
    assert (gone.status_code, gone.json()["detail"]) == (404, "Report not found")
    assert Report.objects.get().report_type == "messages"


@pytest.mark.parametrize("report_type", ["sales", "messages", "performance"])
def test_a_project_without_anything_has_zeros(
    client: APIClient, store: Project, worker: None, report_type: str
) -> None:
    body = generate(client, store, report_type=report_type).json()

    assert body["status"] == "ready", body
    assert "NaN" not in str(body)
    expected = {
        "sales": "Generated no orders.",
        "messages": "Exchanged no messages.",
        "performance": "0 orders came in and 0 orders got done.",
    }
    assert body["summary"] == expected[report_type]


def test_statistics_and_a_report_of_the_same_days_agree(
    client: APIClient, store: Project, worker: None
) -> None:
    sell(store, 3, "70.00", NOW - timedelta(days=2), status="fulfilled")
    sell(store, 1, "30.00", NOW - timedelta(days=6, hours=9), currency="EUR")
    sell(store, 1, "99.00", NOW - timedelta(days=8))
    statistics = client.get(f"/api/v1/orders/{store.uuid}/stats/summary?days=7").json()

    report = generate(client, store, start_date="2025-01-26", end_date="2025-02-01").json()

    shared = ["total_orders", "total_revenue", "average_order_value", "orders_by_status"]
    shared += ["currency", "by_currency"]
    assert {name: report["payload"][name] for name in shared} == {
        name: statistics[name] for name in shared
    }
    assert report["payload"]["total_orders"] == 4


# --- the period -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("2025-01-31", "2025-01-01", "end_date"),
        ("2025-01-01T00:00:01Z", "2025-01-01T00:00:00Z", "end_date"),
        ("2020-01-01", "2025-01-01", "end_date"),
        ("2025-01-01T00:00:00", "2025-01-31", "start_date"),
        ("2025-02-30", "2025-03-01", "start_date"),
        ("yesterday", "2025-03-01", "start_date"),
        (5, "2025-03-01", "start_date"),
        (None, "2025-03-01", "start_date"),
        ("0001-01-01", "2025-03-01", "start_date"),
        ("2025-01-01", "9999-12-31", "end_date"),
        ("2025-01-01T00:00:00+99:00", "2025-03-01", "start_date"),
    ],
)
def test_refuses_a_period_that_is_none(
    client: APIClient, store: Project, start: Any, end: Any, field: str
) -> None:
    response = generate(client, store, start_date=start, end_date=end)

    assert response.status_code == 422, response.content
    assert list(response.json()["errors"]) == [field]
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("America/New_York", "2026-11-20T03:30Z", "2026-11-19"),
        ("Pacific/Kiritimati", "2026-11-19T10:30Z", "2026-11-20"),
        ("Asia/Kathmandu", "2026-11-19T18:20Z", "2026-11-20"),
        ("Pacific/Kiritimati", "2026-12-31T10:00Z", "2027-01-01"),
    ],
)
def test_an_order_is_on_its_local_day(
    client: APIClient, ada: User, worker: None, zone: str, moment: str, day: str
) -> None:
    store = create_project(owner=ada, name="My Store", timezone=zone)
    sell(store, 1, "1.00", datetime.fromisoformat(moment))

    report = generate(client, store, start_date="2026-11-01", end_date="2027-01-31").json()
    alone = generate(client, store, start_date=day, end_date=day).json()

    by_day = report["payload"]["by_day"]
    assert [each["date"] for each in by_day if each["total_orders"]] == [day]
    assert alone["payload"]["total_orders"] == 1


def test_a_date_is_the_whole_local_day(client: APIClient, ada: User, worker: None) -> None:
    store = create_project(owner=ada, name="My Store", timezone="America/New_York")

    thursday = generate(client, store, start_date="2026-11-19", end_date="2026-11-19").json()

    assert thursday["period"] == {
        "start_date": "2026-11-19T05:00:00Z",
        "end_date": "2026-11-20T04:59:59Z",
        "first_day": "2026-11-19",
        "last_day": "2026-11-19",
    }


def test_a_year_across_new_year_has_every_day(
    client: APIClient, store: Project, worker: None
) -> None:
    report = generate(client, store, start_date="2025-04-01", end_date="2026-03-31").json()

    days = [day["date"] for day in report["payload"]["by_day"]]
    assert (len(days), len(set(days)), days[0], days[-1]) == (
        365, 365, "2025-04-01", "2026-03-31"
    )  # fmt: skip


def test_a_report_stays_when_the_project_moves(
    client: APIClient, store: Project, worker: None
) -> None:
    sell(store, 1, "1.00", datetime(2025, 1, 15, 3, tzinfo=UTC))
    before = generate(client, store, start_date="2025-01-14", end_date="2025-01-14").json()
    client.patch(f"/api/v1/projects/{store.uuid}", {"timezone": "US/Pacific"}, format="json")

    after = generate(client, store, start_date="2025-01-14", end_date="2025-01-14").json()

    assert client.get(path(store, before["id"])).json() == before
    assert (before["timezone"], before["payload"]["total_orders"]) == ("UTC", 0)
    assert (after["timezone"], after["payload"]["total_orders"]) == ("US/Pacific", 1)


@pytest.mark.parametrize(
    ("name", "status"), [("Mars/Olympus", 422), ("US/Pacific", 200), ("+02:00", 422)]
)
def test_a_project_takes_only_names_of_zones(
    client: APIClient, store: Project, name: str, status: int
) -> None:
    changed = client.patch(f"/api/v1/projects/{store.uuid}", {"timezone": name}, format="json")

    assert changed.status_code == status


# --- filters ----------------------------------------------------------------------------------


def test_filters_narrow_a_report(client: APIClient, store: Project, worker: None) -> None:
    at = datetime(2025, 1, 15, tzinfo=UTC)
    sell(store, 1, "1.00", at, provider="shopify", customer_name="Ada", status="fulfilled")
    sell(store, 1, "2.00", at, provider="manual", customer_name="Bob")
    sell(store, 1, "4.00", at, provider="api", customer_email="ada@example.com", currency="EUR")

    def revenue(**filters: Any) -> tuple[int, float, str]:
        payload = generate(client, store, filters=filters).json()["payload"]
        return payload["total_orders"], payload["total_revenue"], payload["currency"]

    assert revenue() == (3, 3.0, "USD")
    assert revenue(provider="shopify") == (1, 1.0, "USD")
    assert revenue(provider=["shopify", "manual"], status="pending") == (1, 2.0, "USD")
    assert revenue(currency="EUR") == (1, 4.0, "EUR")
    assert revenue(currency="JPY") == (0, 0.0, "JPY")
    assert revenue(customer="ADA") == (2, 1.0, "USD")
    assert revenue(customer="", provider=None, status=[]) == (3, 3.0, "USD")


@pytest.mark.parametrize(
    ("report_type", "filters"),
    [
        ("sales", {"color": "red"}),
        ("sales", {"status": "lost"}),
        ("sales", {"status": 5}),
        ("sales", {"status": [["pending"]]}),
        ("sales", {"provider": {"shopify": True}}),
        ("sales", {"currency": "XXX"}),
        ("sales", {"currency": ["USD"]}),
        ("sales", {"customer": "a" * 201}),
        ("sales", {"customer": 5}),
        ("sales", {"customer": "a\x00b"}),
        ("sales", ["provider"]),
        ("sales", "provider"),
        ("messages", {"currency": "USD"}),
        ("messages", {"provider": ["a\x00b"]}),
        ("messages", {"status": "pending"}),
    ],
    ids=str,
)
def test_refuses_filters_that_it_does_not_know(
    client: APIClient, store: Project, report_type: str, filters: Any
) -> None:
    response = generate(client, store, report_type=report_type, filters=filters)

    assert response.status_code == 422, response.content
    assert list(response.json()["errors"]) == ["filters"]
    assert not Report.objects.exists()


def test_an_unknown_type_is_refused_with_those_that_there_are(
    client: APIClient, store: Project
) -> None:
    response = generate(client, store, report_type="weather")

    assert response.status_code == 422
    assert response.json()["errors"] == {
        "report_type": ['"weather" is not one of sales, messages, performance.']
    }


def test_the_list_is_narrowed_by_type_and_status(
    client: APIClient, store: Project, worker: None
) -> None:
    generate(client, store)
    generate(client, store, report_type="performance")

    def types(query: str) -> list[str]:
        return [row["report_type"] for row in client.get(f"{path(store)}?{query}").json()]

    assert types("") == ["performance", "sales"]
    assert types("report_type=sales&report_type=messages") == ["sales"]
    assert types("status=ready") == ["performance", "sales"]
    assert types("status=failed&status=generating") == []
    assert types("page=2&page_size=1") == ["sales"]
    assert client.get(f"{path(store)}?report_type=weather").status_code == 422


# --- waiting, and asking twice ----------------------------------------------------------------


def test_a_report_that_takes_longer_is_answered_while_it_is_generated(
    client: APIClient, store: Project, settings: Any
) -> None:
    settings.REPORT_WAIT_SECONDS = 0.05

    response = generate(client, store)

    body = response.json()
    assert (response.status_code, body["status"]) == (201, "generating")
    assert (body["summary"], body["payload"], body["generated_at"]) == (None, None, None)
    assert response["Location"] == path(store, body["id"])
    assert client.get(response["Location"]).json() == body


def test_a_client_that_prefers_it_does_not_wait(
    client: APIClient, store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = client.post(
        path(store, "generate"), ASKED, format="json", HTTP_PREFER="wait=5, Respond-Async"
    )

    assert (response.status_code, response.json()["status"]) == (201, "generating")
    assert response["Preference-Applied"] == "respond-async"


def test_the_same_key_asks_for_one_report(client: APIClient, store: Project, worker: None) -> None:
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "january"}

    first = client.post(path(store, "generate"), ASKED, format="json", **key)
    second = client.post(path(store, "generate"), ASKED, format="json", **key)
    other = client.post(
        path(store, "generate"), {**ASKED, "report_type": "messages"}, format="json", **key
    )

    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert Report.objects.count() == 1


def test_a_project_has_a_few_reports_generated_at_a_time(
    client: APIClient, store: Project, settings: Any
) -> None:
    settings.REPORT_WAIT_SECONDS = 0
    for _ in range(MAX_GENERATING):
        assert generate(client, store).status_code == 201

    refused = generate(client, store)

    assert (refused.status_code, refused.json()["code"]) == (409, "TOO_MANY_REPORTS_GENERATING")
    assert Report.objects.count() == MAX_GENERATING
    assert not Event.objects.filter(type="report_ready").exists()


def test_an_unchanged_report_is_not_sent_again(
    client: APIClient, store: Project, worker: None
) -> None:
    report = generate(client, store)

    again = client.get(path(store, report.json()["id"]), HTTP_IF_NONE_MATCH=report["ETag"])

    assert (again.status_code, again.content) == (304, b"")


def test_other_projects_have_no_such_report(
    client: APIClient, store: Project, ada: User, worker: None
) -> None:
    other = create_project(owner=ada, name="Another")
    report = generate(client, store).json()

    for call in (client.get, client.delete):
        assert call(path(other, report["id"])).status_code == 404
        assert call(path(store, uuid4())).status_code == 404
        assert call(path(store, "x")).status_code == 404
    assert client_of(make_user()).get(path(store, report["id"])).status_code == 404
    assert Report.objects.count() == 1


def test_a_list_takes_as_many_statements_whatever_there_is(
    client: APIClient, store: Project, worker: None
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            generate(client, store)
        with CaptureQueriesContext(connection) as statements:
            client.get(path(store))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 4
