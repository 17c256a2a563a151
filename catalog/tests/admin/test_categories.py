"""Categories: the tree as a list, moved, renamed and deleted by the services."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project
from accounts.tests.admin.browsers import TOO_LARGE, shown
from accounts.tests.admin.forms import opened, typed
from catalog.models import Category
from catalog.queries.inventory import shelves_of
from catalog.tests.admin.pages import errors_in, page
from catalog.tests.factories import make_category, make_product, make_storefront

pytestmark = pytest.mark.django_db


def tree(project: Project) -> list[tuple[int, str]]:
    return [(it.level, it.category.name) for it in shelves_of(project)]


def listed(client: Client, **query: str) -> list[tuple[int, str, int]]:
    """Return the rows of the list as (level, name, products)."""
    response = client.get(page("category_changelist"), query)
    assert response.status_code == 200
    rows: Any = response.context["cl"].result_list
    return [(it.shelf.level, it.name, it.shelf.product_count) for it in rows]


def shift(client: Client, category: Category, way: str) -> Any:
    return client.post(page(f"category_{way}", category.pk))


def save(client: Client, category: Category, **changes: Any) -> Any:
    url = page("category_change", category.pk)
    return client.post(url, typed(opened(client, url, "category_form"), **changes))


def test_lists_the_storefronts_tree_with_its_products(client: Client, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk", lamps)
    make_category(shop, "Chairs")
    make_product(shop, category=desk)
    make_product(shop, category=desk, is_active=False)
    make_category(make_project(), "Elsewhere")

    assert listed(client) == [(0, "Chairs", 0), (0, "Lamps", 0), (1, "Desk", 2)]


def make_project() -> Project:
    """Create another project that sells things, and no storefront."""
    other = make_storefront()
    first = Project.objects.exclude(pk=other.pk).filter(categories__isnull=False)
    Project.objects.update(is_storefront=False)
    Project.objects.filter(pk=first[:1].get().pk).update(is_storefront=True)
    return other


def test_lists_the_tree_of_a_chosen_project_or_all_without_a_storefront(
    client: Client, shop: Project
) -> None:
    make_category(shop, "Lamps")
    other = make_project()
    top = make_category(other, "Top")
    make_category(other, "Within", top)

    chosen = listed(client, project__id__exact=str(other.pk))
    Project.objects.update(is_storefront=False)

    assert chosen == [(0, "Top", 0), (1, "Within", 0)]
    assert sorted(listed(client)) == [(0, "Lamps", 0), (0, "Top", 0), (1, "Within", 0)]


def test_a_found_category_shows_its_place_in_the_tree(client: Client, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    make_category(shop, "Desk", lamps)

    assert listed(client, q="desk") == [(1, "Desk", 0)]
    assert "Lamps &gt; Desk" in shown(client, page("category_changelist"))


def test_the_tree_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, shop: Project
) -> None:
    counts = []
    for number in (2, 30):
        for _ in range(number):
            make_product(shop, category=make_category(shop))
        with CaptureQueriesContext(connection) as queries:
            listed(client)
        counts.append(len(queries))

    # Session, user, the storefront, its tree.
    assert counts == [4, 4]


def test_moves_a_category_among_its_siblings(client: Client, shop: Project) -> None:
    first, second, third = (make_category(shop, name) for name in ("A", "B", "C"))
    within = make_category(shop, "Within", second)

    responses = [
        shift(client, second, "up"),
        shift(client, first, "down"),
        shift(client, third, "down"),
        shift(client, within, "up"),
    ]

    assert {response.status_code for response in responses} == {302}
    assert tree(shop) == [(0, "B"), (1, "Within"), (0, "A"), (0, "C")] or tree(shop) == [
        (0, "B"),
        (1, "Within"),
        (0, "C"),
        (0, "A"),
    ]


@pytest.mark.parametrize(
    ("number", "way", "expected"),
    [
        (0, "up", "ABC"),
        (1, "up", "BAC"),
        (2, "up", "ACB"),
        (0, "down", "BAC"),
        (1, "down", "ACB"),
        (2, "down", "ABC"),
    ],
)
def test_a_category_moves_one_place_and_stays_at_the_ends(
    client: Client, shop: Project, number: int, way: str, expected: str
) -> None:
    rows = [make_category(shop, name) for name in "ABC"]

    shift(client, rows[number], way)

    assert "".join(name for _, name in tree(shop)) == expected


def test_categories_are_moved_by_posts_alone(client: Client, shop: Project) -> None:
    row = make_category(shop)

    assert client.get(page("category_up", row.pk)).status_code == 405
    assert client.post("/admin/catalog/category/999/up/").status_code == 404
    assert client.post(f"/admin/catalog/category/{TOO_LARGE}/up/").status_code in (
        404,
        302,
    )


def test_makes_a_category(client: Client, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    form = opened(client, page("category_add"), "category_form")
    assert form["project"] == [str(shop.pk)]

    response = client.post(page("category_add"), typed(form, name="Desk lamps", parent=lamps.pk))

    assert response.status_code == 302
    assert tree(shop) == [(0, "Lamps"), (1, "Desk lamps")]
    assert Category.objects.get(name="Desk lamps").slug == "desk-lamps"


def test_renames_and_moves_a_category(client: Client, shop: Project) -> None:
    lamps, desk = make_category(shop, "Lamps"), make_category(shop, "Desk")

    response = save(client, desk, name="Desks", parent=lamps.pk)

    assert response.status_code == 302
    assert tree(shop) == [(0, "Lamps"), (1, "Desks")]


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"parent": "{within}"}, "parent"),
        ({"parent": "{itself}"}, "parent"),
        ({"parent": "{theirs}"}, "parent"),
        ({"parent": TOO_LARGE}, "parent"),
        ({"slug": "within"}, "slug"),
        ({"slug": "no slug"}, "slug"),
        ({"name": ""}, "name"),
        ({"name": "A > B"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"position": "-1"}, "position"),
        ({"position": TOO_LARGE}, "position"),
    ],
)
def test_an_impossible_value_is_refused_at_its_field(
    client: Client, shop: Project, changes: dict[str, str], at: str
) -> None:
    row = make_category(shop, "Lamps")
    within = make_category(shop, "Within", row)
    theirs = make_category(make_storefront(), "Theirs")
    names = {"within": within.pk, "itself": row.pk, "theirs": theirs.pk}
    changes = {name: value.format(**names) for name, value in changes.items()}

    response = save(client, row, **changes)

    assert errors_in(response).keys() == {at}
    assert tree(shop) == [(0, "Lamps"), (1, "Within")]


def test_deletes_a_category_in_which_nothing_stands(client: Client, shop: Project) -> None:
    row = make_category(shop)

    asked = shown(client, page("category_delete", row.pk))
    response = client.post(page("category_delete", row.pk), {"post": "yes"})

    assert "Lamps" in asked
    assert response.status_code == 302
    assert tree(shop) == []


def test_keeps_a_category_in_which_something_stands(client: Client, shop: Project) -> None:
    row = make_category(shop)
    make_product(shop, category=row)

    response = client.post(page("category_delete", row.pk), {"post": "yes"}, follow=True)

    assert "This category has products or categories in it" in response.content.decode()
    assert tree(shop) == [(0, "Lamps")]
