"""What a move would bring, on a page of its own and in the dialog of an order."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from catalog.tests.factories import make_product
from orderchainer.core.ids import MAX_ID
from orders.models import Order
from orders.services import ItemDraft, move_order
from orders.tests.factories import make_order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true", "HX-Target": "impact"}


def impact_of(team: Team, client: Client, order: Order, query: str = "", **more: Any) -> str:
    response = client.get(f"{address(team, 'orders', order.pk, 'impact')}{query}", **more)
    assert response.status_code == 200
    return " ".join(text_of(response).split())


def test_it_says_what_a_failure_brings(team: Team, agent: Client) -> None:
    legs = place(team, title="Legs", status="active")
    held = place(team, legs, title="Held")
    fails = place(team, legs, title="Fails", failure_policy="fail")
    starts = place(team, legs, title="Starts", failure_policy="ignore", auto_activate=True)

    page = impact_of(team, agent, legs, "?to=failed")

    assert f"<h2>What happens if #{legs.pk} fails</h2>" in page
    for words, order in (
        ("1 order is blocked", held),
        ("1 order fails too", fails),
        ("1 order becomes active by itself", starts),
    ):
        url = address(team, "orders", order.pk)
        after = page.partition(words)[2]
        assert after.startswith(f'</h3> <ul><li><a href="{url}">#{order.pk} {order.title}</a>')
    assert f'value="failed">Move #{legs.pk} to failed</button>' in page
    assert "?to=cancelled" in page
    legs.refresh_from_db()
    assert (legs.status, legs.version) == ("active", 1)


def test_it_asks_about_the_first_move_that_is_open(team: Team, agent: Client) -> None:
    draft = place(team, status="draft")

    page = impact_of(team, agent, draft)

    assert f"What happens if #{draft.pk} is cancelled" in page
    assert "No other order is affected." in page
    assert "There is no way back from cancelled." in page


def test_it_says_what_goes_back_to_the_stock(team: Team, agent: Client) -> None:
    product = make_product(project=team.project, sku="LEG-72", name="Leg", stock=9)
    item = ItemDraft(name="Leg", quantity=4, unit_price=Decimal(5), sku="LEG-72")
    order = place(team, items=[item])
    order.items.update(product=product)

    cancelled = impact_of(team, agent, order, "?to=cancelled")
    assert "These go back to the stock" in cancelled
    assert "Leg <small" in cancelled
    assert "back to the stock" not in impact_of(team, agent, order, "?to=completed")


def test_the_dialog_gets_a_part(team: Team, agent: Client) -> None:
    order = place(team, status="active")

    part = impact_of(team, agent, order, "?to=completed", headers=PART)

    assert "<html" not in part
    assert part.startswith(f"<h2>What happens if #{order.pk} is completed</h2>")


@pytest.mark.parametrize(
    ("status", "query", "words"),
    [
        ("draft", "?to=failed", "is draft, so it cannot become failed."),
        ("cancelled", "", "is cancelled."),
        ("cancelled", "?to=completed", "is cancelled, so it cannot become completed."),
    ],
)
def test_a_move_that_is_not_open_brings_nothing(
    team: Team, agent: Client, status: str, query: str, words: str
) -> None:
    order = place(team, status="draft")
    if status != "draft":
        move_order(order_id=order.pk, status=status, by=team.owner)

    page = impact_of(team, agent, order, query)

    assert f"#{order.pk} {words}" in page
    assert '<button class="button danger' not in page


def test_who_may_not_move_orders_reads_only(team: Team) -> None:
    order = place(team, place(team))
    viewer, agent = (browser_of(team.members[role]) for role in ("viewer", "agent"))

    assert "Cancel #" not in impact_of(team, viewer, order, "?to=cancelled")
    assert f"Cancel #{order.pk}</button>" in impact_of(team, agent, order, "?to=cancelled")
    # It waits, so nobody can complete it now.
    assert "Complete #" not in impact_of(team, agent, order, "?to=completed")


def test_orders_of_others_have_no_name_and_titles_stay_text(team: Team, agent: Client) -> None:
    order = place(team, title=HOSTILE)
    place(team, order, title=HOSTILE, failure_policy="fail")
    elsewhere = make_order(team.owner, title="Private")
    elsewhere.dependency_edges.create(depends_on=order)

    page = impact_of(team, agent, order, "?to=failed")

    assert f"#{elsewhere.pk}, an order that you may not see" in page
    assert "Private" not in page
    assert "<img src=x" not in page
    for number in (elsewhere.pk, 0, MAX_ID + 1, 10**30):
        response = browser_of(team.owner).get(address(team, "orders", number, "impact"))
        assert response.status_code == 404


def test_the_order_leads_to_it_while_something_can_happen(team: Team, agent: Client) -> None:
    order = place(team)
    url = address(team, "orders", order.pk)
    form = f'<form action="{url}/impact" hx-get="{url}/impact" hx-target="#impact"'

    assert form in text_of(agent.get(url))
    assert form in text_of(agent.get(f"{url}/chain"))
    move_order(order_id=order.pk, status="cancelled", by=team.owner)
    assert "What if" not in text_of(agent.get(url))


def test_the_number_of_statements_does_not_grow(team: Team, agent: Client) -> None:
    alone, busy = place(team), place(team)
    for _ in range(30):
        place(team, busy, failure_policy="fail")
    counts = []
    for order in (alone, busy):
        for part in ({}, {"headers": PART}):
            impact_of(team, agent, order, "?to=failed", **part)
            with CaptureQueriesContext(connection) as statements:
                impact_of(team, agent, order, "?to=failed", **part)
            counts.append(len(statements))

    page_of_alone, part_of_alone, page_of_busy, part_of_busy = counts
    assert page_of_alone <= page_of_busy <= 6
    assert part_of_alone <= part_of_busy <= 5
