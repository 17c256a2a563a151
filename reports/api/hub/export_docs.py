"""The schema's description of reports as files."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import errors_of
from reports.api.hub.docs import REPORT_ID
from reports.api.hub.file_answers import XLSX
from reports.builders import BUILDERS
from reports.errors import ReportNotFound, ReportNotReady
from reports.exports import TABLES

CSV = "text/csv"
HTML = "text/html"

CSV_EXAMPLE = (
    '"date","total_orders","total_revenue","average_orders_7_days","average_revenue_7_days","currency"\r\n'
    '"2025-01-01","150","12500.50","21.43","1785.79","USD"\r\n'
)
_TABLES = "\n".join(
    f"- `{report_type}`: {', '.join(f'`{name}`' for name in names)}"
    for report_type, names in TABLES.items()
    if report_type in BUILDERS
)
_REFUSALS = (ProjectNotFound(), ReportNotFound(), ReportNotReady("generating"))


def file_example(name: str, value: str, media_type: str) -> OpenApiExample:
    """Return an example of a file."""
    return OpenApiExample(
        name, value, response_only=True, media_type=media_type, status_codes=["200"]
    )


EXPORT_CSV = extend_schema(
    operation_id="hub_export_report_csv",
    summary="Export a table of a report as CSV",
    description=(
        f"The tables:\n\n{_TABLES}\n\n"
        "The file is UTF-8 with a byte order mark. Its columns have the names of the payload's "
        "fields, and amounts the decimals of their currency. A text that a spreadsheet would run "
        "as a formula starts with an apostrophe."
    ),
    parameters=[
        PROJECT_ID,
        REPORT_ID,
        OpenApiParameter("table", str, description="The table; without it, `by_day`."),
    ],
    responses={
        (200, CSV): OpenApiResponse(OpenApiTypes.STR, description="The table, a part at a time."),
        **errors_of(
            "hub", Invalid({"table": [f"Must be one of {', '.join(TABLES['sales'])}."]}), *_REFUSALS
        ),
    },
    examples=[file_example("The days", CSV_EXAMPLE, CSV)],
)

EXPORT_WORKBOOK = extend_schema(
    operation_id="hub_export_report_xlsx",
    summary="Export a report as XLSX",
    description="A workbook with a sheet for each table. Texts in it never run as formulas.",
    parameters=[PROJECT_ID, REPORT_ID],
    responses={(200, XLSX): OpenApiTypes.BINARY, **errors_of("hub", *_REFUSALS)},
    examples=[file_example("The workbook", "(the file's bytes)", XLSX)],
)

EXPORT_PAGE = extend_schema(
    operation_id="hub_export_report_html",
    summary="Export a report as a page",
    description=(
        "A page to read, print and save, with charts and their numbers beside them. It loads "
        "nothing and runs no script."
    ),
    parameters=[PROJECT_ID, REPORT_ID],
    responses={(200, HTML): OpenApiTypes.STR, **errors_of("hub", *_REFUSALS)},
    examples=[file_example("The page", "<!doctype html>…", HTML)],
)
