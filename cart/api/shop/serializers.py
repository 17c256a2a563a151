"""The request bodies of the cart, and the answers as the schema shows them."""

from typing import Any

from rest_framework import serializers

from cart.models import MAX_PER_ITEM
from orderchainer.core.http.fields import IdField, StrictSerializer


def _quantity(**kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=MAX_PER_ITEM, **kwargs)


class CartItemInput(StrictSerializer):
    """So many of a product, one where nothing is said."""

    product_id = IdField()
    quantity = _quantity(default=1)


class CartItemChange(StrictSerializer):
    """How many there shall be."""

    quantity = _quantity()


# --- what is answered, for the schema ---------------------------------------------------------


class CartProduct(serializers.Serializer[Any]):
    """A product as it is now."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.CharField(help_text="Two decimals; what it costs now.")
    category_name = serializers.CharField(help_text="Empty without a category.")
    image = serializers.CharField(help_text="A whole address; empty without one.")
    currency = serializers.CharField(help_text="ISO 4217.")


class CartItemOutput(serializers.Serializer[Any]):
    """So many of a product."""

    id = serializers.IntegerField()
    product = CartProduct()
    quantity = serializers.IntegerField()
    total_price = serializers.CharField(help_text="`price` times `quantity`.")
    available = serializers.IntegerField(
        help_text=(
            "How many could be ordered now; none of what is not sold any more, or is paid in another "
            "currency than the cart."
        )
    )
    is_available = serializers.BooleanField(
        help_text="Whether there is enough of it. The order is refused while there is not."
    )


class CartOutput(serializers.Serializer[Any]):
    """All that somebody has picked."""

    id = serializers.IntegerField(help_text="The number of the cart's customer.")
    items = CartItemOutput(many=True, help_text="The oldest first.")
    total_price = serializers.CharField(
        help_text="What all items cost now, whether or not they can be had; two decimals."
    )
    total_items = serializers.IntegerField(help_text="All quantities together.")
    currency = serializers.CharField(
        help_text="ISO 4217; empty while there is nothing in the cart."
    )
