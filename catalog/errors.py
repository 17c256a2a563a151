"""Ways in which the catalogue can refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from orderchainer.core.errors import AlreadyExists, Conflict, Invalid, NotFound


class ProductNotFound(NotFound):
    """There is no such product for this caller."""

    code = "product_not_found"
    default_message = "Product not found"


class CategoryNotFound(NotFound):
    """There is no such category for this caller."""

    code = "category_not_found"
    default_message = "Category not found"


class SkuTaken(AlreadyExists):
    """Another product of the project has this SKU."""

    code = "sku_taken"
    default_message = "Another product of this project has this SKU."


class SlugTaken(AlreadyExists):
    """Another product or category of the project has this slug."""

    code = "slug_taken"
    default_message = "This slug is taken in this project."


class NoSuchCategory(Invalid):
    """A field of the input names a category that the project does not have."""

    def __init__(self, field: str) -> None:
        super().__init__({field: ["There is no such category in this project."]})


class CategoryNotEmpty(Conflict):
    """A category goes once nothing stands in it."""

    code = "category_not_empty"
    default_message = "Products or categories stand in this category. Move them first."


class CategoryInItself(Invalid):
    """A category would stand in one that stands in it."""

    code = "category_in_itself"

    def __init__(self) -> None:
        super().__init__({"parent": ["A category cannot stand within itself."]})


@dataclass(frozen=True)
class Shortage:
    """A product of which there is less than was asked for."""

    product_id: int
    name: str
    sku: str
    requested: int
    available: int


class InsufficientStock(Conflict):
    """There is not enough of everything that was asked for; nothing was taken. `shortages` lists all."""

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


class ImportRefused(Invalid):
    """Rows of a file cannot be imported, so none was. `rows` names the first of them with what is wrong."""

    code = "import_refused"

    def __init__(self, count: int, rows: Sequence[Mapping[str, object]]) -> None:
        noun = "row" if count == 1 else "rows"
        words = f"{count} {noun} cannot be imported; nothing was changed."
        super().__init__({"file": [words]}, words, rows=rows)


class ImportOvertaken(Conflict):
    """Others changed the same products while they were imported, again and again."""

    code = "import_overtaken"
    default_message = (
        "The catalogue was changed while the file was imported. Nothing of it was: "
        "send it again."
    )
