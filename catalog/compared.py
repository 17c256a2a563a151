"""Forms of products that remember what they showed, so that nobody overwrites an unseen change."""

from typing import Any

from catalog.models import Product
from orderchainer.core.admin.overtaken import Versioned
from orderchainer.core.errors import Stale

# The columns that forms compare: everything that they show except the stock.
_COMPARED = (
    *("sku", "slug", "name", "description", "price", "currency", "category_id"),
    *("image", "featured", "is_active"),
)


class Compared(Versioned):
    """A form of an existing product. It is stale once something that it shows has changed."""

    by_fields = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read = _compared(self.instance)
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "version"

    def require_as_read(self, locked: Product) -> None:
        """Raise `Stale` if the product differs from the one that this form was checked against."""
        if _compared(locked) != self._read:
            raise Stale


def _compared(product: Product) -> dict[str, Any]:
    # Call this before the form puts its own values into the instance.
    values = {name: getattr(product, name) for name in _COMPARED}
    return {**values, "image": product.image.name or ""}
