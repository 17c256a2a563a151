"""The list of products: what it finds, and its rows, which are edited in place."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from accounts.tests.admin.browsers import shown
from accounts.tests.admin.forms import fields_in
from catalog.models import Product, StockMovement
from catalog.queries.inventory import stock_differences
from catalog.services import adjust_stock, take_stock, update_product
from catalog.services.stock import lock_products
from catalog.tests.admin.pages import errors_in_rows, ledger, page, row_of, rows, save_rows
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.admin.overtaken import OVERTAKEN

pytestmark = pytest.mark.django_db


def sell(product: Product, quantity: int) -> None:
    take_stock(
        products=lock_products([product.pk]),
        demand={product.pk: quantity},
        order_id=1,
    )


def test_saves_the_rows_that_were_typed_into(client: Client, shop: Project, admin: User) -> None:
    lamp = make_product(shop, stock=5)
    desk, chair = make_product(shop), make_product(shop)

    response = save_rows(
        client,
        rows(client),
        (lamp, {"price": "24.50", "stock": "12", "featured": "on"}),
        (desk, {"is_active": None}),
    )

    assert response.status_code == 302
    lamp.refresh_from_db()
    desk.refresh_from_db()
    assert (lamp.price, lamp.stock, lamp.featured) == (Decimal("24.50"), 12, True)
    assert (desk.is_active, desk.price) == (False, Decimal("19.99"))
    assert ledger(lamp) == [(5, "initial"), (7, "adjusted")]
    movement = StockMovement.objects.get(product=lamp, reason="adjusted")
    assert (movement.by, movement.note) == (admin, "Counted in the list of products")
    assert stock_differences() == []
    versions = Product.objects.values_list("pk", "version")
    assert dict(versions)[chair.pk] == chair.version
    assert LogEntry.objects.count() == 2


def test_saving_an_unchanged_list_changes_nothing(client: Client, shop: Project) -> None:
    lamp = make_product(shop, price=Decimal("10.00"))

    response = save_rows(client, rows(client), (lamp, {"price": "10.0"}))

    assert response.status_code == 302
    assert Product.objects.get().version == lamp.version
    assert not LogEntry.objects.exists()


def test_a_stale_row_overwrites_nothing_and_shows_what_is_there_now(
    client: Client, shop: Project
) -> None:
    lamp, desk = make_product(shop), make_product(shop)
    form = rows(client)
    update_product(product=lamp, changes={"price": Decimal("99.00")})

    response = save_rows(client, form, (lamp, {"price": "11.00"}), (desk, {"price": "12.00"}))

    prefix = row_of(form, lamp)
    at = int(prefix.split("-")[1])
    assert errors_in_rows(response)[at] == {
        "__all__": [OVERTAKEN],
        "price": ["Now: 99.00."],
    }
    text = response.content.decode()
    assert 'value="11.00"' in text
    # All rows or none.
    prices = dict(Product.objects.values_list("pk", "price"))
    assert prices == {lamp.pk: Decimal("99.00"), desk.pk: Decimal("19.99")}


def test_a_row_that_was_shown_again_can_be_saved(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    form = rows(client)
    update_product(product=lamp, changes={"price": Decimal("99.00")})
    again = save_rows(client, form, (lamp, {"price": "11.00"})).content.decode()

    response = save_rows(client, fields_in(again, "changelist-form"))

    assert response.status_code == 302
    assert Product.objects.get().price == Decimal("11.00")


def test_changes_by_others_stay_in_rows_without_input(client: Client, shop: Project) -> None:
    lamp, desk = make_product(shop), make_product(shop)
    form = rows(client)
    update_product(product=lamp, changes={"price": Decimal("99.00"), "featured": True})
    adjust_stock(product_id=lamp.pk, change=5)

    response = save_rows(client, form, (desk, {"price": "12.00"}))

    assert response.status_code == 302
    lamp.refresh_from_db()
    desk.refresh_from_db()
    assert (lamp.price, lamp.featured, lamp.stock) == (Decimal("99.00"), True, 15)
    assert desk.price == Decimal("12.00")


def test_a_sale_meanwhile_makes_no_price_stale(client: Client, shop: Project) -> None:
    lamp = make_product(shop, stock=10)
    form = rows(client)
    sell(lamp, 3)

    response = save_rows(client, form, (lamp, {"price": "12.00"}))

    lamp.refresh_from_db()
    assert response.status_code == 302
    assert (lamp.price, lamp.stock) == (Decimal("12.00"), 7)


def test_a_count_from_before_a_sale_is_refused(client: Client, shop: Project) -> None:
    lamp = make_product(shop, stock=10)
    form = rows(client)
    sell(lamp, 3)

    response = save_rows(client, form, (lamp, {"stock": "20"}))

    assert errors_in_rows(response) == [{"__all__": [OVERTAKEN], "stock": ["Now: 7."]}]
    lamp.refresh_from_db()
    assert lamp.stock == 7
    assert ledger(lamp) == [(10, "initial"), (-3, "sold")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "-1"),
        ("price", "NaN"),
        ("price", "1.001"),
        ("price", ""),
        ("price", "1e400"),
        ("stock", "-1"),
        ("stock", "1.5"),
        ("stock", ""),
        ("stock", str(10**9 + 1)),
        ("stock", str(10**30)),
    ],
)
def test_a_wrong_cell_changes_no_row(client: Client, shop: Project, name: str, value: str) -> None:
    lamp, desk = make_product(shop), make_product(shop)

    response = save_rows(client, rows(client), (lamp, {name: value}), (desk, {"price": "12.00"}))

    assert next(filter(None, errors_in_rows(response))).keys() == {name}
    assert set(Product.objects.values_list("price", "stock")) == {(Decimal("19.99"), 10)}


def test_rows_are_shown_again_beside_their_own_products(client: Client, shop: Project) -> None:
    lamp = make_product(shop, name="Lamp")
    form = rows(client)
    make_product(shop, name="Newer, and so above it")

    response = save_rows(client, form, (lamp, {"price": "-1"}))

    listed = response.context["cl"]
    assert [row.name for row in listed.result_list] == ["Lamp"]
    assert [it.instance.name for it in listed.formset.forms] == ["Lamp"]


@pytest.mark.parametrize(
    "changes",
    [
        {"form-0-id": "abc"},
        {"form-0-id": str(10**30)},
        {"form-0-id": "0"},
        {"form-TOTAL_FORMS": "abc"},
        {"form-TOTAL_FORMS": str(10**30)},
        {"form-INITIAL_FORMS": "7"},
        {"form-0-version": "\x00"},
    ],
)
def test_impossible_rows_change_nothing(
    client: Client, shop: Project, changes: dict[str, str]
) -> None:
    lamp = make_product(shop)
    form = {**rows(client), "form-0-price": ["1.00"], "initial-form-0-price": ["5.00"]}

    response = client.post(page("product_changelist"), {**form, **changes, "_save": "Save"})

    assert response.status_code in (200, 302, 400)
    lamp.refresh_from_db()
    assert lamp.price in (Decimal("19.99"), Decimal("1.00"))
    if "form-0-id" in changes:
        assert lamp.price == Decimal("19.99")


# --- what it shows ----------------------------------------------------------------------------


def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, shop: Project
) -> None:
    counts = []
    for number in (2, 36):
        for _ in range(number):
            make_product(shop, category=make_category(shop))
        with CaptureQueriesContext(connection) as queries:
            shown(client, page("product_changelist"))
        counts.append(len(queries))

    # Session, user, the storefront's rows and their number.
    assert counts == [4, 4]


def test_saving_rows_takes_as_many_queries_however_many_there_are(
    client: Client, shop: Project
) -> None:
    lamp = make_product(shop)
    save_rows(client, rows(client), (lamp, {"price": "1.00"}))  # Django now knows what it logs
    counts = []
    for number in (2, 20):
        for _ in range(number):
            lamp = make_product(shop)
        form = rows(client)
        with CaptureQueriesContext(connection) as queries:
            save_rows(client, form, (lamp, {"price": f"{number}.00"}))
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("term", ["walnut", "WAL-7", "wal-7"])
def test_products_are_found_by_name_and_sku(client: Client, shop: Project, term: str) -> None:
    make_product(shop, name="Walnut desk", sku="WAL-7")
    make_product(shop, name="Oak chair", sku="OAK-1")

    text = shown(client, page("product_changelist"), q=term)

    assert "Walnut desk" in text
    assert "Oak chair" not in text


@pytest.mark.parametrize(
    "query",
    [
        {"level": "low"},
        {"level": "out"},
        {"stock_to": "0"},
        {"stock_from": "0", "stock_to": "3"},
        {"featured__exact": "1"},
        {"is_active__exact": "0"},
        {"category__id__exact": "{top}"},
        {"category__id__exact": "{within}"},
        {"project__id__exact": "{project}"},
    ],
)
def test_products_are_filtered(client: Client, shop: Project, query: dict[str, str]) -> None:
    make_product(shop, name="Plain")
    other = make_storefront()
    top = make_category(other, "Top")
    within = make_category(other, "Within", top)
    make_product(
        other,
        name="Sought",
        stock=0,
        featured=True,
        is_active=False,
        category=within,
    )
    names = {"top": top.pk, "within": within.pk, "project": other.pk}
    query = {name: value.format(**names) for name, value in query.items()}

    text = shown(client, page("product_changelist"), **query)

    assert "Sought" in text
    assert "Plain" not in text


def test_filters_products_by_stock(client: Client, shop: Project) -> None:
    make_product(shop, name="Plenty", stock=100)
    make_product(shop, name="Gone", stock=0)

    text = shown(client, page("product_changelist"), level="in")

    assert "Plenty" in text
    assert "Gone" not in text
