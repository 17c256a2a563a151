"""`/api/v1/products/{project_id}`: a project's products, for the people who run it."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub.docs import products as docs
from catalog.api.hub.filters import InventoryFilter, narrowed, part_found
from catalog.api.hub.presentation import etag_of_product, movement_body, product_body
from catalog.api.hub.serializers import (
    NewPicture,
    NewProduct,
    ProductChanges,
    StockAdjustment,
)
from catalog.models import Product
from catalog.queries import inventory
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged, require_match
from orderchainer.core.http.fields import fields_named
from orderchainer.core.http.filters import planned_for_filters
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import UploadView
from orderchainer.core.windows import part_of


class ProductsView(ProjectView):
    """All products of a project."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "POST": MANAGE_CATALOG,
    }

    @docs.LIST_PRODUCTS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the products."""
        window = page_window_of(request)
        products, text = narrowed(self.project, request)
        with planned_for_filters(request, InventoryFilter):
            part, total = part_found(products, text, window)
        return bare_list(
            request,
            [product_body(product) for product in part],
            total=total,
            window=window,
        )

    @docs.CREATE_PRODUCT
    def post(self, request: Request, project_id: str) -> Response:
        """Create a product, once for each `Idempotency-Key`."""
        body = NewProduct(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Answer:
            stock = body.validated_data["stock"]
            with fields_named(category="category_id"):
                product = services.create_product(
                    project=self.project,
                    fields=body.fields_in(self.project),
                    stock=stock,
                    by=caller_of(request),
                )
            return _answer(product, status=201)

        return answer_repeatable(request, work)


class OneProductView(ProjectView):
    """One product."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "PATCH": MANAGE_CATALOG,
    }

    @docs.GET_PRODUCT
    def get(self, request: Request, project_id: str, product_id: str) -> Response | HttpResponse:
        """Answer the product."""
        product = inventory.product_for(self.project, product_id)
        return answer_unless_unchanged(
            request, etag_of_product(product), lambda: product_body(product)
        )

    @docs.UPDATE_PRODUCT
    def patch(self, request: Request, project_id: str, product_id: str) -> Response:
        """Change the product."""
        product = inventory.product_for(self.project, product_id)
        body = read_changes(
            ProductChanges,
            request.data,
            lambda: product_body(product),
            is_at_hand=True,
            instance=product,
            partial=True,
        )
        with fields_named(category="category_id"):
            product = services.update_product(
                product=product,
                changes=body.fields_in(self.project),
                precondition=_precondition(request),
            )
        return _response(product)


class PictureView(UploadView, ProjectView):
    """The picture of a product."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "PUT": MANAGE_CATALOG,
        "DELETE": MANAGE_CATALOG,
    }

    @docs.SET_PRODUCT_IMAGE
    def put(self, request: Request, project_id: str, product_id: str) -> Response:
        """Set the product's picture."""
        product = inventory.product_for(self.project, product_id)
        body = NewPicture(data=request.data)
        body.is_valid(raise_exception=True)
        product = services.set_picture(
            product=product,
            picture=body.validated_data["image"],
            precondition=_precondition(request),
        )
        return _response(product)

    @docs.REMOVE_PRODUCT_IMAGE
    def delete(self, request: Request, project_id: str, product_id: str) -> Response:
        """Remove the picture."""
        product = services.set_picture(
            product=inventory.product_for(self.project, product_id),
            picture=None,
            precondition=_precondition(request),
        )
        return _response(product)


class StockView(ProjectView):
    """The stock of a product, and its ledger."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "POST": MANAGE_CATALOG,
    }

    @docs.LIST_STOCK_MOVEMENTS
    def get(self, request: Request, project_id: str, product_id: str) -> Response:
        """Answer a page of the ledger."""
        window = page_window_of(request)
        product = inventory.product_for(self.project, product_id)
        part, total = part_of(inventory.movements_of(product), window)
        return bare_list(
            request,
            [movement_body(movement) for movement in part],
            total=total,
            window=window,
        )

    @docs.ADJUST_STOCK
    def post(self, request: Request, project_id: str, product_id: str) -> Response:
        """Change the stock, once for each `Idempotency-Key`."""
        product = inventory.product_for(self.project, product_id)
        body = StockAdjustment(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Answer:
            changed = services.adjust_stock(
                product_id=product.pk,
                by=caller_of(request),
                precondition=_precondition(request),
                **body.validated_data,
            )
            return _answer(changed, status=201)

        return answer_repeatable(request, work)


def _precondition(request: Request) -> Callable[[Product], None]:
    return lambda product: require_match(request, etag_of_product(product))


def _answer(product: Product, *, status: int = 200) -> Answer:
    body = product_body(product)
    body["id"] = str(body["id"])
    return Answer(status, body, {"ETag": etag_of_product(product)})


def _response(product: Product) -> Response:
    return Response(product_body(product), headers={"ETag": etag_of_product(product)})
