"""The pictures of products that others show, such as the items of an order."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import Product


@dataclass(frozen=True)
class Glimpse:
    """What an old order can show of a product now. `picture` is its name in the storage."""

    picture: str
    is_on_sale: bool


def glimpses_of(product_ids: Iterable[int]) -> dict[int, Glimpse]:
    """Return the products with these ids that still exist, in one statement."""
    rows = Product.objects.filter(pk__in=list(product_ids)).values_list(
        "pk", "image", "is_active", "project__is_storefront", "project__is_active"
    )
    return {pk: Glimpse(image, all(flags)) for pk, image, *flags in rows}
