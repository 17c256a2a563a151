"""`/api/v1/products/{project_id}`: what a project sells, for those who run it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import PROJECT_ID, ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.errors import IdempotencyKeyReused, ProjectNotFound, RoleNotEnough
from catalog import inventory, services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub import examples
from catalog.api.hub.filters import ORDERINGS, narrowed, part_found
from catalog.api.hub.presentation import etag_of_product, movement_body, product_body
from catalog.api.hub.serializers import (
    MovementOutput,
    NewPicture,
    NewProduct,
    ProductChanges,
    ProductOutput,
    StockAdjustment,
)
from catalog.api.hub.uploads import UploadView
from catalog.errors import (
    CategoryNotFound,
    InsufficientStock,
    ProductNotFound,
    Shortage,
    SkuTaken,
    SlugTaken,
)
from catalog.models import Product
from catalog.services import ProductFields
from orderchainer.core.errors import Invalid
from orderchainer.core.http.conditional import is_unchanged, require_match
from orderchainer.core.http.fields import StrictSerializer
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)

JSON, UPLOAD = "application/json", "multipart/form-data"
PRODUCT_ID = OpenApiParameter(
    "product_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The product's id.",
)
FILTERS = [
    OpenApiParameter(
        "category",
        OpenApiTypes.INT64,
        description="Only products in this category, or in one within it.",
    ),
    OpenApiParameter("price_min", OpenApiTypes.DECIMAL),
    OpenApiParameter("price_max", OpenApiTypes.DECIMAL),
    OpenApiParameter("in_stock", OpenApiTypes.BOOL),
    OpenApiParameter(
        "stock_max", OpenApiTypes.INT, description="Only where no more are left."
    ),
    OpenApiParameter("featured", OpenApiTypes.BOOL),
    OpenApiParameter("is_active", OpenApiTypes.BOOL),
    OpenApiParameter("sku", description="Only the product with this SKU."),
    OpenApiParameter(
        "search", description="Words of name, SKU and description, as customers search."
    ),
]
ORDERING = OpenApiParameter(
    "ordering",
    enum=[sign + name for name in ORDERINGS for sign in ("", "-")],
    description="Sort by this field; a minus turns it round.",
)
NO_CATEGORY = Invalid({"category_id": ["There is no such category in this project."]})
MAY_NOT = RoleNotEnough(MANAGE_CATALOG.name)


class ProductsView(ProjectView):
    """All products of a project."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_CATALOG,
        "POST": MANAGE_CATALOG,
    }

    @extend_schema(
        operation_id="hub_list_products",
        summary="List the products of a project",
        description=(
            "All products, sold or not, the oldest first unless `ordering` says otherwise. Several conditions "
            "hold together; one without a value does not count."
        ),
        parameters=[PROJECT_ID, *PAGE_WINDOW, *FILTERS, ORDERING],
        responses={
            200: ProductOutput(many=True),
            **errors_of(
                "hub", Invalid({"price_min": ["Enter a number."]}), ProjectNotFound()
            ),
        },
        examples=[answer_example("A product", examples.PRODUCT)],
    )
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a part of the products."""
        window = page_window_of(request)
        part, total = part_found(*narrowed(self.project, request), window)
        return bare_list(
            request,
            [product_body(product) for product in part],
            total=total,
            window=window,
        )

    @extend_schema(
        operation_id="hub_create_product",
        summary="Create a product",
        description=(
            "Creates a product with `stock` on hand. Nobody else in the project has its SKU or its slug; without "
            "a slug it gets one of its name."
        ),
        request=NewProduct,
        parameters=[PROJECT_ID, IDEMPOTENCY_KEY, etag_of_answer(201)],
        responses={
            201: ProductOutput,
            **errors_of(
                "hub",
                NO_CATEGORY,
                MAY_NOT,
                ProjectNotFound(),
                SkuTaken(),
                SlugTaken(),
                IdempotencyKeyReused(),
            ),
        },
        examples=[
            request_example("A lamp", examples.NEW_PRODUCT),
            answer_example(
                "The product",
                {**examples.PRODUCT, "image": "", "version": 2},
                status=201,
            ),
        ],
    )
    def post(self, request: Request, project_id: str) -> Response:
        """Create a product, once for each `Idempotency-Key`."""
        body = NewProduct(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Answer:
            stock = body.validated_data["stock"]
            product = services.create_product(
                project=self.project,
                fields=_fields(self, body),
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

    @extend_schema(
        operation_id="hub_get_product",
        summary="Get a product of a project",
        description="One product, sold or not.",
        parameters=[PROJECT_ID, PRODUCT_ID, IF_NONE_MATCH, etag_of_answer(200)],
        responses={
            200: ProductOutput,
            **NOT_MODIFIED,
            **errors_of("hub", ProjectNotFound(), ProductNotFound()),
        },
        examples=[answer_example("The product", examples.PRODUCT)],
    )
    def get(
        self, request: Request, project_id: str, product_id: str
    ) -> Response | HttpResponse:
        """Answer the product."""
        product = inventory.product_for(self.project, product_id)
        etag = etag_of_product(product)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return _response(product)

    @extend_schema(
        operation_id="hub_update_product",
        summary="Update a product",
        description=(
            "Changes what is named and leaves the rest. A product is taken off sale by `is_active`; orders keep "
            "the name and the price that they were placed at."
        ),
        request=ProductChanges,
        parameters=[PROJECT_ID, PRODUCT_ID, IF_MATCH, etag_of_answer(200)],
        responses={
            200: ProductOutput,
            **errors_of(
                "hub",
                NO_CATEGORY,
                MAY_NOT,
                ProjectNotFound(),
                ProductNotFound(),
                SkuTaken(),
                SlugTaken(),
                412,
            ),
        },
        examples=[
            request_example("Another price", {"price": "17.99"}),
            request_example("Sold no more", {"is_active": False}),
            answer_example("The product", {**examples.PRODUCT, "price": "17.99"}),
        ],
    )
    def patch(self, request: Request, project_id: str, product_id: str) -> Response:
        """Change the product."""
        product = inventory.product_for(self.project, product_id)
        body = ProductChanges(product, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        product = services.update_product(
            product=product,
            changes=_fields(self, body),
            precondition=_precondition(request),
        )
        return _response(product)


class PictureView(UploadView):
    """The picture of a product."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "PUT": MANAGE_CATALOG,
        "DELETE": MANAGE_CATALOG,
    }

    @extend_schema(
        operation_id="hub_set_product_image",
        summary="Set the picture of a product",
        description=(
            "Takes a file named `image` in `multipart/form-data`, at most `MAX_UPLOAD_BYTES` and 16 million pixels (24 "
            "million as a JPEG). It is kept within 1024 by 1024 pixels, upright, and without anything else that the "
            "file told."
        ),
        request={UPLOAD: NewPicture, JSON: NewPicture},
        parameters=[PROJECT_ID, PRODUCT_ID, IF_MATCH, etag_of_answer(200)],
        responses={
            200: ProductOutput,
            **errors_of(
                "hub",
                Invalid({"image": ["Upload a PNG, JPEG, WebP or GIF picture."]}),
                MAY_NOT,
                ProjectNotFound(),
                ProductNotFound(),
                412,
            ),
        },
        examples=[
            request_example(
                "A picture", {"image": "(the file's bytes)"}, media_type=UPLOAD
            ),
            request_example("None any more", {"image": None}, media_type=JSON),
            answer_example("The product", examples.PRODUCT),
        ],
    )
    def put(self, request: Request, project_id: str, product_id: str) -> Response:
        """Give the product another picture."""
        product = inventory.product_for(self.project, product_id)
        body = NewPicture(data=request.data)
        body.is_valid(raise_exception=True)
        product = services.set_picture(
            product=product,
            picture=body.validated_data["image"],
            precondition=_precondition(request),
        )
        return _response(product)

    @extend_schema(
        operation_id="hub_remove_product_image",
        summary="Remove the picture of a product",
        description="Takes the picture away, if there is one, and answers the product.",
        parameters=[PROJECT_ID, PRODUCT_ID, IF_MATCH, etag_of_answer(200)],
        responses={
            200: ProductOutput,
            **errors_of("hub", MAY_NOT, ProjectNotFound(), ProductNotFound(), 412),
        },
        examples=[answer_example("The product", {**examples.PRODUCT, "image": ""})],
    )
    def delete(self, request: Request, project_id: str, product_id: str) -> Response:
        """Take the picture away."""
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

    @extend_schema(
        operation_id="hub_list_stock_movements",
        summary="Read the ledger of a product",
        description="Every change of its stock, the newest first. All of them add up to the stock.",
        parameters=[PROJECT_ID, PRODUCT_ID, *PAGE_WINDOW],
        responses={
            200: MovementOutput(many=True),
            **errors_of(
                "hub",
                Invalid({"page": ["Must be a whole number from 1 to 9."]}),
                ProjectNotFound(),
                ProductNotFound(),
            ),
        },
        examples=[answer_example("A delivery", examples.MOVEMENT)],
    )
    def get(self, request: Request, project_id: str, product_id: str) -> Response:
        """Answer a part of the ledger."""
        window = page_window_of(request)
        product = inventory.product_for(self.project, product_id)
        part, total = part_of(inventory.movements_of(product), window)
        return bare_list(
            request,
            [movement_body(movement) for movement in part],
            total=total,
            window=window,
        )

    @extend_schema(
        operation_id="hub_adjust_stock",
        summary="Adjust the stock of a product",
        description=(
            "Adds a row to the ledger: so many more, or fewer, than there are at that moment. Answers the product "
            "as it is then."
        ),
        request=StockAdjustment,
        parameters=[
            PROJECT_ID,
            PRODUCT_ID,
            IDEMPOTENCY_KEY,
            IF_MATCH,
            etag_of_answer(201),
        ],
        responses={
            201: ProductOutput,
            **errors_of(
                "hub",
                Invalid({"change": ["A valid integer is required."]}),
                MAY_NOT,
                ProjectNotFound(),
                ProductNotFound(),
                InsufficientStock([Shortage(1, "Desk lamp", "LAMP-1", 13, 12)]),
                IdempotencyKeyReused(),
                412,
            ),
        },
        examples=[
            request_example(
                "A delivery",
                {"change": 10, "reason": "received", "note": "Delivery of Tuesday"},
            ),
            request_example("One is broken", {"change": -1, "note": "Broken"}),
            answer_example("The product", examples.PRODUCT, status=201),
        ],
    )
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


def _fields(view: ProjectView, body: StrictSerializer) -> ProductFields:
    """Return what the body sets, with the category itself for its number. Raises `Invalid`."""
    fields: dict[str, Any] = dict(body.validated_data)
    fields.pop("stock", None)
    if "category_id" in fields:
        category_id = fields.pop("category_id")
        fields["category"] = None
        if category_id is not None:
            try:
                fields["category"] = inventory.category_for(view.project, category_id)
            except CategoryNotFound as exc:
                raise NO_CATEGORY from exc
    return cast(ProductFields, fields)


def _precondition(request: Request) -> Callable[[Product], None]:
    return lambda product: require_match(request, etag_of_product(product))


def _answer(product: Product, *, status: int = 200) -> Answer:
    body = product_body(product)
    body["id"] = str(body["id"])
    return Answer(status, body, {"ETag": etag_of_product(product)})


def _response(product: Product) -> Response:
    return Response(product_body(product), headers={"ETag": etag_of_product(product)})
