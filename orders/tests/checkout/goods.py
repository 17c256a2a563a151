"""What tests of the checkout change behind the customer's back."""

from typing import Any

from catalog.models import Product


def put_away(product: Product, **fields: Any) -> None:
    """Change a product without telling the cart."""
    Product.objects.filter(pk=product.pk).update(**fields)
