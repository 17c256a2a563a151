"""The board: its columns, what a card says, and where its moves lead back to."""

import gzip
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from orders.models import Order, OrderDependency
from orders.services import ItemDraft, move_order
from orders.tests.pages.scenes import HOSTILE, address, numbers_on, place, text_of

pytestmark = pytest.mark.django_db


def make_many(team: Team, count: int, status: str = "pending") -> None:
    Order.objects.bulk_create(
        Order(owner=team.owner, project=team.project, title=f"Lamp {number}", status=status)
        for number in range(count)
    )


def column(page: str, status: str) -> str:
    """Return the HTML of one column."""
    return page.partition(f'id="column-{status}"')[2].partition("</section>")[0]


def test_each_order_stands_in_the_column_of_its_status(team: Team, agent: Client) -> None:
    awaited = place(team, title="Legs", status="active")
    place(team, awaited, title="Table", customer_name="Anna")

    page = text_of(agent.get(address(team, "board")))

    assert f"#{awaited.pk} Legs" in column(page, "active")
    assert "Table" in column(page, "pending")
    assert f"waits for #{awaited.pk}" in column(page, "pending")
    assert "Anna" in column(page, "pending")
    assert "No shipped orders." in column(page, "shipped")


def test_a_card_says_nothing_about_a_total_of_zero(team: Team, agent: Client) -> None:
    item = ItemDraft(name="Oak boards", quantity=3, unit_price=Decimal("129.00"))
    place(team, title="Legs", items=[item])
    place(team, title="Sanding", customer_name="Anna")
    place(team, title="Waxing")

    page = column(text_of(agent.get(address(team, "board"))), "pending")

    legs, sanding, waxing = page.split('<li class="order-card"')[1:]
    assert "387.00\N{NO-BREAK SPACE}USD" in legs
    assert "<p>Anna</p>" in sanding
    assert "USD" not in sanding + waxing
    assert waxing.count("<p>") == 1


def test_a_column_shows_twenty_cards_and_then_more(team: Team, agent: Client) -> None:
    make_many(team, 203)
    make_many(team, 2, status="completed")

    path = address(team, "board")
    page = text_of(agent.get(path, {"search": "Lamp"}))

    pending = column(page, "pending")
    assert pending.count("data-part") == 20
    assert 'data-count="pending">203</span>' in pending
    assert f'href="{path}?search=Lamp&amp;shown=pending-50#column-pending"' in pending
    assert 'data-count="completed">2</span>' in column(page, "completed")
    assert "data-part" not in column(page, "completed")
    # The address keeps what the other columns show.
    page = text_of(agent.get(path, {"shown": ["pending-50", "active-80"]}))
    assert column(page, "pending").count("data-part") == 50
    assert "?shown=active-80&amp;shown=pending-80#" in column(page, "pending")
    page = text_of(agent.get(path, {"shown": "pending-999"}))
    assert column(page, "pending").count("data-part") == 200
    assert f'<a href="{address(team, "orders")}?status=pending">Open as list</a>' in page
    for nonsense in ("pending-x", "pending", "-50", "asleep-50", "pending--5", "pending-9" * 9):
        page = text_of(agent.get(path, {"shown": nonsense}))
        assert column(page, "pending").count("data-part") == 20


def test_a_script_reads_one_column(team: Team, agent: Client) -> None:
    make_many(team, 53)
    place(team, title="Legs", status="active")

    response = agent.get(
        address(team, "board"),
        {"shown": "pending-50"},
        headers={"HX-Request": "true", "HX-Target": "column-pending"},
    )

    assert len(numbers_on(response)) == 50
    assert "<html" not in text_of(response)
    assert "Legs" not in text_of(response)


def test_the_board_filters(team: Team, agent: Client) -> None:
    place(team, title="Legs")
    table = place(team, title="Table")

    response = agent.get(address(team, "board"), {"search": "Table", "status": "x"})

    assert numbers_on(response) == [table.pk]
    assert "None match." in text_of(response)
    assert "“x” was left out" in text_of(response)


def test_a_move_leads_back_to_the_board(team: Team, agent: Client) -> None:
    order = place(team)
    path = address(team, "board?search=An")
    page = text_of(agent.get(path))
    assert f'name="next" value="{path}"' in page

    response = agent.post(
        address(team, "orders", order.pk, "move"),
        {"status": "active", "version": "1", "next": path},
    )

    assert response["Location"] == path
    assert f"#{order.pk} " in column(text_of(agent.get(path)), "active")


def test_who_may_not_move_orders_has_no_menus(team: Team) -> None:
    place(team)

    assert "Move #" not in text_of(browser_of(team.members["viewer"]).get(address(team, "board")))


def test_cards_are_read_again_by_their_numbers(team: Team, agent: Client) -> None:
    awaited = place(team)
    waiting, other = place(team, awaited), place(team)
    move_order(order_id=awaited.pk, status="failed", by=team.owner)
    elsewhere = create_project(owner=team.owner, name="Other")
    foreign = place(Team(elsewhere, {"owner": team.owner}))

    ids = ",".join(map(str, [waiting.pk, other.pk, foreign.pk, "x", 0]))
    response = agent.get(address(team, "orders/cards"), {"ids": ids})

    assert sorted(numbers_on(response)) == [waiting.pk, other.pk]
    assert f"blocked by #{awaited.pk}" in text_of(response)
    assert "<html" not in text_of(response)
    assert "pending:2 " in text_of(response)
    assert "failed:1 " in text_of(response)
    for nothing in ({}, {"ids": ""}, {"ids": "9" * 19}, {"ids": "1," * 300}):
        assert agent.get(address(team, "orders/cards"), nothing).status_code == 200


def test_text_of_strangers_stays_text(team: Team, agent: Client) -> None:
    place(team, title=HOSTILE, customer_name=HOSTILE)

    page = text_of(agent.get(address(team, "board"), {"search": HOSTILE[:10]}))

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_full_board_takes_as_many_statements_as_an_empty_one() -> None:
    counts: list[int] = []
    for count in (10, 1000):
        owner = make_user()
        team = Team(create_project(owner=owner, name="Store"), {"owner": owner})
        make_many(team, count)
        client = browser_of(owner)
        client.get(address(team, "board"))
        with CaptureQueriesContext(connection) as statements:
            assert client.get(address(team, "board")).status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8


@pytest.mark.parametrize("query", ["", "&search=Order"])
def test_many_cards_take_as_many_statements_as_one(team: Team, query: str) -> None:
    client = browser_of(team.owner)
    numbers = [place(team, title="Order").pk for _ in range(20)]
    counts: list[int] = []
    for some in (numbers[:1], numbers):
        with CaptureQueriesContext(connection) as statements:
            client.get(address(team, f"orders/cards?ids={','.join(map(str, some))}{query}"))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize("path", ["orders/cards", "orders/rows"])
def test_what_the_filters_leave_out_says_so(team: Team, agent: Client, path: str) -> None:
    kept, other = place(team, title="Lamp"), place(team, title="Table")

    ids = f"{kept.pk},{other.pk}"
    response = agent.get(address(team, path), {"ids": ids, "search": "Lamp"})

    before, _, after = text_of(response).partition(f'id="order-{other.pk}"')
    assert "No longer matches" not in before
    assert "No longer matches" in after
    assert "No longer matches" not in text_of(agent.get(address(team, path), {"ids": ids}))


def test_a_card_says_where_it_can_move_now(team: Team, agent: Client) -> None:
    free = place(team)
    place(team, free, title="Table")

    page = column(text_of(agent.get(address(team, "board"))), "pending")

    assert 'data-moves="draft active shipped fulfilled completed failed cancelled"' in page
    assert 'data-moves="draft failed cancelled"' in page


def test_a_board_with_120_cards_is_small(team: Team, agent: Client) -> None:
    """110 kB, and 12 compressed, on a page with long names."""
    awaited = place(team, title="Legs")
    for status in ("draft", "pending", "active", "shipped", "fulfilled", "failed"):
        Order.objects.bulk_create(
            Order(
                owner=team.owner,
                project=team.project,
                title=f"Oak table number {number} for the living room",
                customer_name="Annabelle Lindqvist",
                status=status,
            )
            for number in range(25)
        )
    pending = Order.objects.filter(status__in=["draft", "pending"]).exclude(pk=awaited.pk)
    OrderDependency.objects.bulk_create(
        OrderDependency(order=order, depends_on=awaited) for order in pending
    )

    page = agent.get(address(team, "board")).content

    assert page.count(b"data-part") == 120
    assert len(page) <= 110_000
    assert len(gzip.compress(page)) <= 12_000
