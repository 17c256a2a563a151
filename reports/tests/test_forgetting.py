"""Stored reports forget the customers whom no order names any more."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event as Signal
from typing import Any, cast

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.factories import client_of, make_user
from integrations.models import Integration
from integrations.shopify.tests.conftest import (  # noqa: F401 (fixtures)
    integration,
    owner,
    shop,
    shopify_sandbox,
)
from integrations.shopify.tests.shop import PretendShop
from integrations.shopify.tests.webhooks import bring, snapshot, told
from orderchainer.testing.races import on_postgresql, race
from orders.models import Order, customer_key_of
from orders.services import (
    OrderFields,
    blank_customer,
    create_order_in_project,
    forget_erased_customers,
)
from orders.tests.outside import mirror
from reports.builders import BUILDERS, Built, Question
from reports.models import Report
from reports.services import request_report
from reports.work import forgetting
from reports.work.building import build_report

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 11, 20)
ADA = {"name": "Ada Lovelace", "email": "ada@example.org", "phone": "+15550100"}
NOBODY = {"name": "", "email": "", "phone": ""}


@pytest.fixture
def store() -> Project:
    return create_project(owner=make_user(), name="My Store", currency="EUR")


def ask(store: Project, report_type: str = "sales") -> Report:
    return request_report(
        project=store, by=None, report_type=report_type, start=DAY, end=DAY, filters={}
    )


def make_report(store: Project) -> Report:
    report = ask(store)
    build_report(report.pk)
    report.refresh_from_db()
    assert report.state == "ready"
    return report


def customers_in(report: Report) -> list[dict[str, Any]]:
    """Return whom the stored report names, without their figures."""
    report.refresh_from_db()
    customers = report.figures["top_customers"]
    return [{name: each[name] for name in NOBODY} for each in customers]


def make_order(store: Project, **fields: Any) -> Order:
    """Return an order that somebody entered by hand."""
    asked = cast("OrderFields", {"title": "By hand", **fields})
    return create_order_in_project(by=store.members.get(), project=store, fields=asked)


def erase(store: Project, *external_ids: str) -> None:
    blank_customer(project=store, provider="shopify", external_ids=external_ids)
    forget_erased_customers(store)


def test_a_customer_who_is_erased_is_erased_from_every_stored_report(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    mirror(store, external_id="1")
    bob: dict[str, Any] = {
        "customer_name": "Bob",
        "customer_email": "",
        "customer_phone": "+1 (555) 01-99",
    }
    mirror(store, external_id="2", **bob, total=Decimal("12.50"))
    stored = [make_report(store) for _ in range(5)]
    other = create_project(owner=make_user(), name="Another", currency="EUR")
    mirror(other, external_id="1")
    elsewhere = make_report(other)
    before = [report.payload for report in stored]

    erase(store, "1")

    assert customers_in(elsewhere) == [ADA]
    for report, payload in zip(stored, before, strict=True):
        assert customers_in(report) == [
            NOBODY,
            {"name": "Bob", "email": "", "phone": "+1 (555) 01-99"},
        ]
        # Everything else stands there as before, to the byte.
        for text in ADA.values():
            payload = payload.replace(text, "")
        assert report.payload == payload
        assert report.erasures == 1
    erase(store, "1")
    stored[0].refresh_from_db()
    assert stored[0].erasures == 1


def test_files_and_answers_name_nobody_then_and_no_cache_is_right(store: Project) -> None:
    member = store.members.get()
    client: APIClient = client_of(member)
    mirror(store)
    report = make_report(store)
    path = f"/api/v1/reports/{store.uuid}/{report.uuid}"
    answer = client.get(path)
    assert b"ada@example.org" in answer.content

    erase(store, "5940139491234")

    again = client.get(path, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert again.status_code == 200
    assert again["ETag"] != answer["ETag"]
    table = client.get(f"{path}.csv?table=top_customers")
    page = client.get(f"{path}.html")
    for each in (again, table, page):
        assert each.status_code == 200
        assert not [text for text in ADA.values() if text.encode() in each.getvalue()]


def test_a_customer_whom_another_order_names_stays(store: Project) -> None:
    """Nobody asked to erase that order, so the project still knows the customer."""
    mirror(store)
    report = make_report(store)
    make_order(store, customer_email="ADA@example.org")

    erase(store, "5940139491234")

    assert customers_in(report) == [ADA]


def test_other_reports_and_unfinished_ones_are_left_alone(store: Project) -> None:
    mirror(store)
    build_report(ask(store, "messages").pk)
    waiting = ask(store)

    erase(store, "5940139491234")

    assert set(Report.objects.values_list("erasures", flat=True)) == {0}
    build_report(waiting.pk)
    assert customers_in(waiting) == []


def test_the_key_of_a_customer_is_the_one_that_the_database_computes(store: Project) -> None:
    pairs = [("ADA@Example.org", "1"), ("ÄDA@x.org", ""), ("", " +1 (555) 01-9.9/0"), ("", "")]
    for email, phone in pairs:
        order = make_order(store, customer_email=email, customer_phone=phone)
        stored = Order.objects.get(pk=order.pk)
        assert customer_key_of(stored.customer_email, stored.customer_phone) == stored.customer_key


# --- While a report is built ------------------------------------------------------------------


def test_a_report_that_read_the_customer_before_the_erasure_does_not_name_them(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(store)
    builder = BUILDERS["sales"]

    def build(question: Question) -> Built:
        built = builder.build(question)
        assert built.payload["top_customers"]
        return built

    report = ask(store)
    settle = forgetting.forget_customers_in

    def erased_first(project: Project, ids: list[int]) -> None:
        # By now the worker has read everything.
        erase(store, "5940139491234")
        settle(project, ids)

    monkeypatch.setattr("reports.work.building.forget_customers_in", erased_first)
    monkeypatch.setitem(BUILDERS, "sales", type(builder)(**{**vars(builder), "build": build}))
    build_report(report.pk)

    assert customers_in(report) == [NOBODY]


def an_erasure_during_a_worker(store: Project) -> list[dict[str, Any]]:
    """Erase the customer after the worker has looked at the orders, and before its commit."""
    mirror(store)
    report = ask(store)
    has_looked, is_erased = Signal(), Signal()

    def work() -> None:
        with connection.execute_wrapper(wait_before_the_end):
            build_report(report.pk)

    def wait_before_the_end(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "orders_event"' in sql:
            has_looked.set()
            is_erased.wait(1)
        return execute(sql, params, many, context)

    def erase_meanwhile() -> None:
        has_looked.wait(30)
        erase(store, "5940139491234")
        is_erased.set()

    results = race(work, erase_meanwhile)
    assert not [each for each in results if isinstance(each, Exception)]
    return customers_in(report)


@on_postgresql
def test_an_erasure_waits_for_the_worker_that_is_writing_a_report(store: Project) -> None:
    assert an_erasure_during_a_worker(store) == [NOBODY]


@on_postgresql
def test_without_the_lock_the_report_would_name_an_erased_customer(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(forgetting, "_locked", lambda ids: Report.objects.filter(pk__in=ids))

    assert an_erasure_during_a_worker(store) == [ADA]


# --- Shopify asks for it ----------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact"])
def test_shopifys_request_reaches_stored_reports(
    integration: Integration,  # noqa: F811 (the fixture)
    shop: PretendShop,  # noqa: F811 (the fixture)
    topic: str,
) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    ada = {"first_name": "Ada", "email": "ada@example.org", "phone": "+12125550100"}
    order = shop.order(customer=ada, created_at=noon.isoformat())
    bring([told(shop, "orders/create", snapshot(shop, order))])
    report = request_report(
        project=integration.project,
        by=None,
        report_type="sales",
        start=DAY - timedelta(days=1),
        end=DAY,
        filters={},
    )
    build_report(report.pk)
    assert customers_in(report)[0]["email"] == "ada@example.org"
    if topic == "shop/redact":
        shop.shop.uninstall()
        bring([shop.shop.deliveries[-1]])
    shop.shop.tell_privacy(topic=topic, order_ids=[order.id])

    (row,) = bring([shop.shop.deliveries[-1]])

    assert row.state == "done"
    assert customers_in(report) == [NOBODY]
