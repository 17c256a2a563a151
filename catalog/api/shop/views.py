"""`/api/products/` and `/api/categories/`: what a customer can look at."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import queries
from catalog.api.shop import examples
from catalog.api.shop.filters import MAX_SEARCH_LENGTH, MOST, ORDERINGS, narrowed
from catalog.api.shop.presentation import etag_of_row, listed, shown, shown_tree
from catalog.api.shop.serializers import ProductPage, ShownCategory, ShownProduct
from catalog.errors import ProductNotFound
from orderchainer.core.errors import Invalid
from orderchainer.core.http.conditional import is_unchanged
from orderchainer.core.http.pagination import (
    MAX_LIMIT,
    MAX_PAGE,
    PageNotFound,
    page_of_results,
    page_window_of,
)
from orderchainer.core.http.schema import (
    IF_NONE_MATCH,
    NOT_MODIFIED,
    answer_example,
    errors_of,
    etag_of_answer,
)
from orderchainer.core.http.views import SurfaceView, SurfaceViewSet

PAGE_SIZE = 20

_PRICE = {"type": "string", "format": "decimal", "example": "50"}


class ProductViewSet(SurfaceViewSet):
    """Products on sale."""

    area = "catalog"

    @extend_schema(
        operation_id="shop_list_products",
        summary="List products",
        description=(
            "What the storefront sells, a page at a time, the oldest first unless `ordering` says otherwise "
            "or `search` finds the best. `search` finds words of name, SKU and description, and parts of name "
            "and SKU; where nothing is found, names that are spelt alike. Several conditions hold together; "
            "one without a value does not count, and neither does a parameter that is none of these."
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
                description=f"From 0 to {MOST}, two decimals at most.",
            ),
            OpenApiParameter(
                "price_max", _PRICE, description="Not less than `price_min`."
            ),
            OpenApiParameter(
                "in_stock",
                OpenApiTypes.BOOL,
                description="Only what is in stock; with `false`, only what is not.",
            ),
            OpenApiParameter("featured", OpenApiTypes.BOOL),
            OpenApiParameter(
                "search",
                {"type": "string", "maxLength": MAX_SEARCH_LENGTH},
                description='`"…"` for words in that order, `or` between words, a minus before one that must not be there.',
            ),
            OpenApiParameter(
                "ordering",
                enum=[sign + name for name in ORDERINGS for sign in ("", "-")],
                description="Sort by this field; a minus turns it round.",
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
                "shop", Invalid({"price_min": ["Enter a number."]}), PageNotFound(), 403
            ),
        },
        examples=[answer_example("The first page of two", examples.PAGE)],
    )
    def list(self, request: Request) -> Response:
        """Answer a page of products."""
        window = page_window_of(request, default_size=PAGE_SIZE)
        products, text = narrowed(request)
        if text:
            page = queries.page_of_found(products, text, window)
        else:
            page = queries.page_of(products, window)
        rows = [listed(row) for row in page.rows]
        return Response(page_of_results(request, rows, total=page.total, window=window))

    @extend_schema(
        operation_id="shop_get_product",
        summary="Get a product",
        description="One product in full, with the categories that lead to it. What is not sold is not there.",
        parameters=[IF_NONE_MATCH, etag_of_answer(200)],
        responses={
            200: ShownProduct,
            **NOT_MODIFIED,
            **errors_of("shop", ProductNotFound(), 403),
        },
        examples=[answer_example("The product", examples.SHOWN)],
    )
    def retrieve(self, request: Request, product_id: int) -> Response | HttpResponse:
        """Answer one product."""
        row = queries.product_row_for(product_id)
        etag = etag_of_row(row)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return Response(shown(row), headers={"ETag": etag})


class CategoriesView(SurfaceView):
    """The storefront's categories."""

    area = "catalog"

    @extend_schema(
        operation_id="shop_list_categories",
        summary="List categories",
        description="The tree of categories from the top, each with those in it and the number of products on sale.",
        responses={200: ShownCategory(many=True), **errors_of("shop", 403)},
        examples=[answer_example("A category with another in it", examples.CATEGORY)],
    )
    def get(self, request: Request) -> Response:
        """Answer all categories."""
        return Response(shown_tree(queries.shelves()))
