"""Statements that are compiled once: run again with other values, and kept within bounds."""

import itertools
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.transaction import TransactionManagementError

from accounts.models import ApiToken, Session, User
from accounts.queries import credentials as credential_queries
from accounts.queries import projects as access_queries
from accounts.services import open_browser_session
from accounts.tests.factories import make_api_token, make_user, token_of
from cart import queries as cart_queries
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.queries import storefront as catalog_queries
from catalog.services import stock
from catalog.tests.factories import make_category, make_product, make_storefront
from notifications.queries import bell as bell_queries
from orderchainer.core.db.among import among
from orderchainer.core.db.prepared import MAX_KEPT, Row, prepared
from orders.models import Order
from orders.queries import chains as chain_queries
from orders.queries import projects as project_queries
from orders.queries import rows as order_queries
from orders.services import create_order, mirroring
from orders.stream.queries import stream_head
from orders.stream.relay import relay_events
from orders.tests.factories import make_order
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db

SHOWN = ["email"]


def test_compiles_a_statement_once_and_runs_it_with_each_value() -> None:
    written = []

    @prepared
    def named(user_id: int, name: UUID) -> QuerySet[User, Row]:
        written.append(user_id)
        rows: QuerySet[User, Row] = User.objects.filter(pk=user_id, uuid=name).values(*SHOWN)
        return rows

    users = [make_user(email=f"user{number}@example.com") for number in range(3)]

    found = [named(user.pk, user.uuid) for user in users]

    assert found == [[{"email": user.email}] for user in users]
    assert named(users[0].pk, users[1].uuid) == named(2**63, uuid4()) == []
    assert len(written) == 1


@pytest.mark.parametrize(
    "name",
    ["Ada", "", "O'Hara", '"', "%s", "%(name)s", "/*0*/", "\u2603", "0", "x" * 5000],
)
def test_finds_rows_by_exactly_the_given_text(name: str) -> None:
    @prepared
    def called(first: str, last: str) -> QuerySet[User, Row]:
        people = User.objects.filter(first_name=first, last_name=last)
        rows: QuerySet[User, Row] = people.values(*SHOWN)
        return rows

    user = make_user(first_name=name[:150], last_name="Lovelace")
    make_user(first_name="Lovelace", last_name=name[:150])

    assert called("Somebody", "Else") == []
    assert called(name[:150], "Lovelace") == [{"email": user.email}]


def test_keeps_no_more_statements_than_are_used() -> None:
    written = []

    @prepared
    def sorted_users(least: int, *, ordering: tuple[str, ...]) -> QuerySet[User, Row]:
        written.append(ordering)
        users = User.objects.filter(pk__gte=least).order_by(*ordering)
        rows: QuerySet[User, Row] = users.values(*SHOWN)
        return rows

    orderings = [
        tuple(some)
        for some in itertools.islice(
            itertools.product(["email", "-email", "id", "-id"], repeat=4), MAX_KEPT + 1
        )
    ]
    for ordering in [*orderings, orderings[-1], orderings[0]]:
        sorted_users(1, ordering=ordering)

    assert written == [*orderings, orderings[0]]


def sessions() -> list[tuple[Any, ...]]:
    for _ in range(2):
        token_of(make_user())
    return [(session_id,) for session_id in Session.objects.values_list("pk", flat=True)]


def browser_sessions() -> list[tuple[Any, ...]]:
    user = make_user()
    browser = open_browser_session(user=user)
    token_of(user)
    return [(browser.pk,), *sessions()]


def api_tokens() -> list[tuple[Any, ...]]:
    user = make_user()
    for name in ("one", "two"):
        make_api_token(user, name=name)
    return [(prefix,) for prefix in ApiToken.objects.values_list("prefix", flat=True)]


def projects() -> list[tuple[Any, ...]]:
    users = [make_user(), make_user()]
    uuids = [user.personal_project.uuid for user in users]
    return [(user.pk, uuid) for user in users for uuid in [*uuids, uuid4()]]


def orders() -> list[tuple[Any, ...]]:
    owner = make_user()
    order = make_order(owner, make_order(owner), make_order(owner))
    return [(owner.pk, order.pk), (owner.pk, order.pk - 1), (owner.pk + 1, order.pk)]


def orders_by_uuid() -> list[tuple[Any, ...]]:
    return [(owner_id, Order.objects.get(pk=order_id).uuid) for owner_id, order_id in orders()]


def pages() -> list[tuple[Any, ...]]:
    orders()
    ids = Order.objects.order_by("pk").values("pk")
    return [(ids[:2],), (ids[1:3],), (ids.none(),)]


def orders_in_projects() -> list[tuple[Any, ...]]:
    orders()
    return list(Order.objects.values_list("project_id", "uuid"))


def pages_in_projects() -> list[tuple[Any, ...]]:
    orders()
    first = RawSQL("SELECT id FROM orders_order WHERE id >= %s ORDER BY id LIMIT 1", [0])
    total = RawSQL("SELECT count(*) FROM orders_order WHERE id >= %s", [0])
    most = RawSQL("SELECT 2 FROM orders_order WHERE id >= %s AND id >= %s LIMIT 1", [0, 0])
    none = RawSQL("SELECT id FROM orders_order WHERE id < %s", [0])
    return [(total, first), (most, first), (total, none)]


def mirrored_orders() -> list[tuple[Any, ...]]:
    owner = make_user()
    shop = owner.personal_project
    make_order(owner, mirror(shop, external_id="1").order)
    mirror(shop, external_id="2", is_test=True)
    return [(shop.pk, "shopify", "1"), (shop.pk, "shopify", "2"), (shop.pk, "api", "1")]


def news() -> list[tuple[Any, ...]]:
    owner = make_user()
    project = owner.personal_project
    for title in ("Cut", "Sew", "Pack"):
        create_order(by=owner, project=project, fields={"title": title})
    relay_events()
    return [(project.pk, 0), (project.pk, stream_head() - 1), (0, 0)]


def products() -> list[tuple[Any, ...]]:
    shop = make_storefront()
    shelf = make_category(shop, name="Lamps", parent=make_category(shop, name="Light"))
    product = make_product(shop, category=shelf, price="12.50")
    return [(product.pk,), (make_product(shop).pk,), (0,)]


def products_to_lock() -> list[tuple[Any, ...]]:
    [[first], [second], _] = products()
    return [(among([second, first]),), (Product.objects.filter(pk=first).values("pk"),)]


def carts() -> list[tuple[Any, ...]]:
    user = make_user()
    [[first], [second], _] = products()
    make_cart(user, {Product.objects.get(pk=first): 2})
    return [(user.pk, first), (user.pk, second), (user.pk + 1, second)]


@pytest.mark.parametrize(
    ("read", "arguments", "shape"),
    [
        (credential_queries._sessions_with_users, sessions, {}),
        (credential_queries._browser_sessions, browser_sessions, {}),
        (credential_queries._api_tokens_with_users, api_tokens, {}),
        (access_queries._open_projects, projects, {}),
        (order_queries._visible_rows, orders, {"sees_all": False}),
        (order_queries._visible_rows, orders, {"sees_all": True}),
        (order_queries._visible_rows_by_uuid, orders_by_uuid, {"sees_all": False}),
        (order_queries._rows_among, pages, {"ordering": ("-pk",)}),
        (project_queries._row_in_project, orders_in_projects, {}),
        (
            project_queries._listed_in_project,
            pages_in_projects,
            {"ordering": ("-ordered_at", "-id")},
        ),
        (chain_queries._chain_rows, orders, {"sees_all": False}),
        (mirroring._rows, mirrored_orders, {}),
        (bell_queries._news_among, news, {"limit": 2}),
        (catalog_queries._rows_on_sale, products, {}),
        (cart_queries._rows, carts, {}),
        (stock._locked_rows, products_to_lock, {}),
    ],
)
def test_each_prepared_read_returns_the_rows_of_its_queryset(
    read: Any, arguments: Callable[[], list[tuple[Any, ...]]], shape: dict[str, Any]
) -> None:
    several = arguments()

    found = [read(*each, **shape) for each in several]

    assert found == [list(read.__wrapped__(*each, **shape)) for each in several]
    assert any(found)


@pytest.mark.django_db(transaction=True)
def test_rows_are_only_locked_within_a_transaction() -> None:
    with pytest.raises(TransactionManagementError):
        stock.lock_products([1])
