"""What those who run a project read of its catalogue: all of it, whether or not it is sold."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import Project
from catalog.errors import CategoryNotFound, NoSuchCategory, ProductNotFound
from catalog.models import Category, Product, ProductQuerySet, StockMovement
from orderchainer.core.ids import MAX_ID, uuid_in

# Parts the levels of a category, from the top down, where it is written on a line.
LEVEL_MARK = ">"
PATH_SEPARATOR = f" {LEVEL_MARK} "


def products_of(project: Project) -> ProductQuerySet:
    """Return the project's products, in no order."""
    return Product.objects.filter(project=project)


def product_for(project: Project, product_id: UUID | str) -> Product:
    """Return the product of the project that has that UUID. Raises `ProductNotFound`."""
    uuid = uuid_in(product_id)
    product = products_of(project).filter(uuid=uuid).first() if uuid else None
    if product is None:
        raise ProductNotFound
    return product


def movements_of(product: Product) -> QuerySet[StockMovement]:
    """Return the product's ledger, the newest first, with who did it."""
    return product.movements.select_related("by").order_by("-pk")


# --- Categories -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """A category where it stands in the tree: 0 levels below the top, and so on."""

    category: Category
    level: int
    # In the category itself; those below have their own.
    product_count: int
    names: tuple[str, ...]

    @property
    def path(self) -> str:
        """The names from the top down, on a line."""
        return PATH_SEPARATOR.join(self.names)


def category_for(project: Project, category_id: int) -> Category:
    """Return the project's category of that number. Raises `CategoryNotFound`."""
    rows = Category.objects.filter(project=project, pk=category_id)
    category = rows.first() if category_id <= MAX_ID else None
    if category is None:
        raise CategoryNotFound
    return category


def category_named(
    project: Project, category_id: int | None, *, field: str
) -> Category | None:
    """Return the category that a field of the input names; None where it names none.

    Raises `NoSuchCategory` with the field's name.
    """
    if category_id is None:
        return None
    try:
        return category_for(project, category_id)
    except CategoryNotFound as exc:
        raise NoSuchCategory(field) from exc


def shelves_of(project: Project) -> list[Shelf]:
    """Return the project's categories as the tree is read: each before those within it. One statement."""
    counted = project.categories.annotate(product_count=Count("products"))
    return in_tree_order(counted)


def place_of(category: Category) -> tuple[int, str, int]:
    """Return by what a category is sorted among its siblings."""
    return category.position, category.name, category.pk


def in_tree_order(categories: Iterable[Category]) -> list[Shelf]:
    """Return all categories of a project, each before those within it, siblings by position and name."""
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
    """Return the project's category of that number, with where it stands. Raises `CategoryNotFound`."""
    for shelf in shelves_of(project):
        if shelf.category.pk == category_id:
            return shelf
    raise CategoryNotFound


# --- Proof ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StockDifference:
    """A product whose ledger adds up to something else than its stock."""

    product_id: int
    stock: int
    ledger: int


def stock_differences() -> list[StockDifference]:
    """Return every product whose stock is not what its ledger adds up to. One statement, one moment."""
    rows = (
        Product.objects.annotate(ledger=Coalesce(Sum("movements__change"), 0))
        .exclude(stock=F("ledger"))
        .order_by("pk")
        .values_list("pk", "stock", "ledger")
    )
    return [StockDifference(*row) for row in rows]
