"""`/api/products/` and `/api/categories/`: the catalogue for customers."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpResponse
from rest_framework.permissions import (
    BasePermission,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from accounts.api.permissions import WithinScopes
from catalog.api.shop import docs
from catalog.api.shop.filters import PAGE_SIZE, narrowed
from catalog.api.shop.presentation import (
    categories_body,
    etag_of_row,
    listed_product_body,
    product_body,
)
from catalog.queries import storefront
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.pagination import (
    page_of_results,
    page_window_of,
)
from orderchainer.core.http.views import SurfaceView


class CatalogueView(SurfaceView):
    """A view of what is on sale. While `PUBLIC_CATALOG` is on, nobody has to sign in to read it.

    Everybody sees the same. A bad token is still a 401, and an API token still needs its scope.
    """

    area = "catalog"

    def get_permissions(self) -> Sequence[BasePermission]:
        """Return who may read, as the setting says now."""
        if settings.PUBLIC_CATALOG:
            return [IsAuthenticatedOrReadOnly(), WithinScopes()]
        return [IsAuthenticated(), WithinScopes()]


class ProductViewSet(ViewSetMixin, CatalogueView):
    """Products on sale."""

    @docs.LIST_PRODUCTS
    def list(self, request: Request) -> Response:
        """Answer a page of products."""
        window = page_window_of(request, default_size=PAGE_SIZE)
        page = storefront.page_of(narrowed(request), window)
        rows = [listed_product_body(row) for row in page.rows]
        return Response(page_of_results(request, rows, total=page.total, window=window))

    @docs.GET_PRODUCT
    def retrieve(self, request: Request, product_id: int) -> Response | HttpResponse:
        """Answer one product."""
        row = storefront.product_row_for(product_id)
        return answer_unless_unchanged(request, etag_of_row(row), lambda: product_body(row))


class CategoriesView(CatalogueView):
    """The storefront's categories."""

    @docs.LIST_CATEGORIES
    def get(self, request: Request) -> Response:
        """Answer all categories."""
        return Response(categories_body(storefront.shelves()))
