"""The page of an order: why it waits, its neighbours, its history, its deliveries, its chain."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.admin.browsers import shown
from orders.lifecycle import Status
from orders.models import OrderDependency
from orders.services import move_order, update_order
from orders.stream.models import Event, EventDelivery
from orders.tests.admin.pages import page
from orders.tests.factories import make_chain, make_delivery, make_order
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db


def test_an_order_shows_why_it_waits_its_neighbours_history_and_deliveries(
    client: Client, ada: User
) -> None:
    root = make_order(ada, title="Root cause")
    middle = make_order(ada, root, title="Middle")
    order = make_order(ada, middle, title="This one")
    make_order(ada, order, title="Waiting for it")
    make_delivery(order, "failed", last_error="Discord answered 404.")

    panels = {
        panel.title: panel for panel in client.get(page("order_change", order.pk)).context["panels"]
    }

    assert list(panels) == [
        "Why it waits",
        "Waits for",
        "Orders that wait for this one",
        "History",
        "Deliveries",
    ]
    waits = {row[0].split("</a> ")[1]: row[4] for row in panels["Why it waits"].rows}
    assert waits == {"Root cause": "the wait begins here", "Middle": ""}
    assert "Waiting for it" in panels["Orders that wait for this one"].rows[0][0]
    assert panels["History"].rows[0][1:] == (
        "order_created",
        f"waits for #{middle.pk}",
        "ada@example.com",
    )
    assert panels["Deliveries"].rows[0][-1] == "Discord answered 404."


def test_an_order_from_outside_shows_what_its_source_told(client: Client, ada: User) -> None:
    order = mirror(ada.personal_project, is_test=True).order
    paid = {"financial_status": "<b>paid</b>"}
    mirror(ada.personal_project, 1, is_test=True, status=Status.SHIPPED, details=paid)

    response = client.get(page("order_change", order.pk))

    text = response.content.decode()
    assert "financial_status: &lt;b&gt;paid&lt;/b&gt;" in text
    history = {panel.title: panel for panel in response.context["panels"]}["History"]
    assert [row[1:] for row in history.rows] == [
        ("order_status_changed", "pending → shipped, told by shopify", "shopify"),
        ("order_updated", "source_details, told by shopify", "shopify"),
        ("order_created", "told by shopify", "shopify"),
    ]
    assert "64.88 EUR (test)" in shown(client, page("order_changelist"))
    assert "Source" not in shown(client, page("order_change", make_order(ada).pk))


def test_a_page_shows_a_bounded_number_of_neighbours_and_says_so(client: Client, ada: User) -> None:
    order = make_order(ada)
    waiting = make_chain(ada, 60)
    OrderDependency.objects.filter(order__in=waiting).delete()
    OrderDependency.objects.bulk_create(
        OrderDependency(order=other, depends_on=order) for other in waiting
    )

    text = shown(client, page("order_change", order.pk))

    assert "Only the first 50 are shown; there are more." in text


def test_the_page_of_an_order_takes_as_many_queries_with_many_neighbours_as_with_few(
    client: Client, ada: User
) -> None:
    shown(client, page("order_change", make_order(ada).pk))  # fills Django's cache of content types
    counts = []
    for number in (2, 20):
        middle = make_order(ada, *(make_order(ada) for _ in range(number)))
        for _ in range(number):
            make_order(ada, middle)
        for status in ("draft", "pending") * number:
            move_order(order_id=middle.pk, status=status, by=ada)
        make_delivery(middle)
        with CaptureQueriesContext(connection) as queries:
            shown(client, page("order_change", middle.pk))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_titles_are_shown_and_not_executed(client: Client, ada: User) -> None:
    evil = "<script>alert(1)</script>"
    first = make_order(ada, title=evil)
    second = make_order(ada, first, title=evil, link="https://example.com/?a=b&c")
    make_delivery(second, last_error=evil)

    for url in (
        page("order_changelist"),
        page("order_change", second.pk),
        page("order_chain", second.pk),
        page("order_delete", second.pk),
        page("event_changelist"),
        page("event_change", Event.objects.latest("pk").pk),
        page("eventdelivery_changelist"),
        page("eventdelivery_change", EventDelivery.objects.get().pk),
    ):
        text = shown(client, url)
        assert evil not in text
        assert "&lt;script&gt;" in text


def test_the_chain_lists_dependencies_first(client: Client, ada: User) -> None:
    first = make_order(ada, title="First")
    second = make_order(ada, title="Second")
    update_order(order_id=first.pk, by=ada, fields={}, dependencies=[second.pk])

    response = client.get(page("order_chain", first.pk))

    titles = [row[0].split("</a> ")[1] for row in response.context["table"]["rows"]]
    assert titles == ["Second", "First"]
