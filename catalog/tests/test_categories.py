"""The services of categories, which keep the tree."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project
from catalog.errors import (
    CategoryInItself,
    CategoryNotEmpty,
    CategoryNotFound,
    SlugTaken,
)
from catalog.models import Category
from catalog.queries.inventory import shelves_of
from catalog.services import categories as service
from catalog.services import create_category, delete_category, update_category
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    """A storefront without categories."""
    return make_storefront()


def paths(shop: Project) -> list[str]:
    """Return the paths of the tree in reading order."""
    return [shelf.path for shelf in shelves_of(shop)]


def stored() -> list[object]:
    """Return all categories as they are stored."""
    return list(Category.objects.order_by("pk").values())


def test_siblings_are_sorted_by_position_and_then_by_name(shop: Project) -> None:
    lamps = make_category(shop, "Lamps", position=1)
    for name, position in (("Wall", 0), ("Desk", 0), ("Bulbs", 1), ("Attic", 2)):
        make_category(shop, name, parent=lamps, position=position)
    make_category(shop, "Chairs", position=1)
    make_category(shop, "Tables")

    assert paths(shop) == [
        "Tables",
        "Chairs",
        "Lamps",
        "Lamps > Desk",
        "Lamps > Wall",
        "Lamps > Bulbs",
        "Lamps > Attic",
    ]
    assert [shelf.level for shelf in shelves_of(shop)] == [0, 0, 0, 1, 1, 1, 1]


def test_products_are_counted_in_their_own_category(shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk", parent=lamps)
    make_product(shop, category=desk)
    make_product(shop, category=desk, is_active=False)
    make_product(shop)

    with CaptureQueriesContext(connection) as queries:
        counts = {shelf.path: shelf.product_count for shelf in shelves_of(shop)}

    assert counts == {"Lamps": 0, "Lamps > Desk": 2}
    assert len(queries) == 1


def test_slugs_are_unique_within_a_project(shop: Project) -> None:
    slugs = [make_category(shop, "Lamps").slug for _ in range(3)]
    before = stored()

    with pytest.raises(SlugTaken):
        create_category(project=shop, name="Other", slug="lamps-2")
    with pytest.raises(SlugTaken):
        update_category(category=Category.objects.all()[0], changes={"slug": slugs[1]})

    assert slugs == ["lamps", "lamps-2", "lamps-3"]
    assert stored() == before
    assert make_category(make_storefront(), "Lamps").slug == "lamps"


def test_moves_a_category_with_everything_in_it(shop: Project) -> None:
    lamps, light = make_category(shop, "Lamps"), make_category(shop, "Light")
    make_category(shop, "LED", parent=make_category(shop, "Desk", parent=lamps))

    moved = update_category(category=lamps, changes={"parent": light, "name": "Lamp"})

    assert moved.slug == "lamps"
    assert paths(shop) == [
        "Light",
        "Light > Lamp",
        "Light > Lamp > Desk",
        "Light > Lamp > Desk > LED",
    ]
    update_category(category=lamps, changes={"parent": None, "position": 1})
    assert paths(shop)[0] == "Light"


def test_a_category_cannot_be_inside_itself(shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk", parent=lamps)
    led = make_category(shop, "LED", parent=desk)
    before = stored()

    for parent in (lamps, desk, led):
        with pytest.raises(CategoryInItself) as refused:
            update_category(category=lamps, changes={"parent": parent})
        assert refused.value.errors == {"parent": ["A category cannot be inside itself."]}

    assert stored() == before


def test_a_parent_must_be_in_the_same_project(shop: Project) -> None:
    lamps, foreign = make_category(shop, "Lamps"), make_category(make_storefront())
    gone = make_category(shop, "Gone")
    Category.objects.filter(pk=gone.pk).delete()
    before = stored()

    for parent in (foreign, gone):
        with pytest.raises(Invalid) as created:
            create_category(project=shop, name="Desk", parent=parent)
        with pytest.raises(Invalid) as moved:
            update_category(category=lamps, changes={"parent": parent})
        assert created.value.errors == moved.value.errors
        assert created.value.errors == {"parent": ["There is no such category in this project."]}

    assert stored() == before


def test_the_tree_has_ten_levels(shop: Project) -> None:
    deepest = None
    for level in range(10):
        deepest = make_category(shop, f"Level {level}", parent=deepest)
    others = make_category(shop, "Others")
    other = make_category(shop, "Other", parent=others)
    before = stored()

    with pytest.raises(Invalid) as created:
        make_category(shop, "Below", parent=deepest)
    assert deepest is not None
    with pytest.raises(Invalid) as moved:
        update_category(
            category=others,
            changes={"parent": Category.objects.get(name="Level 8")},
        )

    for refused in (created, moved):
        assert refused.value.errors == {"parent": ["Categories can be at most 10 levels deep."]}
    assert stored() == before
    update_category(category=other, changes={"parent": Category.objects.get(name="Level 8")})


def test_a_project_has_a_limited_number_of_categories(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_CATEGORIES", 2)
    make_category(shop)
    make_category(shop)

    with pytest.raises(Invalid) as refused:
        make_category(shop)

    assert refused.value.errors == {"name": ["A project has at most 2 categories."]}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field cannot be blank."),
        (" ", "This field may not begin or end with a space."),
        (
            "Lamps > Desk",
            "A name cannot contain >, which separates the levels of a path.",
        ),
        ("x" * 256, "Ensure this value has at most 255 characters (it has 256)."),
        ("a\x00", "Null characters are not allowed."),
    ],
)
def test_refuses_a_name(shop: Project, name: str, message: str) -> None:
    lamps = make_category(shop)
    before = stored()

    with pytest.raises(Invalid) as created:
        make_category(shop, name)
    with pytest.raises(Invalid) as renamed:
        update_category(category=lamps, changes={"name": name})

    assert created.value.errors == renamed.value.errors == {"name": [message]}
    assert stored() == before


def test_only_empty_categories_can_be_deleted(shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk", parent=lamps)
    product = make_product(shop, category=desk, is_active=False)

    for category in (lamps, desk):
        with pytest.raises(CategoryNotEmpty):
            delete_category(category=category)
    product.category = None
    product.save()
    delete_category(category=Category.objects.get(pk=desk.pk))
    delete_category(category=Category.objects.get(pk=lamps.pk))

    assert paths(shop) == []
    with pytest.raises(CategoryNotFound):
        delete_category(category=lamps)
    with pytest.raises(CategoryNotFound):
        update_category(category=lamps, changes={"name": "Lights"})
