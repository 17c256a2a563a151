"""What the tests of `/api/cart/` look up and change behind its back."""

from collections.abc import Callable
from typing import Any

from accounts.models import Project, User
from cart.models import CartItem
from catalog.models import Product
from catalog.tests.factories import make_storefront


def quantities(user: User) -> dict[int, int]:
    """Return how many of each product are in the cart, as it is stored."""
    items = CartItem.objects.filter(cart_id=user.pk)
    return dict(items.values_list("product_id", "quantity"))


def empty(user: User) -> dict[str, Any]:
    """Return the answer for an empty cart."""
    return {
        "id": user.pk,
        "items": [],
        "total_price": "0.00",
        "total_items": 0,
        "currency": "",
    }


def set_product(product: Product, **fields: object) -> None:
    """Change a product without telling the cart."""
    Product.objects.filter(pk=product.pk).update(**fields)


# --- What takes a product off the shelf -------------------------------------------------------


def unsold(lamp: Product) -> None:
    set_product(lamp, is_active=False)


def of_a_closed_project(lamp: Product) -> None:
    Project.objects.filter(pk=lamp.project_id).update(is_active=False)


def of_a_former_storefront(lamp: Product) -> None:
    make_storefront()


NO_LONGER_SOLD: list[Callable[[Product], None]] = [
    unsold,
    of_a_closed_project,
    of_a_former_storefront,
]
