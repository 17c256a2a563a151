"""`/api/v1/products/{project_id}/import` and `…/export`: the catalogue as a CSV file."""

from collections.abc import Mapping
from hashlib import sha256
from typing import ClassVar

from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.api.hub.docs import files as docs
from catalog.api.hub.filters import all_found, narrowed
from catalog.api.hub.presentation import import_body
from catalog.api.hub.serializers import ImportInput
from orderchainer.core.http.downloads import JSONForErrors, csv_download
from orderchainer.core.http.views import UploadView


class ImportView(UploadView, ProjectView):
    """Import of products."""

    area = "catalog"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_CATALOG}

    @docs.IMPORT_PRODUCTS
    def post(self, request: Request, project_id: str) -> Response:
        """Import the file, once for each `Idempotency-Key`, or tell what an import would do."""
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

        return answer_repeatable(request, work, payload=[sha256(content).hexdigest(), encoding])


class ExportView(ProjectView):
    """Export of products."""

    area = "catalog"
    content_negotiation_class = JSONForErrors
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_CATALOG}

    @docs.EXPORT_PRODUCTS
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Stream the file while the rows are read."""
        products = all_found(*narrowed(self.project, request))
        return csv_download(
            request,
            services.export_products(self.project, products),
            filename="products.csv",
        )
