"""The whole catalogue of a project, for its members, including what is not on sale."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import Project
from catalog.errors import CategoryNotFound, NoSuchCategory, ProductNotFound
from catalog.models import Category, Product, ProductQuerySet, StockMovement
from orderchainer.core.ids import MAX_ID, uuid_in

# Separates the levels of a category path, which starts at the top.
LEVEL_MARK = ">"
PATH_SEPARATOR = f" {LEVEL_MARK} "


def products_of(project: Project) -> ProductQuerySet:
    """Return the project's products, unsorted."""
    return Product.objects.filter(project=project)


def product_for(project: Project, product_id: UUID | str) -> Product:
    """Return the project's product with that UUID. Raises `ProductNotFound`."""
    uuid = uuid_in(product_id)
    product = products_of(project).filter(uuid=uuid).first() if uuid else None
    if product is None:
        raise ProductNotFound
    return product


def product_ids_in(project: Project, uuids: Collection[UUID]) -> dict[UUID, int]:
    """Return the ids of the project's products with these UUIDs."""
    if not uuids:
        return {}
    return dict(products_of(project).filter(uuid__in=uuids).values_list("uuid", "pk"))


def movements_of(product: Product) -> QuerySet[StockMovement]:
    """Return the product's ledger, newest first, with the users who made the changes."""
    return product.movements.select_related("by").order_by("-pk")


# --- Categories -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """A category and its place in the tree. `level` is 0 at the top."""

    category: Category
    level: int
    # Without the products of categories below it.
    product_count: int
    names: tuple[str, ...]

    @property
    def path(self) -> str:
        """The names from the top down, as one line."""
        return PATH_SEPARATOR.join(self.names)


def category_for(project: Project, category_id: int) -> Category:
    """Return the project's category with that id. Raises `CategoryNotFound`."""
    rows = Category.objects.filter(project=project, pk=category_id)
    category = rows.first() if category_id <= MAX_ID else None
    if category is None:
        raise CategoryNotFound
    return category


def category_named(project: Project, category_id: int | None, *, field: str) -> Category | None:
    """Return the category that a field of the input names; None if it names no category.

    Raises `NoSuchCategory` with the field's name.
    """
    if category_id is None:
        return None
    try:
        return category_for(project, category_id)
    except CategoryNotFound as exc:
        raise NoSuchCategory(field) from exc


def shelves_of(project: Project) -> list[Shelf]:
    """Return the project's categories, each before those inside it, in one statement."""
    counted = project.categories.annotate(product_count=Count("products"))
    return in_tree_order(counted)


def place_of(category: Category) -> tuple[int, str, int]:
    """Return the key that sorts a category among its siblings."""
    return category.position, category.name, category.pk


def in_tree_order(categories: Iterable[Category]) -> list[Shelf]:
    """Return a project's categories, each before those inside it, siblings by position and name."""
    within: dict[int | None, list[Category]] = {}
    for category in categories:
        within.setdefault(category.parent_id, []).append(category)
    for siblings in within.values():
        siblings.sort(key=place_of)
    shelves: list[Shelf] = []
    waiting: list[tuple[Category, tuple[str, ...]]] = [
        (top, ()) for top in reversed(within.get(None, []))
    ]
    while waiting:
        category, above = waiting.pop()
        names = (*above, category.name)
        count = getattr(category, "product_count", 0)
        shelves.append(Shelf(category, len(above), count, names))
        waiting += [(child, names) for child in reversed(within.get(category.pk, []))]
    return shelves


def shelf_for(project: Project, category_id: int) -> Shelf:
    """Return the project's category with that id and its place. Raises `CategoryNotFound`."""
    for shelf in shelves_of(project):
        if shelf.category.pk == category_id:
            return shelf
    raise CategoryNotFound


# --- Proof ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StockDifference:
    """A product whose stock is not the sum of its ledger."""

    product_id: int
    stock: int
    ledger: int


def stock_differences() -> list[StockDifference]:
    """Return every product whose stock is not the sum of its ledger, in one statement."""
    rows = (
        Product.objects.annotate(ledger=Coalesce(Sum("movements__change"), 0))
        .exclude(stock=F("ledger"))
        .order_by("pk")
        .values_list("pk", "stock", "ledger")
    )
    return [StockDifference(*row) for row in rows]
