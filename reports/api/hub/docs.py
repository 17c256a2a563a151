"""The schema's description of `/api/v1/reports`. It uses the hub document's own examples."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound, RoleNotEnough
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    DAYS,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)
from reports.access import MANAGE_REPORTS, VIEW_USAGE
from reports.api.hub.examples import (
    LISTED_EXAMPLE,
    NEW_EXAMPLE,
    PROJECT_USAGE_EXAMPLE,
    REPORT_EXAMPLE,
    USAGE_EXAMPLE,
    WAITING_EXAMPLE,
)
from reports.api.hub.filters import STATES
from reports.api.hub.serializers import ListedReportOutput, NewReport, ReportOutput
from reports.api.hub.usage import ApiUsageOutput, ProjectUsageOutput
from reports.builders import BUILDERS
from reports.errors import ReportNotFound, TooManyGenerating, TooManyReports
from reports.services import MAX_GENERATING, MAX_KEPT

REPORT_ID = OpenApiParameter(
    "report_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The report's id."
)
WRONG_DAYS = Invalid({"days": ["Must be a whole number from 1 to 3650."]})
PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`respond-async` answers at once, without waiting for the report (RFC 7240).",
)
_LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[201],
    description="The address of the report.",
)


def _words(name: str, words: list[str], about: str) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        {"type": "array", "items": {"type": "string", "enum": words}},
        description=about,
        explode=True,
    )


FILTERS = [
    _words("report_type", list(BUILDERS), "Only reports of one of these types."),
    _words("status", list(STATES), "Only reports with one of these statuses."),
]
_TYPES = "\n".join(f"- `{name}`: {builder.label}" for name, builder in BUILDERS.items())

GENERATE = extend_schema(
    operation_id="hub_generate_report",
    summary="Generate a report",
    description=(
        f"The types:\n\n{_TYPES}\n\n"
        "The period goes from the moment `start_date` to the end of the second of `end_date`. A "
        "date without a time is the whole day in the project's time zone. A report is about at "
        "most five years.\n\n"
        "A worker builds the report, and the answer waits for it for some seconds. If it takes "
        "longer, the answer has the `status` `generating`: read the report at its `Location`, or "
        "wait for `report_ready` on the project's socket. With `Prefer: respond-async` the answer "
        "does not wait."
    ),
    request=NewReport,
    parameters=[PROJECT_ID, IDEMPOTENCY_KEY, PREFER, etag_of_answer(201), _LOCATION],
    responses={
        201: ReportOutput,
        **errors_of(
            "hub",
            Invalid({"end_date": ["Must not be before the start date."]}),
            RoleNotEnough(MANAGE_REPORTS.name),
            ProjectNotFound(),
            TooManyGenerating(MAX_GENERATING),
            TooManyReports(MAX_KEPT),
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("January", NEW_EXAMPLE),
        answer_example("The report", REPORT_EXAMPLE, status=201),
        answer_example("It takes longer", WAITING_EXAMPLE, status=201),
    ],
)

LIST_REPORTS = extend_schema(
    operation_id="hub_list_reports",
    summary="List reports",
    description="The newest first, without their payloads.",
    parameters=[PROJECT_ID, *PAGE_WINDOW, *FILTERS],
    responses={
        200: ListedReportOutput(many=True),
        **errors_of(
            "hub",
            Invalid({"page": ["Must be a whole number from 1 to 2147483647."]}),
            ProjectNotFound(),
        ),
    },
    examples=[answer_example("One report", LISTED_EXAMPLE)],
)

GET_USAGE = extend_schema(
    operation_id="hub_get_project_usage",
    summary="Get how much a project is used",
    description=(
        "The calls of paths within the project, in the last `days` of the project's calendar, by "
        "surface, user, API token and day; deliveries of events; and the assistant's usage. Calls "
        "appear after some seconds. A process that is killed loses what it counted last."
    ),
    parameters=[PROJECT_ID, DAYS],
    responses={
        200: ProjectUsageOutput,
        **errors_of("hub", WRONG_DAYS, RoleNotEnough(VIEW_USAGE.name), ProjectNotFound()),
    },
    examples=[answer_example("A month", PROJECT_USAGE_EXAMPLE)],
)

GET_OWN_USAGE = extend_schema(
    operation_id="hub_get_own_usage",
    summary="Get how much you use the API",
    description="Your calls of the last `days`, on every surface and in every project.",
    parameters=[DAYS],
    responses={200: ApiUsageOutput, **errors_of("hub", WRONG_DAYS)},
    examples=[answer_example("A month", USAGE_EXAMPLE)],
)

GET_REPORT = extend_schema(
    operation_id="hub_get_report",
    summary="Get a report",
    description=(
        "The figures of a report never change once it is ready. A customer who is erased from the "
        "orders is erased from it too: `name`, `email` and `phone` are then empty."
    ),
    parameters=[PROJECT_ID, REPORT_ID, IF_NONE_MATCH, etag_of_answer(200)],
    responses={
        200: ReportOutput,
        **NOT_MODIFIED,
        **errors_of("hub", ProjectNotFound(), ReportNotFound()),
    },
    examples=[answer_example("The report", REPORT_EXAMPLE)],
)

DELETE_REPORT = extend_schema(
    operation_id="hub_delete_report",
    summary="Delete a report",
    description="Deletes the report, even one that is being generated.",
    parameters=[PROJECT_ID, REPORT_ID],
    responses={
        204: None,
        **errors_of("hub", RoleNotEnough(MANAGE_REPORTS.name), ProjectNotFound(), ReportNotFound()),
    },
)
