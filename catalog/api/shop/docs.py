"""What the schema says of the storefront's catalogue. The example of the list is the document's."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from catalog.api.shop.filters import MAX_SEARCH_LENGTH, ORDERINGS, PAGE_SIZE
from catalog.api.shop.serializers import ProductPage, ShownCategory, ShownProduct
from catalog.errors import ProductNotFound
from orderchainer.core.errors import Invalid
from orderchainer.core.http.pagination import MAX_LIMIT, MAX_PAGE
from orderchainer.core.http.schema import (
    IF_NONE_MATCH,
    NOT_MODIFIED,
    answer_example,
    errors_of,
    etag_of_answer,
)
from orderchainer.core.money import MAX_AMOUNT
from orderchainer.core.windows import PageNotFound

Example = dict[str, Any]

LISTED_EXAMPLE: Example = {
    "id": 1,
    "name": "Smartphone Pro Max",
    "price": "999.99",
    "currency": "USD",
    "stock": 50,
    "category_name": "Electronics",
    "image": "https://example.com/image.jpg",
    "is_in_stock": True,
    "featured": True,
}
PAGE_EXAMPLE: Example = {
    "count": 25,
    "next": "http://localhost:8000/api/products/?page=2",
    "previous": None,
    "results": [LISTED_EXAMPLE],
}
SHOWN_EXAMPLE: Example = {
    **LISTED_EXAMPLE,
    "sku": "PHONE-PRO-MAX",
    "slug": "smartphone-pro-max",
    "description": "Six cameras and a battery that lasts.",
    "category_id": 1,
    "category_path": [{"id": 1, "name": "Electronics", "slug": "electronics"}],
    "is_active": True,
    "created_at": "2025-01-08T10:00:00Z",
    "updated_at": "2025-01-09T08:30:00Z",
}
CATEGORY_EXAMPLE: Example = {
    "id": 1,
    "name": "Electronics",
    "slug": "electronics",
    "product_count": 10,
    "total_count": 25,
    "children": [
        {
            "id": 4,
            "name": "Phones",
            "slug": "phones",
            "product_count": 15,
            "total_count": 15,
            "children": [],
        }
    ],
}


NO_TOKEN_NEEDED = (
    "Needs no token, unless `PUBLIC_CATALOG` is off. A token that is sent must be valid."
)
_PRICE = {"type": "string", "format": "decimal", "example": "50"}


LIST_PRODUCTS = extend_schema(
    operation_id="shop_list_products",
    summary="List products",
    description=(
        "The products on sale, one page at a time. The oldest come first, unless "
        "`ordering` says otherwise or `search` puts the best matches first. `search` "
        "finds words in name, SKU and description, and parts of name and SKU. If "
        "nothing matches, it finds names with a similar spelling. Filters combine. An "
        "empty or unknown parameter is ignored. " + NO_TOKEN_NEEDED
    ),
    parameters=[
        OpenApiParameter(
            "category",
            OpenApiTypes.INT64,
            description="Only products in this category, or in one within it.",
        ),
        OpenApiParameter(
            "price_min",
            _PRICE,
            description=f"From 0 to {MAX_AMOUNT}, four decimals at most.",
        ),
        OpenApiParameter("price_max", _PRICE, description="Not less than `price_min`."),
        OpenApiParameter(
            "in_stock",
            OpenApiTypes.BOOL,
            description="Only what is in stock; with `false`, only what is not.",
        ),
        OpenApiParameter("featured", OpenApiTypes.BOOL),
        OpenApiParameter(
            "search",
            {"type": "string", "maxLength": MAX_SEARCH_LENGTH},
            description='`"…"` for words in that order, `or` between words, '
            "a minus before one that must not be there.",
        ),
        OpenApiParameter(
            "ordering",
            enum=[sign + name for name in ORDERINGS for sign in ("", "-")],
            description="Sort by this field; a minus turns it round. "
            "Up to ten, separated by commas.",
        ),
        OpenApiParameter(
            "page",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
            description="Which page to return, counted from 1.",
        ),
        OpenApiParameter(
            "page_size",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_LIMIT,
                "default": PAGE_SIZE,
            },
            description="How many products a page has at most.",
        ),
    ],
    responses={
        200: ProductPage,
        **errors_of(
            "shop",
            Invalid({"price_min": ["Enter a number."]}),
            PageNotFound(),
            403,
        ),
    },
    examples=[answer_example("The first page of two", PAGE_EXAMPLE)],
)

GET_PRODUCT = extend_schema(
    operation_id="shop_get_product",
    summary="Get a product",
    description=(
        "One product in full, with the categories above it. A product that is not on "
        "sale is a 404. " + NO_TOKEN_NEEDED
    ),
    parameters=[IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: ShownProduct,
        **NOT_MODIFIED,
        **errors_of("shop", ProductNotFound(), 403),
    },
    examples=[answer_example("The product", SHOWN_EXAMPLE)],
)

LIST_CATEGORIES = extend_schema(
    operation_id="shop_list_categories",
    summary="List categories",
    description=(
        "The tree of categories, each with its subcategories and its number of products "
        "on sale. " + NO_TOKEN_NEEDED
    ),
    responses={200: ShownCategory(many=True), **errors_of("shop", 403)},
    examples=[answer_example("A category with another in it", CATEGORY_EXAMPLE)],
)
