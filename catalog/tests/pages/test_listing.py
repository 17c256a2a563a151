"""The list of products: what a row says, filters, sorting, pages, and who sees it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from catalog.models import Product
from catalog.services import update_product
from catalog.tests.factories import make_category, make_product
from catalog.tests.pages.scenes import HOSTILE, address, names_on, text_of

pytestmark = pytest.mark.django_db


def make_many(team: Team, count: int) -> None:
    category = make_category(team.project)
    Product.objects.bulk_create(
        Product(
            project=team.project,
            category=category,
            sku=f"L-{number}",
            slug=f"lamp-{number}",
            name=f"Lamp {number:04}",
            price=number,
        )
        for number in range(count)
    )


def test_rows_say_what_there_is(team: Team, manager: Client) -> None:
    lights = make_category(team.project, "Lights")
    desk = make_category(team.project, "Desk", lights)
    make_product(team.project, name="Lamp", sku="LAMP-1", stock=1035, category=desk)
    make_product(team.project, name="Mug", stock=5, price=Decimal("4.5"), currency="EUR")
    out = make_product(team.project, name="Old clock", stock=0)
    update_product(product=out, changes={"is_active": False})

    response = manager.get(address(team, "products"))

    assert names_on(response) == ["Lamp", "Mug", "Old clock"]
    lamp, mug, clock = text_of(response).split("<tr data-row>")[1:]
    for text in ("LAMP-1", "Lights &gt; Desk", "19.99", "1,035 left", "For sale"):
        assert text in lamp
    for text in ("4.50 <abbr>EUR", "Low: 5 left"):
        assert text in mug
    for text in ("Sold out", "Not for sale"):
        assert text in clock


def test_filters_combine_and_stay_in_the_address(team: Team, manager: Client) -> None:
    lights = make_category(team.project, "Lights")
    desk = make_category(team.project, "Desk", lights)
    make_product(team.project, name="Lamp", sku="X-1", category=desk)
    make_product(team.project, name="Dear lamp", price=Decimal(90), category=lights)
    make_product(team.project, name="Mug", stock=0)
    gone = make_product(team.project, name="Clock", stock=3)
    update_product(product=gone, changes={"is_active": False})

    def found(query: str) -> list[str]:
        return names_on(manager.get(f"{address(team, 'products')}?{query}"))

    assert found(f"category={lights.pk}") == ["Dear lamp", "Lamp"]
    assert found(f"category={lights.pk}&price_max=50") == ["Lamp"]
    assert found("price_min=50") == ["Dear lamp"]
    assert found("in_stock=false") == ["Mug"]
    assert found("is_active=false") == ["Clock"]
    assert found("stock_max=5") == ["Clock", "Mug"]
    assert found("search=x-1") == ["Lamp"]
    # The best match first, unless the address sorts otherwise.
    assert found("search=lamp") == ["Lamp", "Dear lamp"]
    assert found("search=lamp&ordering=-price") == ["Dear lamp", "Lamp"]
    page = text_of(
        manager.get(address(team, "products"), {"category": str(lights.pk), "price_max": "50"})
    )
    assert "Category: Lights" in page
    assert f"?category={lights.pk}&quot;" not in page
    assert f'href="{address(team, "products")}?category={lights.pk}"' in page


def test_a_value_that_is_no_filter_is_left_out_with_a_note(team: Team, manager: Client) -> None:
    make_product(team.project)
    wrong = {
        "category": "9" * 30,
        "price_min": "NaN",
        "in_stock": "perhaps",
        "stock_max": "-1",
        "ordering": "colour",
        "page": "x",
    }

    response = manager.get(address(team, "products"), wrong)

    assert names_on(response) == ["Desk lamp"]
    assert text_of(response).count("was left out") == 5
    for value in ("1e0", "1E2", " 7 ", "7.0", HOSTILE):
        assert manager.get(address(team, "products"), {"category": value}).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "3", "9" * 18, "9" * 5000, "٣", "%00", ""])
def test_every_page_number_leads_to_a_page(team: Team, manager: Client, page: str) -> None:
    make_many(team, 51)

    assert names_on(manager.get(f"{address(team, 'products')}?page={page}"))


def test_pages_have_fifty_products_and_keep_the_filters(team: Team, manager: Client) -> None:
    make_many(team, 51)

    first = manager.get(address(team, "products"), {"search": "Lamp"})

    assert len(names_on(first)) == 50
    assert "50 of 51 products" in text_of(first)
    assert "?search=Lamp&amp;page=2" in text_of(first)
    second = manager.get(address(team, "products"), {"search": "Lamp", "page": "2"})
    assert len(names_on(second)) == 1
    assert not set(names_on(first)) & set(names_on(second))


def test_columns_sort(team: Team, manager: Client) -> None:
    for name, price in (("A", 3), ("B", 1), ("C", 2)):
        make_product(team.project, name=name, price=Decimal(price))

    page = manager.get(address(team, "products"), {"ordering": "price"})

    assert names_on(page) == ["B", "C", "A"]
    assert 'aria-sort="ascending"' in text_of(page)
    assert "?ordering=-price" in text_of(page)
    other = manager.get(address(team, "products"), {"ordering": "-price"})
    assert names_on(other) == ["A", "C", "B"]


def test_empty_lists_say_what_to_do(team: Team, manager: Client, viewer: Client) -> None:
    assert "No products yet" in text_of(manager.get(address(team, "products")))
    assert "Owners and managers" in text_of(viewer.get(address(team, "products")))
    make_product(team.project)
    page = text_of(manager.get(address(team, "products"), {"in_stock": "false"}))
    assert "No products match" in page
    assert "Clear filters" in page


def test_products_of_other_projects_are_not_shown(team: Team, manager: Client) -> None:
    elsewhere = create_project(owner=team.members["manager"], name="Elsewhere")
    theirs = make_category(elsewhere)
    make_product(elsewhere, name="Foreign", category=theirs)

    page = manager.get(address(team, "products"), {"category": str(theirs.pk)})

    assert names_on(page) == names_on(manager.get(address(team, "products"))) == []
    assert "Lamps" not in text_of(page)


def test_text_of_people_stays_text(team: Team, manager: Client) -> None:
    category = make_category(team.project, HOSTILE.replace(">", ""))
    make_product(team.project, name=HOSTILE, sku=HOSTILE[:60], category=category)

    queries: list[dict[str, str]] = [
        {},
        {"search": HOSTILE[:20], "sku": HOSTILE, "category": str(category.pk)},
    ]
    for query in queries:
        page = text_of(manager.get(address(team, "products"), query))
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


@pytest.mark.parametrize(
    "query", ["", "?search=lamp", "?search=lmap&in_stock=false&ordering=-stock"]
)
def test_a_long_list_takes_as_many_statements_as_a_short_one(query: str) -> None:
    counts: list[int] = []
    for count in (10, 1000):
        owner = make_user()
        team = Team(create_project(owner=owner, name="Store"), {"owner": owner})
        make_many(team, count)
        client = browser_of(owner)
        client.get(f"{address(team, 'products')}{query}")
        with CaptureQueriesContext(connection) as statements:
            assert client.get(f"{address(team, 'products')}{query}").status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8
