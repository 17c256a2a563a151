"""The orders of the list as a CSV file."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from orders.models import Order
from orders.queries import exporting
from orders.services import ItemDraft, assign_order
from orders.tests.pages.scenes import address, place, text_of
from orders.tests.pages.test_listing import make_order_elsewhere

pytestmark = pytest.mark.django_db


def exported(team: Team, browser: Client, query: str = "") -> list[dict[str, str]]:
    response: Any = browser.get(f"{address(team, 'orders/export')}{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="orders.csv"'
    table = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(table)))


def titles(rows: list[dict[str, str]]) -> list[str]:
    return [row["title"] for row in rows]


def test_a_row_says_what_is_known_of_an_order(team: Team, agent: Client) -> None:
    awaited = place(team, title="Legs")
    order = place(
        team,
        awaited,
        title="Table",
        customer_name="Anna",
        customer_email="anna@example.com",
        shipping_address="Quay 1\nLübeck",
        notes="Ring twice",
        items=[
            ItemDraft(name="Oak boards", quantity=3, unit_price=Decimal("129.00"), sku="OAK"),
            ItemDraft(name="Screws", quantity=40, unit_price=Decimal("0.25")),
        ],
    )
    assign_order(order_id=order.pk, assignee=team.members["manager"], by=team.owner)

    _, row = exported(team, agent)

    assert row["updated_at"].endswith("Z")
    told = {name: value for name, value in row.items() if value and not name.endswith("_at")}
    assert told == {
        "number": str(order.pk),
        "title": "Table",
        "status": "pending",
        "chain": "waits",
        "held_up_by": str(awaited.pk),
        "customer": "Anna",
        "customer_email": "anna@example.com",
        "shipping_address": "Quay 1\nLübeck",
        "items": "3 × Oak boards (OAK)\n40 × Screws",  # noqa: RUF001  (a sign of multiplication)
        "total": "397.00",
        "currency": order.currency,
        "assignee": team.members["manager"].email,
        "source": order.provider,
        "is_test": "false",
        "notes": "Ring twice",
    }


def test_the_file_has_the_orders_that_the_list_finds(team: Team, agent: Client) -> None:
    for title, status in (("Lamp", "pending"), ("Lamp shade", "active"), ("Mug", "pending")):
        place(team, title=title, status=status)
    make_order_elsewhere()

    page = text_of(agent.get(address(team, "orders?search=Lamp&status=pending&ordering=-number")))

    link = f'href="{address(team, "orders/export")}?search=Lamp&amp;status=pending"'
    assert link in page
    assert titles(exported(team, agent)) == ["Lamp", "Lamp shade", "Mug"]
    assert titles(exported(team, agent, "?search=Lamp&ordering=-number")) == ["Lamp", "Lamp shade"]
    assert titles(exported(team, agent, "?search=Lamp&status=pending")) == ["Lamp"]
    assert titles(exported(team, agent, "?search=nothing")) == []


def test_without_orders_there_is_nothing_to_export(team: Team, agent: Client) -> None:
    assert "orders/export" not in text_of(agent.get(address(team, "orders")))
    assert exported(team, agent) == []


def test_a_filter_that_makes_no_sense_is_refused(team: Team, agent: Client) -> None:
    place(team)

    response = agent.get(address(team, "orders/export"), {"status": "asleep"})

    assert response.status_code == 400
    assert "“asleep” was left out" in text_of(response)


def test_no_cell_runs_as_a_formula(team: Team, agent: Client) -> None:
    place(
        team,
        title='=cmd("calc")',
        customer_name="@Anna",
        notes="a;\n+b",
        items=[ItemDraft(name="=1+1", quantity=1, unit_price=Decimal(1))],
    )

    (row,) = exported(team, agent)

    assert row["title"] == '\'=cmd("calc")'
    assert row["customer"] == "'@Anna"
    assert row["notes"] == "a;\n'+b"
    # It begins with the quantity.
    assert row["items"].startswith("1 ")


def test_who_reads_the_list_may_export_it_and_nobody_else(team: Team) -> None:
    place(team, title="Lamp")

    assert titles(exported(team, browser_of(team.members["viewer"]))) == ["Lamp"]
    stranger = browser_of(make_order_elsewhere().owner)
    assert stranger.get(address(team, "orders/export")).status_code == 404


def test_each_part_of_the_file_takes_one_statement(
    team: Team, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 10)

    def statements(count: int) -> int:
        Order.objects.all().delete()
        Order.objects.bulk_create(
            Order(owner=team.owner, project=team.project, title=f"Lamp {number}")
            for number in range(count)
        )
        with CaptureQueriesContext(connection) as captured:
            assert len(exported(team, agent)) == count
        return len(captured)

    statements(1)
    alone = statements(1)

    assert statements(9) == alone
    assert statements(25) == alone + 2
