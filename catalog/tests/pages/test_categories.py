"""The tree of categories: shown, created, renamed, moved, deleted, and what is refused."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_project
from accounts.tests.projects import Team
from catalog.models import Category
from catalog.services import update_category
from catalog.tests.factories import make_category, make_product
from catalog.tests.pages.scenes import HOSTILE, address, fields_on, names_on, send, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["products", "products/new", "categories"])
def test_products_are_current_in_the_navigation(team: Team, manager: Client, path: str) -> None:
    page = text_of(manager.get(address(team, path)))

    links = page.partition('class="navigation"')[2].partition("</ul>")[0]
    current = links.partition('aria-current="page"')[2].partition("</a>")[0]
    assert "<span>Products</span>" in current
    assert links.count("aria-current") == 1


def test_the_tree_is_shown_with_its_products(team: Team, manager: Client, viewer: Client) -> None:
    assert "No categories yet" in text_of(manager.get(address(team, "categories")))
    lights = make_category(team.project, "Lights")
    desk = make_category(team.project, "Desk", lights)
    make_category(team.project, "Bowls")
    make_product(team.project, category=desk)

    response = manager.get(address(team, "categories"))

    assert names_on(response) == ["Bowls", "Lights", "Desk"]
    assert "1 product in Lights &gt; Desk" in text_of(response)
    assert f"{address(team, 'products')}?category={desk.pk}" in text_of(response)
    page = text_of(viewer.get(address(team, "categories")))
    assert "Desk" in page
    assert "New category" not in page


def test_a_form_creates_a_category_inside_another(team: Team, manager: Client) -> None:
    lights = make_category(team.project, "Lights")

    response = send(manager, address(team, "categories"), name="Desk", parent=str(lights.pk))

    assert response.status_code == 303
    assert Category.objects.get(name="Desk").parent == lights


def test_a_category_is_renamed_and_moved(team: Team, manager: Client) -> None:
    lights, desk = make_category(team.project, "Lights"), make_category(team.project, "Desk")
    path = address(team, "categories", desk.pk)

    send(manager, path, name="Desk lamps", parent=str(lights.pk))

    desk.refresh_from_db()
    assert (desk.name, desk.parent, desk.slug) == ("Desk lamps", lights, "desk")
    send(manager, path, parent="", slug="")
    desk.refresh_from_db()
    assert (desk.parent, desk.slug) == (None, "desk-lamps")


def test_only_what_was_typed_is_saved(team: Team, manager: Client) -> None:
    lights, desk = make_category(team.project, "Lights"), make_category(team.project, "Desk")
    path = address(team, "categories", desk.pk)
    sent = fields_on(manager.get(path).content.decode())
    update_category(category=desk, changes={"parent": lights})

    manager.post(path, {**sent, "name": "Desk lamps"})

    desk.refresh_from_db()
    assert (desk.name, desk.parent) == ("Desk lamps", lights)


def test_what_cannot_be_is_refused_at_its_field(team: Team, manager: Client) -> None:
    lights = make_category(team.project, "Lights")
    desk = make_category(team.project, "Desk", lights)
    path = address(team, "categories", lights.pk)

    for typed, words in (
        ({"parent": str(desk.pk)}, "A category cannot be inside itself."),
        ({"parent": "999999"}, "Select a valid choice."),
        ({"slug": "desk"}, "This slug is taken"),
        ({"name": "A > B"}, "A name cannot contain &gt;"),
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 256}, "at most 255 characters"),
    ):
        response = send(manager, path, **typed)
        assert response.status_code == 400
        assert words in text_of(response)
    lights.refresh_from_db()
    assert (lights.name, lights.slug, lights.parent) == ("Lights", "lights", None)


def test_only_an_empty_category_is_deleted(team: Team, manager: Client) -> None:
    lights = make_category(team.project, "Lights")
    desk = make_category(team.project, "Desk", lights)
    make_product(team.project, category=desk)
    empty = make_category(team.project, "Empty")

    for category in (lights, desk):
        response = manager.post(address(team, "categories", category.pk, "delete"))
        assert response.status_code == 409
        assert "This category has products or categories in it." in text_of(response)
        assert "All categories" in text_of(response)
    assert "This one has 1 product" in text_of(manager.get(address(team, "categories", desk.pk)))
    assert manager.post(address(team, "categories", empty.pk, "delete")).status_code == 303
    assert set(Category.objects.all()) == {lights, desk}
    # A button that is pressed twice finds it gone.
    assert manager.post(address(team, "categories", empty.pk, "delete")).status_code == 303
    page = text_of(manager.get(address(team, "categories")))
    assert "The category is no longer there." in page


def test_categories_of_other_projects_are_404s(team: Team, manager: Client) -> None:
    theirs = make_category(create_project(owner=team.members["manager"], name="Elsewhere"))

    for number in (theirs.pk, 0, 10**30):
        path = address(team, "categories", number)
        assert manager.get(path).status_code == 404
        assert manager.post(path, {"name": "Mine"}).status_code == 404
        assert manager.post(f"{path}/delete").status_code == 303
    assert Category.objects.get() == theirs


def test_text_of_people_stays_text(team: Team, manager: Client) -> None:
    category = make_category(team.project, HOSTILE.replace(">", ""))

    for path in (address(team, "categories"), address(team, "categories", category.pk)):
        page = text_of(manager.get(path))
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


def test_a_large_tree_takes_as_many_statements_as_a_small_one(team: Team, manager: Client) -> None:
    counts = []
    for size in (1, 40):
        for number in range(size):
            make_category(team.project, f"C {size} {number}")
        with CaptureQueriesContext(connection) as statements:
            manager.get(address(team, "categories"))
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8
