"""The request bodies of the cart, and the answers as the schema shows them."""

from typing import Any, ClassVar

from rest_framework import serializers

from cart.models import MAX_PER_ITEM
from orderchainer.core.http.fields import DECIMALS_WRITTEN, IdField, StrictSerializer


def _quantity(**kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=MAX_PER_ITEM, **kwargs)


class CartItemInput(StrictSerializer):
    """A product to add, and how many of it."""

    product_id = IdField()
    quantity = _quantity(default=1)


class CartItemChange(StrictSerializer):
    """The new quantity of an item. You may send the item back as you read it."""

    ignored: ClassVar = frozenset({"product", "total_price", "available", "is_available"})
    fixed: ClassVar = frozenset({"id"})

    quantity = _quantity()


# --- what is answered, for the schema ---------------------------------------------------------


class CartProduct(serializers.Serializer[Any]):
    """A product as it is at the moment."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.CharField(help_text=f"The current price. {DECIMALS_WRITTEN}")
    category_name = serializers.CharField(help_text="Empty if it has no category.")
    image = serializers.CharField(help_text="An absolute URL; empty without a picture.")
    currency = serializers.CharField(help_text="ISO 4217.")


class CartItemOutput(serializers.Serializer[Any]):
    """A product in the cart and its quantity."""

    id = serializers.IntegerField()
    product = CartProduct()
    quantity = serializers.IntegerField()
    total_price = serializers.CharField(help_text="`price` times `quantity`.")
    available = serializers.IntegerField(
        help_text=(
            "How many you could order now; 0 if the product is no longer sold, or is priced in "
            "another currency than the cart."
        )
    )
    is_available = serializers.BooleanField(
        help_text="Whether enough is available. If not, lower the quantity or remove the item."
    )


class CartOutput(serializers.Serializer[Any]):
    """The contents of a cart."""

    id = serializers.IntegerField(help_text="The id of the cart's customer.")
    items = CartItemOutput(many=True, help_text="The oldest first.")
    total_price = serializers.CharField(
        help_text=(
            "The current price of all items that are sold in `currency`, even if there are "
            f"too few. {DECIMALS_WRITTEN}"
        )
    )
    total_items = serializers.IntegerField(help_text="The quantities of the same items together.")
    currency = serializers.CharField(
        help_text="ISO 4217, of the oldest item that is sold; empty without one."
    )
