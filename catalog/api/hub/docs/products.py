"""What the schema says of products, their pictures and their stock."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
)

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound
from catalog.api.hub.docs import MAY_NOT
from catalog.api.hub.filters import ORDERINGS
from catalog.api.hub.serializers import (
    MovementOutput,
    NewPicture,
    NewProduct,
    ProductChanges,
    ProductOutput,
    StockAdjustment,
)
from catalog.errors import (
    InsufficientStock,
    NoSuchCategory,
    ProductNotFound,
    Shortage,
    SkuTaken,
    SlugTaken,
)
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    JSON,
    NOT_MODIFIED,
    PAGE_WINDOW,
    UPLOAD,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
    sent_as,
)

Example = dict[str, Any]

PRODUCT_EXAMPLE: Example = {
    "id": "8d9f0c4e-7f0d-4a57-9d9c-0f6b1c8f2a11",
    "product_id": 1,
    "sku": "LAMP-1",
    "slug": "desk-lamp",
    "name": "Desk lamp",
    "description": "Bright, and gone when you fold it.",
    "price": "19.99",
    "currency": "USD",
    "category_id": 4,
    "image": "http://localhost:8000/media/products/9f0c6e2b7a8d4d0fa1e5c3b2d4e6f708.jpg",
    "featured": True,
    "is_active": True,
    "stock": 12,
    "is_in_stock": True,
    "version": 3,
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:05:00Z",
}
NEW_PRODUCT_EXAMPLE: Example = {
    "sku": "LAMP-1",
    "name": "Desk lamp",
    "description": "Bright, and gone when you fold it.",
    "price": "19.99",
    "category_id": 4,
    "featured": True,
    "stock": 12,
}
MOVEMENT_EXAMPLE: Example = {
    "id": 7,
    "change": 10,
    "reason": "received",
    "order_id": None,
    "note": "Delivery of Tuesday",
    "by": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10",
    "created_at": "2025-01-12T10:05:00Z",
}
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
        "stock_max",
        OpenApiTypes.INT,
        description="Only products of which at most this many are left.",
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
    description="Sort by this field; a minus turns it round. Up to ten, separated by commas.",
)
NO_CATEGORY = NoSuchCategory("category_id")


LIST_PRODUCTS = extend_schema(
    operation_id="hub_list_products",
    summary="List the products of a project",
    description=(
        "All products, on sale or not, the oldest first unless `ordering` says "
        "otherwise. Filters combine. An empty parameter is ignored."
    ),
    parameters=[PROJECT_ID, *PAGE_WINDOW, *FILTERS, ORDERING],
    responses={
        200: ProductOutput(many=True),
        **errors_of("hub", Invalid({"price_min": ["Enter a number."]}), ProjectNotFound()),
    },
    examples=[answer_example("A product", PRODUCT_EXAMPLE)],
)

CREATE_PRODUCT = extend_schema(
    operation_id="hub_create_product",
    summary="Create a product",
    description=(
        "Creates a product with `stock` on hand. SKU and slug are unique in the "
        "project. Without a slug, the product gets one made from its name."
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
        request_example("A lamp", NEW_PRODUCT_EXAMPLE),
        answer_example(
            "The product",
            {**PRODUCT_EXAMPLE, "image": "", "version": 2},
            status=201,
        ),
    ],
)

GET_PRODUCT = extend_schema(
    operation_id="hub_get_product",
    summary="Get a product of a project",
    description="One product, on sale or not.",
    parameters=[PROJECT_ID, PRODUCT_ID, IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: ProductOutput,
        **NOT_MODIFIED,
        **errors_of("hub", ProjectNotFound(), ProductNotFound()),
    },
    examples=[answer_example("The product", PRODUCT_EXAMPLE)],
)

UPDATE_PRODUCT = extend_schema(
    operation_id="hub_update_product",
    summary="Update a product",
    description=(
        "Changes the fields that you send and keeps the rest. Set `is_active` to false "
        "to take a product off sale. Orders keep the name and the price at which they "
        "were placed."
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
        request_example("No longer sold", {"is_active": False}),
        answer_example("The product", {**PRODUCT_EXAMPLE, "price": "17.99"}),
    ],
)

SET_PRODUCT_IMAGE = extend_schema(
    operation_id="hub_set_product_image",
    summary="Set the picture of a product",
    description=(
        "Takes a file named `image` in `multipart/form-data`, at most "
        "`MAX_UPLOAD_BYTES` and 16 million pixels (24 million as a JPEG), and at most "
        "16,384 pixels on each side. We resize it to at most 1024 by 1024 pixels, rotate "
        "it upright and remove its metadata."
    ),
    request=sent_as(NewPicture, UPLOAD, JSON),
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
        request_example("A picture", {"image": "(the file's bytes)"}, media_type=UPLOAD),
        request_example("Remove the picture", {"image": None}, media_type=JSON),
        answer_example("The product", PRODUCT_EXAMPLE),
    ],
)

REMOVE_PRODUCT_IMAGE = extend_schema(
    operation_id="hub_remove_product_image",
    summary="Remove the picture of a product",
    description="Removes the picture, if there is one, and answers the product.",
    parameters=[PROJECT_ID, PRODUCT_ID, IF_MATCH, etag_of_answer(200)],
    responses={
        200: ProductOutput,
        **errors_of("hub", MAY_NOT, ProjectNotFound(), ProductNotFound(), 412),
    },
    examples=[answer_example("The product", {**PRODUCT_EXAMPLE, "image": ""})],
)

LIST_STOCK_MOVEMENTS = extend_schema(
    operation_id="hub_list_stock_movements",
    summary="Read the ledger of a product",
    description=(
        "Every change of the product's stock, the newest first. All changes together "
        "add up to the stock."
    ),
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
    examples=[answer_example("A delivery", MOVEMENT_EXAMPLE)],
)

ADJUST_STOCK = extend_schema(
    operation_id="hub_adjust_stock",
    summary="Adjust the stock of a product",
    description=(
        "Adds a row to the ledger, which raises or lowers the current stock by "
        "`change`. Answers the product with its new stock."
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
        answer_example("The product", PRODUCT_EXAMPLE, status=201),
    ],
)
