"""The first page of the back office: what needs attention, within the reader's permissions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingEmail, User
from accounts.tests.admin.browsers import staff_who_may
from accounts.tests.factories import make_user
from catalog.tests.factories import make_product
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.models.integrations import sealed
from orderchainer.core.admin.readers_zone import COOKIE
from orders.models import Order
from orders.tests.factories import make_delivery, make_order

pytestmark = pytest.mark.django_db

# Six in the morning in Berlin, on a Saturday.
NOW = datetime(2024, 2, 17, 5, 0, tzinfo=UTC)


@pytest.fixture
def ada() -> User:
    """A customer, in whose project everything happens."""
    return make_user(email="ada@example.com")


@pytest.fixture
def client() -> Client:
    """The browser of a superuser in Berlin."""
    browser = Client()
    browser.force_login(make_user(is_staff=True, is_superuser=True))
    browser.cookies[COOKIE] = "Europe/Berlin"
    return browser


def panels(client: Client) -> dict[str, list[Any]]:
    response = client.get("/admin/")
    assert response.status_code == 200
    return {panel.title: list(panel.rows) for panel in response.context["glances"]}


def sold(owner: User, at: datetime, total: str, currency: str = "EUR", **fields: Any) -> Order:
    order = make_order(owner, total_price=Decimal(total), currency=currency, **fields)
    Order.objects.filter(pk=order.pk).update(ordered_at=at)
    return order


def integration_of(user: User, **fields: Any) -> Integration:
    return Integration.objects.create(
        project=user.personal_project,
        provider="shopify",
        account=f"shop-{Integration.objects.count()}.myshopify.com",
        secrets=sealed({}),
        **fields,
    )


def failed_sync(integration: Integration, **fields: Any) -> SyncRun:
    return SyncRun.objects.create(
        integration=integration, state="failed", last_error="The shop is closed.", **fields
    )


def failed_webhook(integration: Integration) -> InboundDelivery:
    return InboundDelivery.objects.create(
        integration=integration,
        state="failed",
        key=str(InboundDelivery.objects.count()),
        body=b"{}",
        last_error="No such order.",
    )


@time_machine.travel(NOW, tick=False)
def test_sales_are_added_up_by_currency_and_by_the_readers_days(client: Client, ada: User) -> None:
    midnight = datetime(2024, 2, 16, 23, 0, tzinfo=UTC)  # in Berlin
    a_moment = timedelta(microseconds=1)
    sold(ada, midnight, "10")
    sold(make_user(), NOW, "2.50", status="completed")
    sold(ada, NOW, "100", status="cancelled")
    sold(ada, NOW, "100", status="draft")
    sold(ada, midnight - a_moment, "20")
    sold(ada, midnight - timedelta(days=6), "1000", "JPY")
    sold(ada, midnight - timedelta(days=6) - a_moment, "7", "JPY")

    assert [tuple(row) for row in panels(client)["Sales"]] == [
        ("EUR", "3", "12.50", "4", "32.50"),
        ("JPY", "0", "0", "1", "1000"),
    ]


def test_what_can_be_shipped_is_listed_the_oldest_first(client: Client, ada: User) -> None:
    now = timezone.now()
    active = sold(ada, now - timedelta(days=1), "5", status="active")
    pending = sold(ada, now - timedelta(days=2), "5")
    make_order(ada, pending, title="Held up")
    for status in ("draft", "shipped", "fulfilled", "cancelled", "failed"):
        make_order(ada, status=status)
    Order.objects.filter(pk=make_order(ada).pk).update(is_test=True)

    rows = panels(client)["Orders to ship: 2"]
    listed = client.get(reverse("admin:orders_order_changelist"), {"wait": "ship"})

    assert [f"#{order.pk}<" in row[0] for order, row in zip((pending, active), rows, strict=True)]
    assert {row.pk for row in listed.context["cl"].result_list} == {pending.pk, active.pk}


def test_many_orders_are_counted_up_to_a_bound(client: Client, ada: User) -> None:
    for _ in range(51):
        make_order(ada, status="active")

    assert len(panels(client)["Orders to ship: over 50"]) == 10


def test_products_with_low_stock_are_listed_the_lowest_first(client: Client, ada: User) -> None:
    project = ada.personal_project
    for name, stock, is_active in (
        *(("Few", 5, True), ("None", 0, True)),
        *(("Enough", 6, True), ("Not sold", 1, False)),
    ):
        make_product(project, name=name, stock=stock, is_active=is_active)

    rows = panels(client)["Low stock"]

    assert [(row[0].split(">")[1].split(" (")[0], row[1]) for row in rows] == [
        ("None", "0"),
        ("Few", "5"),
    ]


def test_what_fails_is_listed_for_a_week(client: Client, ada: User) -> None:
    order = make_order(ada)
    make_delivery(order, "failed", last_error="Discord is gone.")
    make_delivery(order, attempts=3, last_error="Discord is slow.", target="2")
    make_delivery(order, target="3")
    make_delivery(order, "sent", target="4")
    long_ago = timezone.now() - timedelta(days=8)
    make_delivery(order, "failed", last_error="Old.", target="5", created_at=long_ago)
    works = integration_of(ada, status="connected")
    integration_of(ada, status="error", last_error="The token was revoked.")
    failed_sync(works)
    failed_sync(works, created_at=long_ago)
    failed_webhook(works)
    OutgoingEmail.objects.create(
        kind="verify_email",
        recipient="b@example.com",
        state="failed",
        last_error="No such mailbox.",
        expires_at=timezone.now(),
    )

    found = panels(client)

    assert [row[-1] for row in found["Deliveries that fail"]] == [
        "Discord is slow.",
        "Discord is gone.",
    ]
    assert [row[-1] for row in found["Integrations with trouble"]] == [
        *("The token was revoked.", "The shop is closed.", "No such order."),
    ]
    assert [row[-1] for row in found["E-mails that could not be sent"]] == ["No such mailbox."]


def test_an_empty_installation_says_that_all_is_well(client: Client) -> None:
    text = client.get("/admin/").text

    for words in (
        "Nothing was ordered in the last 7 days.",
        "There is nothing to ship.",
        "Every product has more than 5 in stock.",
        "All events of the last 7 days were delivered.",
        "All integrations work.",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("permission", "titles"),
    [
        ("view_order", ["Sales", "Orders to ship"]),
        ("view_product", ["Low stock"]),
        ("view_eventdelivery", ["Deliveries that fail"]),
        ("view_integration", ["Integrations with trouble"]),
        ("view_syncrun", ["Integrations with trouble"]),
        ("view_contact", []),
    ],
)
def test_staff_see_what_their_permissions_name(permission: str, titles: list[str]) -> None:
    assert list(panels(staff_who_may(permission))) == titles


def test_the_panel_of_integrations_keeps_to_the_permissions_too(ada: User) -> None:
    failed_sync(integration_of(ada, status="error", last_error="The token was revoked."))

    [row] = panels(staff_who_may("view_syncrun"))["Integrations with trouble"]

    assert row[-1] == "The shop is closed."


def test_the_page_takes_as_many_queries_for_many_rows_as_for_few(client: Client, ada: User) -> None:
    counts = []
    for number in (2, 15):
        for _ in range(number):
            order = make_order(make_user(), status="active")
            make_order(order.owner, order)
            make_delivery(order, "failed")
            make_product(make_user().personal_project, stock=1)
            integration = integration_of(make_user(), status="error")
            failed_sync(integration)
            failed_webhook(integration)
        with CaptureQueriesContext(connection) as queries:
            panels(client)
        counts.append(len(queries))

    assert counts[0] == counts[1]
