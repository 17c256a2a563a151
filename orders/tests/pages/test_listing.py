"""The list of orders: filters, sorting, pages, and what a row says."""

import gzip
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_team
from orders.lifecycle import ChainState, Status, Wait, state_in_chain
from orders.models import Order, OrderDependency
from orders.services import ItemDraft, move_order
from orders.tests.pages.scenes import HOSTILE, address, numbers_on, place, text_of

pytestmark = pytest.mark.django_db


def make_many(team: Team, count: int) -> None:
    Order.objects.bulk_create(
        Order(owner=team.owner, project=team.project, title=f"Lamp {number}")
        for number in range(count)
    )


def make_order_elsewhere() -> Order:
    return place(make_other_project(), title="Secret")


def make_other_project() -> Team:
    owner = make_user()
    return Team(create_project(owner=owner, name="Other"), {"owner": owner})


def test_the_newest_orders_come_first(team: Team, agent: Client) -> None:
    first, second = place(team), place(team)

    assert numbers_on(agent.get(address(team, "orders"))) == [second.pk, first.pk]
    assert numbers_on(agent.get(address(team, "orders/"))) == [second.pk, first.pk]


def test_a_row_can_be_moved_if_its_status_has_a_way_on(team: Team, agent: Client) -> None:
    waiting, done = place(team), place(team, status="completed")

    page = text_of(agent.get(address(team, "orders")))

    assert (
        f'form="moving" name="order" value="{waiting.pk}" aria-label="Move #{waiting.pk}"' in page
    )
    assert f'action="{address(team, "orders/moves")}"' in page
    assert f'aria-label="Move #{done.pk}"' not in page
    assert f'aria-label="Select #{done.pk}"' in page


def test_orders_of_another_project_are_not_there(team: Team, agent: Client) -> None:
    other = make_order_elsewhere()

    assert numbers_on(agent.get(address(team, "orders"))) == []
    assert numbers_on(agent.get(address(team, "orders/rows"), {"ids": str(other.pk)})) == []


def test_the_address_filters(team: Team, agent: Client) -> None:
    awaited = place(team, title="Legs", status="active")
    failed = place(team, title="Wax", status="pending")
    waiting = place(team, awaited, title="Table", customer_name="Anna")
    blocked = place(team, failed, title="Chair")
    move_order(order_id=failed.pk, status="failed", by=team.owner)
    ready = place(team, title="Lamp", status="draft")

    def found(query: str) -> set[int]:
        return set(numbers_on(agent.get(f"{address(team, 'orders')}?{query}")))

    assert found("status=active&status=draft") == {awaited.pk, ready.pk}
    assert found("chain=waits") == {waiting.pk}
    assert found("chain=blocked") == {blocked.pk}
    assert found("chain=ready") == {ready.pk}
    assert found("chain=ready&chain=blocked") == {ready.pk, blocked.pk}
    assert found("search=anna") == {waiting.pk}
    assert found(f"search=%23{ready.pk}") == {ready.pk}
    assert found("chain=waits&status=draft") == set()


def test_the_address_filters_by_age_source_and_sku(team: Team, agent: Client) -> None:
    sold = place(
        team, items=[ItemDraft(name="Lamp", sku="LMP-7", quantity=1, unit_price=Decimal(5))]
    )
    old, fresh = place(team, customer_name="Anna"), place(team)
    days_ago = timezone.now() - timedelta(days=4)
    Order.objects.filter(pk=old.pk).update(status_changed_at=days_ago, provider="shopify")

    for query, wanted in (
        ("search=lmp-7", {sold.pk}),
        ("age=3", {old.pk}),
        ("age=7", set()),
        ("provider=shopify", {old.pk}),
        ("provider=api&customer=anna", set()),
        ("min_total=5&max_total=5.00", {sold.pk}),
        ("age=4", {sold.pk, old.pk, fresh.pk}),
    ):
        assert set(numbers_on(agent.get(f"{address(team, 'orders')}?{query}"))) == wanted, query
    page = text_of(agent.get(f"{address(team, 'board')}?age=3&provider=shopify&status=pending"))
    assert f'id="order-{old.pk}"' in page
    for chip in ("In its status for at least: 3 days", "Source: Shopify", "Status: pending"):
        assert f'aria-label="Remove {chip}"' in page
    assert '<details id="filters" class="unfolds" open>' in page
    assert '<details id="more-filters" open>' in page


@pytest.mark.parametrize("query", ["", "search=oak", "ordering=title", "chain=waits"])
def test_narrow_screens_fold_the_filters_away_if_the_text_or_a_view_says_it_all(
    query: str, team: Team, agent: Client
) -> None:
    page = text_of(agent.get(f"{address(team, 'orders')}?{query}"))

    assert '<details id="filters" class="unfolds">' in page


def test_rows_say_what_the_chain_says(team: Team, agent: Client) -> None:
    awaited = place(team, status="active")
    wrong = place(team)
    place(team, awaited)
    place(team, awaited, wrong)
    move_order(order_id=wrong.pk, status="failed", by=team.owner)

    page = text_of(agent.get(address(team, "orders")))

    assert f"waits for #{awaited.pk}" in page
    assert f"blocked by #{wrong.pk}" in page


@pytest.mark.parametrize("is_waived", [False, True])
def test_python_and_sql_say_the_same_about_the_chain(team: Team, *, is_waived: bool) -> None:
    awaited = place(team)
    order = place(team, awaited)
    if is_waived:
        order.dependency_edges.update(waived_at=timezone.now(), waiver_reason="Not needed.")
    for status, of_awaited in product(Status.values, Status.values):
        Order.objects.filter(pk=order.pk).update(status=status)
        Order.objects.filter(pk=awaited.pk).update(status=of_awaited)
        state = state_in_chain(status, {awaited.pk: Wait(of_awaited, is_waived)})

        mine = Order.objects.filter(pk=order.pk)
        in_sql = [word for word in ChainState.values if mine.in_chain_states([word])]

        assert in_sql == ([str(state[0])] if state else []), (status, of_awaited)


def test_a_value_that_is_no_filter_is_left_out_with_a_note(team: Team, agent: Client) -> None:
    order = place(team)

    response = agent.get(
        address(team, "orders"), {"status": "asleep", "chain": "x", "page": "x", "ordering": "y"}
    )

    assert numbers_on(response) == [order.pk]
    assert "“asleep” was left out" in text_of(response)


@pytest.mark.parametrize("page", ["0", "-1", "3", "9" * 18, "9" * 500, "٣", "%00", ""])
def test_every_page_number_leads_to_a_page(team: Team, agent: Client, page: str) -> None:
    make_many(team, 51)

    assert numbers_on(agent.get(f"{address(team, 'orders')}?page={page}"))


def test_pages_have_fifty_orders_and_keep_the_filters(team: Team, agent: Client) -> None:
    make_many(team, 51)

    first = agent.get(address(team, "orders"), {"search": "Lamp"})
    assert len(numbers_on(first)) == 50
    assert "50 of 51 orders" in text_of(first)
    assert "?search=Lamp&amp;page=2" in text_of(first)
    second = agent.get(address(team, "orders"), {"search": "Lamp", "page": "2"})
    assert len(numbers_on(second)) == 1


def test_a_searched_list_is_small(team: Team, agent: Client) -> None:
    """Pending orders have the longest rows: each says what the chain says, and can be moved."""
    awaited = place(team, title="Awaited 7", status="draft")
    Order.objects.bulk_create(
        Order(
            owner=team.owner,
            project=team.project,
            title=f"Order 7{number}",
            status="pending",
            customer_name="Ann Example",
            customer_email="ann@example.com",
            total_price=Decimal("12500.50"),
        )
        for number in range(60)
    )
    OrderDependency.objects.bulk_create(
        OrderDependency(order=order, depends_on=awaited)
        for order in Order.objects.filter(status="pending")
    )

    page = agent.get(address(team, "orders?search=Order+7&status=pending")).content

    assert page.count(b"waits for #") == 50
    # In production, the names of static files are longer.
    assert len(page) <= 90_000 - 16 * page.count(b"icons.svg")
    assert len(gzip.compress(page)) <= 10_000


def test_columns_sort(team: Team, agent: Client) -> None:
    rows = {
        place(team, title=f"Order of {total}", total_price=Decimal(total)).pk: total
        for total in (3, 1)
    }
    cheap_first = sorted(rows, key=lambda pk: rows[pk])

    page = agent.get(address(team, "orders"), {"ordering": "total"})

    assert numbers_on(page) == cheap_first
    assert 'aria-sort="ascending"><a href="' in text_of(page)
    assert "?ordering=-total" in text_of(page)
    other = agent.get(address(team, "orders"), {"ordering": "-total"})
    assert numbers_on(other) == cheap_first[::-1]


def test_empty_lists_say_why(team: Team, agent: Client) -> None:
    assert "No orders yet" in text_of(agent.get(address(team, "orders")))
    place(team)
    page = text_of(agent.get(address(team, "orders"), {"status": "failed", "ordering": "total"}))
    assert "No orders match" in page
    assert "Clear filters" in page
    assert "No orders match" in text_of(agent.get(address(team, "orders"), {"status": "failed"}))


def test_text_of_strangers_stays_text(team: Team, agent: Client) -> None:
    place(team, title=HOSTILE, customer_name=HOSTILE)

    for page in (
        agent.get(address(team, "orders"), {"search": HOSTILE[:20], "status": HOSTILE}),
        agent.get(address(team, "orders")),
    ):
        assert "<img src=x" not in text_of(page)
        assert "&lt;img src=x" in text_of(page)


def test_rows_are_read_again_by_their_numbers(team: Team, agent: Client) -> None:
    orders = [place(team) for _ in range(3)]
    wanted = [orders[0].pk, orders[2].pk]

    response = agent.get(
        address(team, "orders/rows"), {"ids": ",".join(map(str, [*wanted, "x", "9" * 19, 0]))}
    )

    assert numbers_on(response) == wanted
    assert "<html" not in text_of(response)


@pytest.mark.parametrize("path", ["orders", "orders?chain=waits&ordering=customer"])
def test_a_long_list_takes_as_many_statements_as_a_short_one(
    path: str,
) -> None:
    counts: list[int] = []
    for count in (10, 1000):
        team = make_team() if not counts else make_other_project()
        first = place(team)
        place(team, first)
        make_many(team, count)
        client = browser_of(team.owner)
        client.get(address(team, path))
        with CaptureQueriesContext(
            connection,
        ) as statements:
            assert numbers_on(client.get(address(team, path)))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8
