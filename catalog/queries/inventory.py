"""The whole catalogue of a project, for its members, including what is not on sale."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce

from accounts.models import Project
from catalog.errors import CategoryNotFound, NoSuchCategory, ProductNotFound
from catalog.models import Category, Product, ProductQuerySet, StockMovement
from catalog.search import ways_to_find
from orderchainer.core.ids import MAX_ID, uuid_in

# Reorder when stock falls to this level.
LOW_STOCK = 5

# Separates the levels of a category path, which starts at the top.
LEVEL_MARK = ">"
PATH_SEPARATOR = f" {LEVEL_MARK} "


def products_of(project: Project) -> ProductQuerySet:
    """Return the project's products, unsorted."""
    return Product.objects.filter(project=project)


def low_in_stock(project: Project, *, limit: int) -> tuple[list[Product], int]:
    """Return the products on sale of which little is left, and how many there are.

    One statement. The ones with the least stock come first.
    """
    low = products_of(project).filter(is_active=True, stock__lte=LOW_STOCK)
    products = list(
        low.annotate(total=Window(Count("*")))
        .order_by("stock", "name", "pk")
        .only("uuid", "name", "sku", "stock")[:limit]
    )
    return products, products[0].total if products else 0  # type: ignore[attr-defined]  # annotated


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


def tree_of(project: Project) -> list[Shelf]:
    """Return the same without counting products, which takes less time."""
    return in_tree_order(project.categories.all())


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


def products_named(project: Project, names: Collection[str]) -> dict[str, list[int]]:
    """Return the ids of the products on sale with these SKUs or names, by each name that has some.

    A SKU counts before a name. One statement, or none without names.
    """
    if not names:
        return {}
    wanted = set(names)
    found: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    products = products_of(project).filter(is_active=True)
    rows = products.filter(Q(sku__in=wanted) | Q(name__in=wanted)).order_by("pk")
    for pk, sku, name in rows.values_list("pk", "sku", "name"):
        found.setdefault(sku, []).append(pk)
        by_name.setdefault(name, []).append(pk)
    return {name: found.get(name) or by_name[name] for name in wanted & {*found, *by_name}}


def products_like(project: Project, text: str, *, limit: int) -> list[Product]:
    """Return the first products on sale that `text` finds, as the search of products does."""
    products = products_of(project).filter(is_active=True)
    for found in ways_to_find(products, text) if text else [products]:
        if rows := list(found.order_by("name", "pk")[:limit]):
            return rows
    return []
