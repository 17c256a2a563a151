"""Races in a catalogue, and on PostgreSQL what happens without our locks and constraints."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from accounts.models import Project
from catalog.errors import CategoryInItself, CategoryNotEmpty
from catalog.models import Category, Product, StockMovement
from catalog.queries.inventory import shelves_of, stock_differences
from catalog.services import (
    adjust_stock,
    create_product,
    delete_category,
    import_products,
    set_picture,
    update_category,
    update_product,
)
from catalog.services import categories as category_service
from catalog.services import importing as import_service
from catalog.services import pictures as picture_service
from catalog.services import products as product_service
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.errors import Invalid, Stale
from orderchainer.core.pictures import Picture, read_picture
from orderchainer.testing.photographs import encoded, noise
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

pytestmark = [pytest.mark.django_db(transaction=True)]

Work = Callable[[], object]


def names(outcomes: Sequence[object]) -> list[str]:
    """Return the outcomes as names of their types, sorted."""
    return sorted(type(outcome).__name__ for outcome in outcomes)


def unlocked(product_ids: Iterable[int]) -> dict[int, Product]:
    """Read products without a lock, in place of `lock_products`."""
    return {row.pk: row for row in Product.objects.filter(pk__in=list(product_ids))}


# --- One SKU, one slug ------------------------------------------------------------------------


def creating(shop: Project, sku: str, name: str = "Desk lamp") -> Work:
    """Return the work of creating a product."""
    return lambda: create_product(
        project=shop,
        fields={"sku": sku, "name": name, "price": Decimal("5.00")},
        stock=3,
    )


def test_one_sku_makes_one_product() -> None:
    shop = make_storefront()

    outcomes = race(*[creating(shop, "L-1") for _ in range(4)])

    assert names(outcomes) == ["Product", "SkuTaken", "SkuTaken", "SkuTaken"]
    product = Product.objects.get()
    assert (product.stock, StockMovement.objects.count()) == (3, 1)


@pytest.mark.services
@on_postgresql
def test_the_constraint_decides_who_gets_the_sku() -> None:
    shop = make_storefront()
    meeting = Meeting.of_all('INSERT INTO "catalog_product"')

    outcomes = race(creating(shop, "L-1"), creating(shop, "L-1"), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["Product", "SkuTaken"]
    assert Product.objects.count() == 1


@pytest.mark.services
@on_postgresql
def test_without_the_constraint_one_sku_makes_two_products() -> None:
    """The negative control."""
    shop = make_storefront()
    meeting = Meeting.of_all('INSERT INTO "catalog_product"')

    with without_constraint("catalog_product", "product_unique_by_sku"):
        outcomes = race(creating(shop, "L-1", "One"), creating(shop, "L-1", "Two"), meeting=meeting)
        assert names(outcomes) == ["Product", "Product"]
        StockMovement.objects.all().delete()
        Product.objects.all().delete()


def test_generated_slugs_avoid_each_other() -> None:
    shop = make_storefront()

    outcomes = race(*[creating(shop, f"L-{number}") for number in range(3)])

    assert names(outcomes) == ["Product"] * 3
    slugs = Product.objects.values_list("slug", flat=True)
    assert sorted(slugs) == ["desk-lamp", "desk-lamp-2", "desk-lamp-3"]


@pytest.mark.services
@on_postgresql
def test_a_slug_that_was_just_taken_is_generated_again() -> None:
    shop = make_storefront()
    meeting = Meeting.of_all('INSERT INTO "catalog_product"')

    outcomes = race(creating(shop, "L-1"), creating(shop, "L-2"), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["Product", "Product"]
    slugs = Product.objects.values_list("slug", flat=True)
    assert sorted(slugs) == ["desk-lamp", "desk-lamp-2"]


# --- Two changes of the same product ----------------------------------------------------------


def changing(product: Product, **changes: Any) -> Work:
    """Return the work of changing `product` unless it has changed since it was read."""

    def unchanged(now: Product) -> None:
        if now.version != product.version:
            raise Stale

    return lambda: update_product(
        product=product,
        changes=changes,  # type: ignore[arg-type]
        precondition=unchanged,
    )


def test_one_of_two_changes_of_the_same_version_is_stale() -> None:
    lamp = make_product(make_storefront())

    outcomes = race(changing(lamp, name="One"), changing(lamp, name="Two"))

    assert names(outcomes) == ["Product", "Stale"]
    assert Product.objects.get().version == lamp.version + 1


UPDATE = 'UPDATE "catalog_product"'


@pytest.mark.services
@on_postgresql
def test_the_lock_keeps_a_change_from_being_lost() -> None:
    lamp = make_product(make_storefront())
    meeting = Meeting(UPDATE)

    outcomes = race(changing(lamp, name="One"), changing(lamp, price=Decimal(1)), meeting=meeting)

    assert not meeting.was_complete
    assert names(outcomes) == ["Product", "Stale"]


@pytest.mark.services
@on_postgresql
def test_without_the_lock_a_version_is_changed_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: both see the version that they read, so one ETag names two states."""
    lamp = make_product(make_storefront())
    monkeypatch.setattr(product_service, "lock_products", unlocked)
    meeting = Meeting.of_all(UPDATE)

    outcomes = race(changing(lamp, name="One"), changing(lamp, price=Decimal(1)), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["Product", "Product"]
    assert Product.objects.get().version == lamp.version + 1


# --- The tree ---------------------------------------------------------------------------------


def moving(category: Category, into: Category) -> Work:
    """Return the work of moving a category into another."""
    return lambda: update_category(category=category, changes={"parent": into})


def four_levels() -> tuple[Project, Category, Category, Category, Category]:
    """Return two branches of two levels each."""
    shop = make_storefront()
    left, right = make_category(shop, "Left"), make_category(shop, "Right")
    return (
        shop,
        left,
        right,
        make_category(shop, "Left end", parent=left),
        make_category(shop, "Right end", parent=right),
    )


def test_two_moves_close_no_cycle() -> None:
    shop, left, right, left_end, right_end = four_levels()

    outcomes = race(moving(left, right_end), moving(right, left_end))

    assert names(outcomes) == ["Category", "CategoryInItself"]
    assert len(shelves_of(shop)) == 4


@pytest.mark.services
@on_postgresql
def test_the_lock_keeps_two_moves_apart() -> None:
    shop, left, right, left_end, right_end = four_levels()
    meeting = Meeting('UPDATE "catalog_category"')

    outcomes = race(moving(left, right_end), moving(right, left_end), meeting=meeting)

    assert not meeting.was_complete
    assert any(isinstance(outcome, CategoryInItself) for outcome in outcomes)
    assert len(shelves_of(shop)) == 4


@pytest.mark.services
@on_postgresql
def test_without_the_lock_two_moves_close_a_cycle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: the two branches end up inside each other."""
    shop, left, right, left_end, right_end = four_levels()
    monkeypatch.setattr(category_service, "lock_project", lambda project: project)
    meeting = Meeting.of_all('UPDATE "catalog_category"')

    outcomes = race(moving(left, right_end), moving(right, left_end), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["Category", "Category"]
    assert shelves_of(shop) == []


# --- A category is deleted while a product is put into it -------------------------------------


def putting_into(category: Category, product: Product) -> Work:
    """Return the work of putting a product into a category."""
    return lambda: update_product(product=product, changes={"category": category})


def removing(category: Category) -> Work:
    """Return the work of deleting a category."""
    return lambda: delete_category(category=category)


@pytest.mark.parametrize("is_new", [False, True])
def test_no_product_is_left_in_a_deleted_category(is_new: bool) -> None:
    shop = make_storefront()
    category = make_category(shop)
    lamp = make_product(shop)

    def create() -> object:
        return make_product(shop, sku="NEW", category=category)

    put, removed = race(create if is_new else putting_into(category, lamp), removing(category))

    stands = Product.objects.filter(category=category).exists()
    assert stands is isinstance(put, Product) is isinstance(removed, CategoryNotEmpty)
    assert stands or isinstance(put, Invalid)
    assert Category.objects.exists() is stands


@pytest.mark.services
@on_postgresql
def test_without_the_lock_a_product_is_put_into_a_deleted_category(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: only the foreign key refuses it, at the commit, without a message."""
    shop = make_storefront()
    category = make_category(shop)
    lamp = make_product(shop)
    monkeypatch.setattr(product_service, "_hold_category", lambda *_: None)

    meeting = Meeting.of_all("catalog_product")
    outcomes = race(putting_into(category, lamp), removing(category), meeting=meeting)

    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes)


# --- Imports ----------------------------------------------------------------------------------


def importing(shop: Project, *lines: str) -> Work:
    """Return the work of importing a table."""
    content = "\n".join(lines).encode()
    return lambda: import_products(project=shop, content=content)


HEAD = "sku,name,price,category,stock"


def test_two_imports_of_one_file_create_its_products_once() -> None:
    shop = make_storefront()
    lines = [f"L-{number},Lamp,5,Lamps > Desk,3" for number in range(5)]

    reports: Any = race(*[importing(shop, HEAD, *lines) for _ in range(3)])

    assert sorted(report.count("create") for report in reports) == [0, 0, 5]
    assert sorted(report.count("unchanged") for report in reports) == [0, 5, 5]
    assert Category.objects.count() == 2
    assert StockMovement.objects.count() == 5
    assert stock_differences() == []


def test_an_import_and_a_single_product_of_one_sku() -> None:
    shop = make_storefront()

    imported, created = race(importing(shop, HEAD, "L-1,Lamp,7,,9"), creating(shop, "L-1"))

    assert names([imported, created]) in (
        ["ImportReport", "Product"],
        ["ImportReport", "SkuTaken"],
    )
    product = Product.objects.get()
    assert (product.price, product.stock) == (Decimal("7.00"), 9)
    assert stock_differences() == []


@pytest.mark.services
@on_postgresql
@pytest.mark.parametrize("sku", ["L-1", "L-2"])
def test_an_overtaken_import_reads_again(sku: str) -> None:
    """Another request takes its SKU, or takes the slug by using the same name."""
    shop = make_storefront()
    meeting = Meeting.of_all('INSERT INTO "catalog_product"')

    imported, _ = race(
        importing(shop, HEAD, f"{sku},Desk lamp,7,,9"),
        creating(shop, "L-1"),
        meeting=meeting,
    )

    assert meeting.was_complete
    assert type(imported).__name__ == "ImportReport"
    assert Product.objects.get(sku=sku).stock == 9
    assert len(set(Product.objects.values_list("slug", flat=True))) == (1 if sku == "L-1" else 2)


def counting(shop: Project, stock: int) -> Work:
    """Return the work of importing a counted stock."""
    return importing(shop, "sku,stock", f"L-1,{stock}")


def test_a_count_and_adjustments_at_once_leave_a_ledger_that_adds_up() -> None:
    shop = make_storefront()
    lamp = make_product(shop, sku="L-1", stock=100)

    outcomes = race(
        *[
            lambda: adjust_stock(product_id=lamp.pk, change=-1),
            counting(shop, 50),
        ]
        * 4
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert stock_differences() == []
    assert 46 <= Product.objects.get().stock <= 50


STOCK = "UPDATE catalog_product"


@pytest.mark.services
@on_postgresql
def test_the_lock_keeps_a_count_exact() -> None:
    shop = make_storefront()
    lamp = make_product(shop, sku="L-1", stock=10)
    meeting = Meeting(STOCK)

    race(
        counting(shop, 5),
        lambda: adjust_stock(product_id=lamp.pk, change=-2),
        meeting=meeting,
    )

    assert not meeting.was_complete
    assert Product.objects.get().stock in (3, 5)


@pytest.mark.services
@on_postgresql
def test_without_the_lock_an_import_stores_a_wrong_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: 5 were counted but 3 are stored, whichever came first."""
    shop = make_storefront()
    make_product(shop, sku="L-1", stock=10)
    monkeypatch.setattr(import_service, "lock_products", unlocked)
    monkeypatch.setattr(import_service, "lock_project", lambda project: project)
    meeting = Meeting.of_all(STOCK)

    race(counting(shop, 5), counting(shop, 8), meeting=meeting)

    assert meeting.was_complete
    assert Product.objects.get().stock == 3


def test_imports_in_opposite_orders_never_deadlock() -> None:
    shop = make_storefront()
    for number in range(8):
        make_product(shop, sku=f"L-{number}")
    lines = [f"L-{number},,,Lamps,{number}" for number in range(8)]

    outcomes = race(
        importing(shop, HEAD, *lines),
        importing(shop, HEAD, *reversed(lines)),
        *[
            lambda pk=pk: adjust_stock(product_id=pk, change=1)
            for pk in Product.objects.values_list("pk", flat=True)
        ],
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert stock_differences() == []


# --- Two pictures for one product -------------------------------------------------------------


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """The directory where pictures are stored."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture() -> Picture:
    """Return a unique picture."""
    return read_picture(encoded(noise(16, 16), "PNG"))


def showing(product: Product) -> Work:
    """Return the work of giving the product another picture."""
    new = picture()
    return lambda: set_picture(product=product, picture=new)


def files(directory: Path) -> set[str]:
    """Return the names of the files that are kept."""
    return {file.name for file in directory.rglob("*") if not file.is_dir()}


def kept() -> set[str]:
    """Return the name of the file that the product refers to."""
    return {Path(str(Product.objects.get().image.name)).name}


def test_many_new_pictures_at_once_leave_one_file(media: Path) -> None:
    lamp = make_product(make_storefront())

    outcomes = race(*[showing(lamp) for _ in range(4)])

    assert names(outcomes) == ["Product"] * 4
    assert files(media) == kept()


@pytest.mark.services
@on_postgresql
def test_without_the_lock_an_unused_file_is_left(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both delete the old file, and neither deletes the other's."""
    lamp = make_product(make_storefront())
    monkeypatch.setattr(picture_service, "lock_products", unlocked)
    meeting = Meeting.of_all(UPDATE)

    race(showing(lamp), showing(lamp), meeting=meeting)

    assert meeting.was_complete
    assert len(files(media)) == 2
