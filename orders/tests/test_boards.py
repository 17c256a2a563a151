"""The cards of a project's orders: on a board, in a list, by their ids."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from orders.lifecycle import ChainState, Status
from orders.models import Order
from orders.queries import (
    board_of,
    cards_by_id,
    counts_by_status,
)
from orders.queries.boards import COLUMNS
from orders.services import assign_order, create_order, move_order
from orders.tests.factories import make_chain

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def shop(ada: User) -> Project:
    return create_project(owner=ada, name="Boats", currency="EUR")


def place(shop: Project, title: str, *waits_for: Order, **fields: object) -> Order:
    return create_order(
        by=shop.memberships.get().user,
        project=shop,
        fields={"title": title, **fields},  # type: ignore[typeddict-item]
        dependencies=[order.pk for order in waits_for],
    )


def many(shop: Project, number: int) -> None:
    owner = shop.memberships.get().user
    Order.objects.bulk_create(
        Order(
            owner=owner,
            project=shop,
            title=f"Boat {i}",
            status=Status.values[i % len(Status.values)],
            status_changed_at=START + timedelta(minutes=(i * 37) % 1_000),
        )
        for i in range(number)
    )


def test_a_card_says_whether_its_order_waits(shop: Project, ada: User) -> None:
    keel = place(shop, "Keel")
    mast = place(shop, "Mast")
    sails = place(shop, "Sails", mast, keel)
    hull = place(shop, "Hull", keel)
    move_order(order_id=mast.pk, status="failed", by=ada)

    cards = cards_by_id(shop, [keel.pk, mast.pk, sails.pk, hull.pk])

    assert {pk: card.state for pk, card in cards.items()} == {
        keel.pk: ChainState.READY,
        mast.pk: None,
        sails.pk: ChainState.BLOCKED,
        hull.pk: ChainState.WAITS,
    }
    assert cards[sails.pk].because_of == (mast.pk,)
    assert cards[hull.pk].because_of == (keel.pk,)


def test_a_card_names_the_customer_by_what_is_known_of_them(shop: Project) -> None:
    named = place(shop, "Lamp", customer_name="Anna", customer_email="anna@example.com")
    mailed = place(shop, "Desk", customer_email="bea@example.com", customer_phone="+15550001")
    called = place(shop, "Vase", customer_phone="+15550002")

    cards = cards_by_id(shop, [named.pk, mailed.pk, called.pk])

    assert [cards[each.pk].customer for each in (named, mailed, called)] == [
        "Anna",
        "bea@example.com",
        "+15550002",
    ]


def test_the_board_shows_first_what_has_been_there_for_the_longest_time(shop: Project) -> None:
    many(shop, 300)
    board = board_of(Order.objects.filter(project=shop))
    assert list(board) == list(COLUMNS)
    for status, cards in board.items():
        orders = Order.objects.filter(project=shop, status=status)
        expected = orders.order_by("status_changed_at", "pk").values_list("pk", flat=True)[:20]
        assert [card.id for card in cards] == list(expected)
    assert (
        counts_by_status(Order.objects.all())["pending"]
        == Order.objects.filter(status="pending").count()
    )


def test_the_board_of_an_empty_project_has_its_columns(shop: Project) -> None:
    orders = Order.objects.filter(project=shop)
    assert board_of(orders) == {str(column): [] for column in COLUMNS}
    assert counts_by_status(orders) == dict.fromkeys(Status.values, 0)


def test_filters_narrow_the_board_and_the_counts(shop: Project, ada: User) -> None:
    red = place(shop, "Red", customer_name="Anna")
    place(shop, "Blue", status="active")
    assign_order(order_id=red.pk, assignee=ada, by=ada)
    orders = Order.objects.filter(project=shop)
    for narrowed in (
        orders.filter(assignee=ada),
        orders.of_customer("ann"),
        orders.in_chain_states(["ready"]),
    ):
        assert counts_by_status(narrowed) == dict.fromkeys(Status.values, 0) | {"pending": 1}
        assert [card.id for column in board_of(narrowed).values() for card in column] == [red.pk]
    assert not any(board_of(orders.none()).values())
    assert cards_by_id(shop, [red.pk])[red.pk].assignee == "ada@example.com"


def test_a_column_shows_more_cards(shop: Project) -> None:
    many(shop, 300)
    orders = Order.objects.filter(project=shop)
    board = board_of(orders, limits={"pending": 30, "draft": 5})
    expected = orders.filter(status="pending").order_by("status_changed_at", "pk")[:30]
    assert [card.id for card in board["pending"]] == list(expected.values_list("pk", flat=True))
    assert [len(board[status]) for status in ("draft", "active")] == [5, 20]


def test_orders_of_another_project_are_not_shown(shop: Project, ada: User) -> None:
    other = create_project(owner=ada, name="Cars")
    order = place(other, "Car")
    assert cards_by_id(shop, [order.pk]) == {}
    assert cards_by_id(shop, [-1, 0, 2**63]) == {}


def test_more_cards_than_fit_on_a_page_are_refused(shop: Project) -> None:
    with pytest.raises(ValueError, match="100"):
        cards_by_id(shop, range(101))


@pytest.mark.parametrize("number", [10, 1_000])
def test_the_number_of_statements_does_not_grow(
    shop: Project, ada: User, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_chain(ada, 50)
    many(shop, number)
    orders = Order.objects.filter(project=shop)
    with django_assert_num_queries(1):
        board_of(orders)
    with django_assert_num_queries(1):
        counts_by_status(orders)
    ids = list(Order.objects.filter(project=shop).values_list("pk", flat=True)[:100])
    with django_assert_num_queries(1):
        cards_by_id(shop, ids)
