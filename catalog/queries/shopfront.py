"""What stands on every page of the shop: its name, and the aisles to walk through."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.models import Project
from catalog.models import Product
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.money import DEFAULT_CURRENCY


@dataclass
class Aisle:
    """A category in which something is sold, here or in one below it."""

    id: int
    name: str
    children: list["Aisle"] = field(default_factory=list)
    sells: bool = False

    def within(self, depth: int = 0) -> Iterator[tuple[int, "Aisle"]]:
        """Yield it and all below it, each with its depth, in the sequence of the tree."""
        yield depth, self
        for child in self.children:
            yield from child.within(depth + 1)


@dataclass(frozen=True)
class Shopfront:
    """The storefront's project. Without a storefront, a shop without a name that sells nothing."""

    name: str = ""
    description: str = ""
    currency: str = DEFAULT_CURRENCY
    aisles: tuple[Aisle, ...] = ()


def shopfront() -> Shopfront:
    """Return the name of the shop and its categories that sell something, in one statement."""
    rows = _rows()
    if not rows:
        return Shopfront()
    by_id = {
        row["category_id"]: Aisle(row["category_id"], row["category_name"], sells=row["sells"])
        for row in rows
        if row["category_id"] is not None
    }
    top: list[Aisle] = []
    for row in rows:
        if row["category_id"] is not None:
            above = by_id.get(row["parent_id"])
            (above.children if above else top).append(by_id[row["category_id"]])
    first = rows[0]
    return Shopfront(first["name"], first["description"], first["currency"], tuple(_that_sell(top)))


def _that_sell(aisles: list[Aisle]) -> list[Aisle]:
    """Return those that sell something, without the empty ones below them."""
    for aisle in aisles:
        aisle.children = _that_sell(aisle.children)
        aisle.sells = aisle.sells or bool(aisle.children)
    return [aisle for aisle in aisles if aisle.sells]


@prepared
def _rows() -> QuerySet[Project, Row]:
    on_sale = Product.objects.filter(category=OuterRef("categories__pk"), is_active=True)
    rows: QuerySet[Project, Row] = (
        Project.objects.filter(is_storefront=True, is_active=True)
        .annotate(
            category_id=F("categories__pk"),
            category_name=F("categories__name"),
            parent_id=F("categories__parent_id"),
            sells=Exists(on_sale),
        )
        .order_by("categories__position", "categories__name", "categories__pk")
        .values(
            *("name", "description", "currency"),
            *("category_id", "category_name", "parent_id", "sells"),
        )
    )
    return rows
