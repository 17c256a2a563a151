"""Every refusal that the catalogue raises, grouped by what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from orderchainer.core.errors import AlreadyExists, Conflict, Invalid, NotFound

# --- Products ---------------------------------------------------------------------------------


class ProductNotFound(NotFound):
    """The product does not exist, or this caller may not see it."""

    code = "product_not_found"
    default_message = "Product not found"


class SkuTaken(AlreadyExists):
    """Another product of the project has this SKU."""

    code = "sku_taken"
    default_message = "Another product of this project has this SKU."


class SlugTaken(AlreadyExists):
    """Another product or category of the project has this slug."""

    code = "slug_taken"
    default_message = "This slug is taken in this project."


# --- Categories -------------------------------------------------------------------------------


class CategoryNotFound(NotFound):
    """The category does not exist, or this caller may not see it."""

    code = "category_not_found"
    default_message = "Category not found"


class NoSuchCategory(Invalid):
    """A field of the input names a category that the project does not have."""

    def __init__(self, field: str) -> None:
        super().__init__({field: ["There is no such category in this project."]})


class CategoryNotEmpty(Conflict):
    """The category still has products or categories in it."""

    code = "category_not_empty"
    default_message = "This category has products or categories in it. Move them first."


class CategoryInItself(Invalid):
    """The category would be inside itself, directly or through others."""

    code = "category_in_itself"

    def __init__(self) -> None:
        super().__init__({"parent": ["A category cannot be inside itself."]})


# --- Stock ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shortage:
    """A product with less stock than was asked for."""

    product_id: int
    name: str
    sku: str
    requested: int
    available: int


class InsufficientStock(Conflict):
    """There is too little stock, so nothing was taken. `shortages` lists every such product."""

    code = "insufficient_stock"

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = shortages
        words = "; ".join(
            f"{short.name}: {short.requested} wanted, {short.available} available"
            for short in shortages
        )
        super().__init__(
            f"Not enough in stock. {words}.",
            shortages=[asdict(short) for short in shortages],
        )


# --- Imports ----------------------------------------------------------------------------------


class ImportRefused(Invalid):
    """Some rows of a file are wrong, so nothing was imported. `rows` says what is wrong with them.

    `rows` lists only the first wrong rows if there are many.
    """

    code = "import_refused"

    def __init__(self, count: int, rows: Sequence[Mapping[str, object]]) -> None:
        noun = "row" if count == 1 else "rows"
        words = f"{count} {noun} cannot be imported; nothing was changed."
        super().__init__({"file": [words]}, words, rows=rows)


class ImportOvertaken(Conflict):
    """Others kept changing the same products while the file was imported."""

    code = "import_overtaken"
    default_message = (
        "The catalogue was changed while the file was imported, so nothing was imported. "
        "Send it again."
    )
