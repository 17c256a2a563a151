"""`/api/v1/categories`: the shelves of a project."""

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.projects import Team
from catalog.models import Category
from catalog.tests.factories import make_category, make_product, make_storefront

pytestmark = pytest.mark.django_db

MOMENT = "2025-01-12T10:00:00Z"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MOMENT, tick=False):
        yield


def path(project: Project, *parts: object) -> str:
    """Return a path of the project's categories."""
    return "/".join(["/api/v1/categories", str(project.uuid), *map(str, parts)])


def shown(category: Category, **changes: Any) -> dict[str, Any]:
    """Return the body of a new category at the top level."""
    return {
        "id": category.pk,
        "name": category.name,
        "slug": category.slug,
        "parent_id": category.parent_id,
        "position": category.position,
        "level": 0,
        "path": category.name,
        "product_count": 0,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        **changes,
    }


def errors_in(response: Any) -> Any:
    """Check that the answer is the hub's 422, and return its errors by field."""
    body = response.json()
    assert response.status_code == 422, body
    return body["errors"]


def stored() -> list[Any]:
    """Return all categories as they are stored."""
    return list(Category.objects.order_by("pk").values())


def test_creates_renames_moves_and_deletes(shop: Project, team: Team, manager: APIClient) -> None:
    lamps = manager.post(path(shop), {"name": "Lamps", "position": 1})
    desk = manager.post(
        path(shop), {"name": "Desk", "slug": "desks", "parent_id": lamps.json()["id"]}
    )

    assert (lamps.status_code, desk.status_code) == (201, 201)
    rows = {row.name: row for row in Category.objects.all()}
    within = {"level": 1, "path": "Lamps > Desk"}
    assert lamps.json() == shown(rows["Lamps"])
    assert desk.json() == shown(rows["Desk"], **within)
    assert team.client("viewer").get(path(shop)).json() == [
        shown(rows["Lamps"]),
        shown(rows["Desk"], **within),
    ]

    moved = manager.patch(path(shop, rows["Desk"].pk), {"parent_id": None, "name": "Desks"})
    assert (moved.status_code, moved.json()) == (
        200,
        shown(rows["Desk"], parent_id=None, name="Desks", path="Desks"),
    )
    assert manager.get(path(shop, rows["Desk"].pk)).json() == moved.json()

    deleted = manager.delete(path(shop, rows["Desk"].pk))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert Category.objects.get().name == "Lamps"


def test_what_was_read_may_be_sent_back(shop: Project, manager: APIClient) -> None:
    desk = make_category(shop, "Desk", parent=make_category(shop, "Lamps"))
    make_product(shop, category=desk)
    body = manager.get(path(shop, desk.pk)).json()

    response = manager.patch(path(shop, desk.pk), body)

    assert (response.status_code, response.json()) == (200, body)
    assert body["product_count"] == 1


NO_PARENT = ["There is no such category in this project."]
WITHIN = ["A category cannot be inside itself."]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"name": 5}, {"name": ["Not a valid string."]}),
        ({"name": "A > B"},
         {"name": ["A name cannot contain >, which separates the levels of a path."]}),
        ({"name": "a\x00"}, {"name": ["Null characters are not allowed."]}),
        ({"slug": "no slug"},
         {"slug": ["Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."]},
        ),
        ({"position": -1}, {"position": ["Ensure this value is greater than or equal to 0."]}),
        ({"position": 2**31},
         {"position": ["Ensure this value is less than or equal to 2147483647."]}),
        ({"parent_id": 2**63 - 1}, {"parent_id": NO_PARENT}),
        ({"parent_id": "x"}, {"parent_id": ["A valid integer is required."]}),
        ({"parent": 1}, {"parent": ["There is no such field."]}),
    ],
)  # fmt: skip
def test_refuses_a_body(
    shop: Project, manager: APIClient, body: dict[str, Any], errors: object
) -> None:
    lamps = make_category(shop)
    before = stored()

    created = manager.post(path(shop), {"name": "New", **body})
    changed = manager.patch(path(shop, lamps.pk), body)

    assert errors_in(created) == errors_in(changed) == errors
    assert stored() == before


def test_a_category_cannot_be_inside_itself_or_in_another_project(
    shop: Project, manager: APIClient
) -> None:
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk", parent=lamps)
    foreign = make_category(make_storefront())
    before = stored()

    for parent, words in ((lamps, WITHIN), (desk, WITHIN), (foreign, NO_PARENT)):
        response = manager.patch(path(shop, lamps.pk), {"parent_id": parent.pk})
        assert errors_in(response) == {"parent_id": words}

    assert stored() == before


def test_a_taken_slug_and_a_category_with_contents_are_conflicts(
    shop: Project, manager: APIClient
) -> None:
    lamps, desk = make_category(shop, "Lamps"), make_category(shop, "Desk")
    make_product(shop, category=lamps)
    before = stored()

    for response, code in (
        (manager.post(path(shop), {"name": "X", "slug": "desk"}), "SLUG_TAKEN"),
        (manager.patch(path(shop, desk.pk), {"slug": "lamps"}), "SLUG_TAKEN"),
        (manager.delete(path(shop, lamps.pk)), "CATEGORY_NOT_EMPTY"),
    ):
        assert (response.status_code, response.json()["code"]) == (409, code)

    assert stored() == before


@pytest.mark.parametrize("category_id", ["elsewhere", 0, 2**63 - 1, 2**63, 10**30])
def test_what_is_not_there_is_not_found(
    shop: Project, manager: APIClient, category_id: object
) -> None:
    if category_id == "elsewhere":
        category_id = make_category(make_storefront()).pk
    before = stored()

    for method, body in (("get", None), ("patch", {"name": "X"}), ("delete", None)):
        response = getattr(manager, method)(path(shop, category_id), body)
        assert (response.status_code, response.json()) == (
            404,
            {
                "detail": "Category not found",
                "code": "CATEGORY_NOT_FOUND",
                "timestamp": MOMENT,
            },
        )

    assert stored() == before
    assert manager.get(path(shop, "lamps")).status_code == 404


def count(client: APIClient, where: str) -> int:
    """Return how many statements a read takes, including those for the caller and the project."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(where).status_code == 200
    return len(queries)


def test_a_tree_costs_the_same_however_large(shop: Project, manager: APIClient) -> None:
    lamps = make_category(shop)
    few = count(manager, path(shop))
    for _ in range(10):
        lamps = make_category(shop, parent=lamps if lamps.pk % 3 else None)
        make_product(shop, category=lamps)

    assert few == count(manager, path(shop)) == 3
