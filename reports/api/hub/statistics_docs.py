"""The schema's description of statistics as files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import ProjectNotFound, RoleNotEnough
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.http.schema import DAYS, errors_of
from orders.api.hub.docs import WRONG_DAYS
from reports.access import VIEW_USAGE
from reports.api.hub.export_docs import CSV, CSV_EXAMPLE, HTML, file_example
from reports.api.hub.file_answers import XLSX
from reports.exports import TABLES

_MESSAGES_EXAMPLE = (
    '"date","total_messages","inbound","outbound","ai_generated"\r\n'
    '"2025-01-01","12","7","5","2"\r\n'
)

_USAGE_EXAMPLE = '"date","calls"\r\n"2025-02-01","450"\r\n'
_ASSISTANT_EXAMPLE = (
    '"date","total_api_calls","total_tokens_used","total_cost_usd","average_cost_per_call",'
    '"calls_of_unknown_cost"\r\n'
    '"2025-02-01","45","12500","0.3125","0.006944","0"\r\n'
)

Described = Callable[[Any], Any]


@dataclass(frozen=True)
class Subject:
    """What statistics are about, and how the schema names it."""

    tables: str
    operation: str
    what: str
    example: str
    refusals: tuple[DomainError, ...] = (ProjectNotFound(),)
    figures: str = "The figures of the last `days`, which are those of a report of the same days."


_ORDERS = Subject("orders", "orders_summary", "the figures of a project's orders", CSV_EXAMPLE)
_MESSAGES = Subject(
    "messages", "messages_summary", "the figures of a project's messages", _MESSAGES_EXAMPLE
)
_USAGE = Subject(
    "usage",
    "project_usage",
    "how much a project is used",
    _USAGE_EXAMPLE,
    (RoleNotEnough(VIEW_USAGE.name), ProjectNotFound()),
    "The calls of the last `days`, deliveries of events, and the assistant's usage.",
)
_ASSISTANT = Subject(
    "assistant",
    "assistant_usage",
    "what a project's assistant has used",
    _ASSISTANT_EXAMPLE,
    figures="What the assistant has used in the last `days`, and what it cost.",
)


def _csv(subject: Subject) -> Described:
    tables = TABLES[subject.tables]
    wrong = Invalid({"table": [f"Must be one of {', '.join(tables)}."]})
    return extend_schema(
        operation_id=f"hub_export_{subject.operation}_csv",
        summary=f"Export {subject.what} as CSV",
        description=(
            f"{subject.figures} The tables are {', '.join(f'`{name}`' for name in tables)}. The "
            "file is UTF-8 with a byte order mark."
        ),
        parameters=[
            PROJECT_ID,
            DAYS,
            OpenApiParameter("table", str, description="The table; without it, `by_day`."),
        ],
        responses={
            (200, CSV): OpenApiResponse(
                OpenApiTypes.STR, description="The table, a part at a time."
            ),
            **errors_of("hub", wrong, WRONG_DAYS, *subject.refusals),
        },
        examples=[file_example("The days", subject.example, CSV)],
    )


def _workbook(subject: Subject) -> Described:
    return extend_schema(
        operation_id=f"hub_export_{subject.operation}_xlsx",
        summary=f"Export {subject.what} as XLSX",
        description="A workbook with a sheet for each table, about the last `days`.",
        parameters=[PROJECT_ID, DAYS],
        responses={
            (200, XLSX): OpenApiTypes.BINARY,
            **errors_of("hub", WRONG_DAYS, *subject.refusals),
        },
        examples=[file_example("The workbook", "(the file's bytes)", XLSX)],
    )


def _page(subject: Subject) -> Described:
    return extend_schema(
        operation_id=f"hub_export_{subject.operation}_html",
        summary=f"Export {subject.what} as a page",
        description=(
            "A page about the last `days` to read, print and save, with charts and their numbers "
            "beside them."
        ),
        parameters=[PROJECT_ID, DAYS],
        responses={
            (200, HTML): OpenApiTypes.STR,
            **errors_of("hub", WRONG_DAYS, *subject.refusals),
        },
        examples=[file_example("The page", "<!doctype html>…", HTML)],
    )


ORDERS_CSV = _csv(_ORDERS)
ORDERS_WORKBOOK = _workbook(_ORDERS)
ORDERS_PAGE = _page(_ORDERS)
MESSAGES_CSV = _csv(_MESSAGES)
MESSAGES_WORKBOOK = _workbook(_MESSAGES)
MESSAGES_PAGE = _page(_MESSAGES)
USAGE_CSV = _csv(_USAGE)
USAGE_WORKBOOK = _workbook(_USAGE)
USAGE_PAGE = _page(_USAGE)
ASSISTANT_CSV = _csv(_ASSISTANT)
ASSISTANT_WORKBOOK = _workbook(_ASSISTANT)
ASSISTANT_PAGE = _page(_ASSISTANT)
