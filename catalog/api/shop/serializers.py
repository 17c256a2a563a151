"""The storefront's answers as the schema shows them; `presentation` writes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orderchainer.core.http.fields import DECIMALS_WRITTEN


class ListedProduct(serializers.Serializer[Any]):
    """A product of a list."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.CharField(help_text=DECIMALS_WRITTEN)
    currency = serializers.CharField(help_text="ISO 4217.")
    stock = serializers.IntegerField(help_text="How many are on hand.")
    category_name = serializers.CharField(help_text="Empty if it has no category.")
    image = serializers.CharField(help_text="The picture's absolute URL, or empty.")
    is_in_stock = serializers.BooleanField()
    featured = serializers.BooleanField()


class ProductPage(serializers.Serializer[Any]):
    """A page of products."""

    count = serializers.IntegerField(help_text="How many products there are on all pages.")
    next = serializers.CharField(
        allow_null=True, help_text="The URL of the next page, if there is one."
    )
    previous = serializers.CharField(allow_null=True)
    results = ListedProduct(many=True)


class CategoryOnPath(serializers.Serializer[Any]):
    """A category above a product."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.CharField()


class ShownProduct(ListedProduct):
    """A product in full."""

    sku = serializers.CharField()
    slug = serializers.CharField()
    description = serializers.CharField()
    category_id = serializers.IntegerField(allow_null=True)
    category_path = CategoryOnPath(
        many=True, help_text="From the top category to the product's own."
    )
    is_active = serializers.BooleanField(help_text="Whether it is on sale; always true here.")
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    updated_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


class ShownCategory(serializers.Serializer[Any]):
    """A category and its subcategories."""

    id = serializers.IntegerField(help_text="The value for `?category=` in a list of products.")
    name = serializers.CharField()
    slug = serializers.CharField()
    product_count = serializers.IntegerField(
        help_text="How many products on sale are directly in it."
    )
    total_count = serializers.IntegerField(
        help_text="How many products on sale are in it and in its subcategories."
    )
    children = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/ShownCategory"}})
    def get_children(self, _shelf: object) -> list[Any]:
        """Declare the type for the schema. `presentation` writes the answer."""
        raise NotImplementedError
