"""`/api/v1/products/{project_id}/import` and `…/export`: the catalogue as a file."""

from collections.abc import Mapping
from hashlib import sha256
from typing import ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import PROJECT_ID, ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.errors import IdempotencyKeyReused, ProjectNotFound
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub import examples
from catalog.api.hub.filters import all_found, narrowed
from catalog.api.hub.presentation import import_body
from catalog.api.hub.products import FILTERS, JSON, MAY_NOT, UPLOAD
from catalog.api.hub.serializers import ImportInput, ImportOutput
from catalog.api.hub.uploads import UploadView
from catalog.errors import ImportOvertaken, ImportRefused
from orderchainer.core.errors import Invalid
from orderchainer.core.http.downloads import csv_download
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    answer_example,
    errors_of,
    request_example,
)

CSV = "text/csv"


class ImportView(UploadView):
    """Taking a table of products in."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_CATALOG}

    @extend_schema(
        operation_id="hub_import_products",
        summary="Import products from a CSV file",
        description=(
            "Creates and changes products by their SKU: all rows, or none where one is wrong. With `dry_run` nothing "
            "is changed, and the answer tells what would be, wrong rows among it. Columns that the file leaves out "
            "change nothing; an empty cell empties a description and takes a product out of its category, and says "
            "nothing elsewhere. `category` is a path such as `Lamps > Desk`, created where it is missing. `stock` is "
            "how many there are, `stock_change` how many more or fewer; a `version`, as an export has it, must be the "
            "product's still. At most 5000 rows, and `MAX_UPLOAD_BYTES` as a file."
        ),
        request={UPLOAD: ImportInput, JSON: ImportInput},
        parameters=[PROJECT_ID, IDEMPOTENCY_KEY],
        responses={
            200: ImportOutput,
            **errors_of(
                "hub",
                Invalid({"file": ["The file needs a column sku."]}),
                ImportRefused(1, [examples.REFUSED_ROW]),
                MAY_NOT,
                ProjectNotFound(),
                ImportOvertaken(),
                IdempotencyKeyReused(),
            ),
        },
        examples=[
            request_example(
                "A file", {"file": "(the file's bytes)"}, media_type=UPLOAD
            ),
            request_example(
                "What would happen?",
                {"csv": examples.TABLE, "dry_run": True},
                media_type=JSON,
            ),
            answer_example("What would happen", examples.IMPORTED),
        ],
    )
    def post(self, request: Request, project_id: str) -> Response:
        """Import the table, once for each `Idempotency-Key`, or tell what it would come to."""
        body = ImportInput(data=request.data)
        body.is_valid(raise_exception=True)
        content, encoding = body.content, body.encoding_of_file
        if body.validated_data["dry_run"]:
            report = services.preview_import(
                project=self.project, content=content, encoding=encoding
            )
            return Response(import_body(report, dry_run=True))

        def work() -> Answer:
            report = services.import_products(
                project=self.project,
                content=content,
                encoding=encoding,
                by=caller_of(request),
            )
            return Answer(200, import_body(report, dry_run=False))

        return answer_repeatable(
            request, work, payload=[sha256(content).hexdigest(), encoding]
        )


class _JSONForErrors(BaseContentNegotiation):
    """Whatever somebody accepts, the export is CSV and a refusal is JSON."""

    def select_parser(self, request, parsers):  # type: ignore[no-untyped-def]
        return parsers[0]

    def select_renderer(  # type: ignore[no-untyped-def]
        self, request, renderers, format_suffix=None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ExportView(ProjectView):
    """Writing a table of products out."""

    area = "catalog"
    content_negotiation_class = _JSONForErrors
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_CATALOG}

    @extend_schema(
        operation_id="hub_export_products",
        summary="Export products as a CSV file",
        description=(
            "All products of the project, or those that the conditions leave, the oldest first, in UTF-8 with a mark "
            "at the beginning. A cell that a spreadsheet would run as a formula has an apostrophe in front, which an "
            "import takes away again."
        ),
        parameters=[PROJECT_ID, *FILTERS],
        responses={
            (200, CSV): OpenApiResponse(
                OpenApiTypes.STR, description="The table, a part at a time."
            ),
            **errors_of(
                "hub", Invalid({"price_min": ["Enter a number."]}), ProjectNotFound()
            ),
        },
        examples=[
            OpenApiExample(
                "The table",
                examples.EXPORTED,
                response_only=True,
                media_type=CSV,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Answer the table while it is read."""
        products = all_found(*narrowed(self.project, request))
        return csv_download(
            request._request,
            services.export_products(self.project, products),
            filename="products.csv",
        )
