"""What the schema says of importing and exporting products."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
)

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound
from catalog.api.hub.docs import MAY_NOT
from catalog.api.hub.docs.products import FILTERS
from catalog.api.hub.serializers import (
    ImportInput,
    ImportOutput,
)
from catalog.errors import (
    ImportOvertaken,
    ImportRefused,
)
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    JSON,
    UPLOAD,
    answer_example,
    errors_of,
    request_example,
    sent_as,
)

Example = dict[str, Any]

TABLE_EXAMPLE = (
    "sku,name,price,category,stock\n"
    "LAMP-1,Desk lamp,17.99,Lamps > Desk,\n"
    'LAMP-2,"Lamp, red",24.00,Lamps,5\n'
)
IMPORT_EXAMPLE: Example = {
    "dry_run": True,
    "created": 1,
    "updated": 1,
    "unchanged": 0,
    "refused": 0,
    "new_categories": [],
    "rows": [
        {
            "row": 2,
            "sku": "LAMP-1",
            "action": "update",
            "changes": {"price": ["19.99", "17.99"]},
            "errors": {},
        },
        {
            "row": 3,
            "sku": "LAMP-2",
            "action": "create",
            "changes": {
                "name": [None, "Lamp, red"],
                "price": [None, "24.00"],
                "currency": [None, "USD"],
                "category": [None, "Lamps"],
                "featured": [None, "false"],
                "is_active": [None, "true"],
                "stock": [None, "5"],
            },
            "errors": {},
        },
    ],
}
REFUSED_ROW_EXAMPLE: Example = {
    "row": 3,
    "sku": "LAMP-2",
    "action": "refuse",
    "changes": {},
    "errors": {"price": ["Must be a number such as 1299.00, without signs and commas."]},
}
EXPORT_EXAMPLE = (
    '"sku","name","description","price","currency","category","stock","featured","is_active","version"\r\n'
    '"LAMP-1","Desk lamp","","19.99","USD","Lamps > Desk","12","true","true","3"\r\n'
)
CSV = "text/csv"


IMPORT_PRODUCTS = extend_schema(
    operation_id="hub_import_products",
    summary="Import products from a CSV file",
    description=(
        "Creates and changes products by their SKU. If one row is wrong, nothing is "
        "imported. With `dry_run` nothing changes, and the answer lists what an import "
        "would do, wrong rows included. Columns that the file does not have stay "
        "unchanged. An empty cell clears a description or a category, and is ignored in "
        "other columns. `category` is a path such as `Lamps > Desk`; missing categories "
        "are created. `stock` is the new stock, and `stock_change` is how many more or "
        "fewer there are. A `version`, as in an export, must still be the product's "
        "version. A table has at most 5000 rows, and a file at most `MAX_UPLOAD_BYTES`."
    ),
    request=sent_as(ImportInput, UPLOAD, JSON),
    parameters=[PROJECT_ID, IDEMPOTENCY_KEY],
    responses={
        200: ImportOutput,
        **errors_of(
            "hub",
            Invalid({"file": ["The file needs a column sku."]}),
            ImportRefused(1, [REFUSED_ROW_EXAMPLE]),
            MAY_NOT,
            ProjectNotFound(),
            ImportOvertaken(),
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("A file", {"file": "(the file's bytes)"}, media_type=UPLOAD),
        request_example(
            "What would happen?",
            {"csv": TABLE_EXAMPLE, "dry_run": True},
            media_type=JSON,
        ),
        answer_example("What would happen", IMPORT_EXAMPLE),
    ],
)

EXPORT_PRODUCTS = extend_schema(
    operation_id="hub_export_products",
    summary="Export products as a CSV file",
    description=(
        "All products of the project, or those that the filters select, the oldest "
        "first. The file is UTF-8 with a byte order mark. A cell that a spreadsheet "
        "would run as a formula starts with an apostrophe, which an import removes "
        "again."
    ),
    parameters=[PROJECT_ID, *FILTERS],
    responses={
        (200, CSV): OpenApiResponse(OpenApiTypes.STR, description="The table, a part at a time."),
        **errors_of("hub", Invalid({"price_min": ["Enter a number."]}), ProjectNotFound()),
    },
    examples=[
        OpenApiExample(
            "The table",
            EXPORT_EXAMPLE,
            response_only=True,
            media_type=CSV,
            status_codes=["200"],
        )
    ],
)
