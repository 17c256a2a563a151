"""Workers that build reports, and what happens if they die, come twice or find nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from celery.contrib.testing.worker import start_worker
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import client_of, make_user
from integrations.figures import syncs_of
from integrations.models import Integration, SyncRun
from orderchainer.celery import app
from orderchainer.core.db.snapshots import one_snapshot
from orderchainer.testing.races import on_postgresql
from orders.models import Order, OrderItem
from orders.services import update_order
from orders.stream.models import Event
from orders.tests.factories import make_order
from reports import builders
from reports.builders import BUILDERS, Builder, Built, Question
from reports.models import Report
from reports.services import delete_report, request_report, wait_for
from reports.work import building
from reports.work.building import LEASE, build_report, due_reports

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2025, 1, 15)
NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.fixture
def store(ada: User) -> Project:
    return create_project(owner=ada, name="My Store")


def ask(store: Project, report_type: str = "sales", **filters: Any) -> Report:
    owner = store.memberships.get().user
    return request_report(
        project=store, by=owner, report_type=report_type, start=DAY, end=DAY, filters=filters
    )


def build(report: Report) -> Report:
    build_report(report.pk)
    report.refresh_from_db()
    return report


def sell(store: Project, count: int, **fields: Any) -> list[Order]:
    owner = store.memberships.get().user
    orders = Order.objects.bulk_create(
        Order(
            **{
                "owner": owner,
                "project": store,
                "title": "An order",
                "status": "fulfilled",
                "total_price": Decimal("10.00"),
                "customer_email": f"{number}@example.com",
                "ordered_at": NOON,
                "status_changed_at": NOON + timedelta(hours=1),
                **fields,
            }
        )
        for number in range(count)
    )
    OrderItem.objects.bulk_create(
        OrderItem(order=order, name=f"Lamp {order.pk}", unit_price=Decimal(5), quantity=2)
        for order in orders
    )
    return orders


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """A builder `sales` that raises what is put into the list, and else builds."""
    raising: list[Exception] = []
    whole = BUILDERS["sales"]

    def build(question: Question) -> Built:
        if raising:
            raise raising.pop()
        return whole.build(question)

    changed = Builder(**{**vars(whole), "build": build})
    monkeypatch.setattr(builders, "BUILDERS", {**BUILDERS, "sales": changed})
    monkeypatch.setattr("reports.work.building.BUILDERS", {**BUILDERS, "sales": changed})
    return raising


def test_a_project_whose_zone_this_machine_does_not_know_gets_reports_in_utc(
    store: Project, ada: User
) -> None:
    Project.objects.filter(pk=store.pk).update(timezone="Mars/Base")
    store.refresh_from_db()

    report = build(ask(store))

    assert (report.state, report.period.zone.key) == ("ready", "UTC")
    assert client_of(ada).get(f"/api/v1/reports/{store.uuid}").status_code == 200


# --- what a worker does -----------------------------------------------------------------------


def test_a_report_is_built_once_and_told(store: Project) -> None:
    report = build(ask(store))

    assert (report.state, report.schema_version) == ("ready", 1)
    assert build_report(report.pk) is None
    event = Event.objects.get(type="report_ready")
    assert (event.subject_kind, event.subject_uuid) == ("report", report.uuid)
    assert event.data == {"report_type": "sales", "status": "ready", "error": ""}


def test_a_worker_that_dies_leaves_a_report_that_is_built(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ask(store)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(building, "_build", die)
        with pytest.raises(KeyboardInterrupt):
            build_report(report.pk)
    # The dead worker's lease keeps others away for a while.
    assert due_reports() == []
    assert build_report(report.pk) is None

    with time_machine.travel(datetime.now(UTC) + LEASE + timedelta(seconds=1)):
        assert due_reports() == [report.pk]
        assert build(report).state == "ready"
    assert Event.objects.filter(type="report_ready").count() == 1


def test_a_report_that_kills_its_workers_is_given_up(store: Project) -> None:
    report = ask(store)
    Report.objects.filter(pk=report.pk).update(attempts=Report.MAX_ATTEMPTS)

    report = build(report)

    assert report.state == "failed"
    assert report.last_error == "Gave up after 3 attempts: the last one was cut off."


def test_a_defect_is_tried_again_and_then_told(store: Project, broken: list[Exception]) -> None:
    report = ask(store)
    for attempt in range(1, Report.MAX_ATTEMPTS + 1):
        broken.append(ZeroDivisionError())
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=attempt)):
            report = build(report)

    assert (report.state, report.payload) == ("failed", "")
    assert report.last_error == "Gave up after 3 attempts: Internal error: ZeroDivisionError"
    event = Event.objects.get(type="report_ready")
    assert (event.data["status"], event.data["error"]) == ("failed", report.last_error)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("canceling statement due to statement timeout"),
        InterfaceError("connection already closed"),
    ],
)
def test_a_database_that_does_not_answer_in_time_is_asked_again(
    store: Project, broken: list[Exception], error: Exception
) -> None:
    report = ask(store)
    broken.append(error)

    assert build(report).state == "pending"
    assert report.last_error == "The database did not answer in time. A shorter period is faster."
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        assert build(report).state == "ready"


def test_a_report_that_is_deleted_while_it_is_built_leaves_nothing(
    store: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ask(store)
    really = building._build

    def delete_meanwhile(claimed: Report) -> Built:
        built = really(claimed)
        delete_report(report=claimed, by=ada)
        return built

    monkeypatch.setattr(building, "_build", delete_meanwhile)
    build_report(report.pk)

    assert not Report.objects.exists()
    assert not Event.objects.filter(type="report_ready").exists()


def test_a_worker_that_lost_its_lease_writes_nothing(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ask(store)
    really = building._build

    def lose_the_lease(claimed: Report) -> Built:
        built = really(claimed)
        other = datetime.now(UTC) + timedelta(hours=1)
        Report.objects.filter(pk=claimed.pk).update(claimed_until=other, next_attempt_at=other)
        return built

    monkeypatch.setattr(building, "_build", lose_the_lease)

    report = build(report)

    assert (report.state, report.payload) == ("pending", "")
    assert not Event.objects.filter(type="report_ready").exists()


@pytest.mark.slow
def test_a_request_gets_the_report_of_a_worker_in_another_thread(
    store: Project, ada: User, settings: Any
) -> None:
    settings.REPORT_WAIT_SECONDS = 30
    sell(store, 2)
    client: APIClient = client_of(ada)

    with start_worker(app, pool="solo", perform_ping_check=False, queues=[settings.REPORTS_QUEUE]):
        response = client.post(
            f"/api/v1/reports/{store.uuid}/generate",
            {"report_type": "sales", "start_date": "2025-01-15", "end_date": "2025-01-15"},
            format="json",
        )

    assert response.status_code == 201
    assert response.json()["status"] == "ready"
    assert response.json()["payload"]["total_orders"] == 2


@on_postgresql
def test_a_request_that_waits_holds_no_connection(
    store: Project, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.REPORT_WAIT_SECONDS = 30
    report = ask(store)
    held: list[bool] = []

    def look_and_end(seconds: float) -> None:
        held.append(connection.connection is not None)
        Report.objects.all().delete()

    monkeypatch.setattr(time, "sleep", look_and_end)
    wait_for(report)

    assert held == [False]


# --- what is built ----------------------------------------------------------------------------


@pytest.mark.parametrize("report_type", list(BUILDERS))
def test_a_report_takes_as_many_statements_whatever_there_is(
    store: Project, report_type: str
) -> None:
    counts = []
    for _ in range(2):
        sell(store, 15)
        question = Question(store, ask(store).period, {})
        with CaptureQueriesContext(connection) as statements:
            BUILDERS[report_type].build(question)
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_currencies_are_never_added(store: Project) -> None:
    sell(store, 1, total_price=Decimal(100))
    sell(store, 1, total_price=Decimal(10000), currency="JPY")

    report = build(ask(store))

    assert report.figures["total_revenue"] == 100
    assert report.figures["by_currency"]["JPY"]["total_revenue"] == 10000
    assert "10100" not in report.payload
    assert report.summary.startswith(
        "Generated 2 orders with $100.00 in total revenue, $50.00 on average."
        " Orders in other currencies earned JPY 10,000."
    )


def test_the_summary_names_the_product_that_earned_most(store: Project) -> None:
    [order] = sell(store, 1)
    for name, price, quantity in [("Mug", "14.90", 2), ("Teapot", "39.00", 1)]:
        OrderItem.objects.create(
            order=order, name=name, unit_price=Decimal(price), quantity=quantity
        )

    assert build(ask(store)).summary.endswith(" Teapot earned most, $39.00.")


def test_what_went_wrong_earns_nothing_and_is_shown(store: Project) -> None:
    for status, total in [("fulfilled", 50), ("cancelled", 70), ("failed", 30), ("draft", 20)]:
        sell(store, 1, status=status, total_price=Decimal(total))
    sell(store, 1, total_price=Decimal(999), is_test=True)

    figures = build(ask(store)).figures

    assert figures["orders_by_status"] == {"draft": 1, "fulfilled": 2, "failed": 1, "cancelled": 1}
    assert (figures["total_orders"], figures["total_revenue"]) == (4, 50)


def test_a_trend_compares_with_the_period_before(store: Project) -> None:
    sell(store, 2, ordered_at=NOON - timedelta(days=1))
    sell(store, 3)

    trend = build(ask(store)).figures["trend"]

    assert (trend["start_date"], trend["end_date"]) == ("2025-01-14", "2025-01-14")
    assert trend["total_orders"] == {"before": 2, "change": 1, "change_percent": 50}
    assert trend["total_revenue"] == {"before": 20, "change": 10, "change_percent": 50}


def test_customers_are_new_once(store: Project) -> None:
    sell(store, 2, ordered_at=NOON - timedelta(days=1))
    sell(store, 3, customer_name="Ada")

    figures = build(ask(store)).figures

    assert figures["customers"] == {"total": 3, "new": 1, "returning": 2}
    assert figures["top_customers"][0]["name"] == "Ada"


def test_performance_tells_lead_times_waits_and_blocks(store: Project, ada: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first, second, third = make_order(ada), make_order(ada), make_order(ada)
        for order in (first, second, third):
            Order.objects.filter(pk=order.pk).update(project=store)
        clock.shift(timedelta(hours=2))
        update_order(order_id=first.pk, by=ada, fields={"status": "fulfilled"})
        clock.shift(timedelta(hours=2))
        update_order(order_id=second.pk, by=ada, fields={"status": "fulfilled"})

    figures = build(ask(store, "performance")).figures

    assert (figures["orders_placed"], figures["orders_done"]) == (3, 2)
    lead = figures["lead_time_seconds"]
    assert (lead["count"], lead["p50"], lead["p90"]) == (2, 10800, Decimal("13680.0"))
    assert figures["status_seconds"]["pending"]["count"] == 2


def test_performance_tells_how_syncs_went(store: Project, ada: User) -> None:
    integration = Integration.objects.create(
        project=store, provider="shopify", account="a", status="disconnected"
    )
    SyncRun.objects.create(
        integration=integration, trigger="person", state="done", created_at=NOON,
        finished_at=NOON + timedelta(seconds=4),
    )  # fmt: skip
    SyncRun.objects.create(
        integration=integration, trigger="person", state="failed", created_at=NOON,
        finished_at=NOON,
    )  # fmt: skip

    report = build(ask(store, "performance"))

    assert report.figures["syncs"]["by_state"] == {"done": 1, "failed": 1}
    assert report.figures["syncs"]["lag_seconds"]["p50"] == pytest.approx(4, abs=0.1)
    assert report.summary.endswith("1 of 2 syncs failed.")
    assert syncs_of(store, report.period).total == 2


# --- a snapshot -------------------------------------------------------------------------------


def test_a_report_sees_one_moment(store: Project) -> None:
    """The database as it was at the first statement, whatever is written meanwhile."""

    def sell_elsewhere() -> None:
        try:
            sell(store, 1)
        finally:
            connections.close_all()

    with one_snapshot(statement_seconds=5, last_begins_within=60):
        before = Order.objects.count()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(sell_elsewhere).result()
        assert Order.objects.count() == before
    assert Order.objects.count() == before + 1


def test_a_snapshot_refuses_to_write_on_postgresql(store: Project) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no read-only transactions")
    with pytest.raises(DatabaseError, match="read-only"), snapshot(60):
        sell(store, 1)


@pytest.mark.parametrize("is_inside_another", [False, True])
def test_no_statement_begins_too_late(store: Project, is_inside_another: bool) -> None:
    outer = transaction.atomic() if is_inside_another else nullcontext()

    def read_late() -> None:
        with outer, snapshot(0.2):
            assert Order.objects.count() == 0
            time.sleep(0.3)
            Order.objects.count()

    with pytest.raises(OperationalError, match="may begin"):
        read_late()

    # The connection is as before.
    assert len(sell(store, 1)) == Order.objects.count() == 1


def test_a_statement_that_takes_too_long_is_interrupted(store: Project) -> None:
    forever = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000)"
        " SELECT count(*) FROM n"
    )
    started = time.monotonic()
    with (
        pytest.raises(OperationalError),
        one_snapshot(statement_seconds=0.3, last_begins_within=0.3),
        connection.cursor() as cursor,
    ):
        cursor.execute(forever)

    assert time.monotonic() - started < 30
    assert len(sell(store, 1)) == Order.objects.count() == 1


def test_a_builder_at_work_never_outlives_its_lease() -> None:
    longest = building.STATEMENT_SECONDS + building.LAST_STATEMENT_SECONDS
    assert timedelta(seconds=longest + 10) <= LEASE


def snapshot(seconds: float) -> AbstractContextManager[None]:
    return one_snapshot(statement_seconds=5, last_begins_within=seconds)
