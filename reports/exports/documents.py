"""What can be exported: reports as they are kept, and statistics as they are now."""

from django.utils import timezone

from accounts.models import Project
from integrations.assistant.figures import Figures as AssistantFigures
from integrations.assistant.figures import usage_by_day, usage_of
from integrations.assistant.models import AssistantCall
from orderchainer.core.days import Period, Span, Stretch, days_of
from orders import figures
from reports.builders import BUILDERS, Question, sales
from reports.builders.performance import assistant_body
from reports.exports.contracts import Document
from reports.models import Report
from reports.payloads import Payload, read, write
from reports.usage.figures import calls_in
from reports.usage.telling import payload_of
from reports.wording import counted


def document_of(report: Report) -> Document:
    """Return a report that is ready."""
    return Document(
        tables=report.report_type,
        title=f"{report.report_type.capitalize()} report",
        project_name=report.project.name,
        period=report.period,
        payload=report.figures,
        summary=report.summary,
        made_at=report.finished_at or report.created_at,
        source=f"Report {report.uuid}",
        filters=report.filters,
    )


def order_statistics(project: Project, period: Span) -> Document:
    """Return what the orders of the days add up to, in two statements.

    The figures are those of the statistics and of a sales report.
    """
    breakdown = figures.breakdown_of(project, period)
    return _statistics(
        "orders", project, period, sales.overview_of(breakdown), sales.told(breakdown.summary)
    )


def message_statistics(project: Project, period: Span) -> Document:
    """Return what the messages of the days add up to, in four statements."""
    built = BUILDERS["messages"].build(
        Question(project, Stretch(period.start, period.end, period.zone))
    )
    return _statistics("messages", project, period, built.payload, built.summary)


def usage_statistics(project: Project, period: Period) -> Document:
    """Return how much the project was used on the days, in six statements."""
    calls, deliveries = calls_in(project, period), figures.deliveries_of(project, period)
    payload: Payload = {
        **payload_of(calls, period),
        "deliveries": {"total": deliveries.total, "by_state": dict(deliveries.by_state)},
        "assistant": assistant_body(usage_of(project, period).total),
    }
    users = counted(len(calls.by_user), "user")
    summary = f"{counted(calls.total, 'call')} by {users}." if calls.total else "No calls."
    return _statistics("usage", project, period, payload, summary)


def assistant_statistics(project: Project, period: Period) -> Document:
    """Return what the project's assistant used on the days, in two statements."""
    usage = usage_of(project, period)
    days = dict(usage_by_day(AssistantCall.objects.filter(project=project), period))
    payload: Payload = {
        **_models(usage.total),
        "by_day": [
            {"date": day.isoformat(), **_models(days.get(day, AssistantFigures()))}
            for day in days_of(period)
        ],
        "by_model": [{"model": name, **_models(each)} for name, each in usage.by_model],
        "by_kind": [{"kind": name, **_models(each)} for name, each in usage.by_kind],
    }
    return _statistics("assistant", project, period, payload, _asked(usage.total))


def _asked(found: AssistantFigures) -> str:
    if not found.calls:
        return "Nobody asked the assistant."
    return f"{counted(found.calls, 'call')} of models, {counted(found.tokens, 'token')}."


def _models(found: AssistantFigures) -> Payload:
    """Write figures with the names that they have in the usage of the assistant."""
    return {
        "total_api_calls": found.calls,
        "total_tokens_used": found.tokens,
        "total_cost_usd": found.cost,
        "average_cost_per_call": found.average_cost,
        "calls_of_unknown_cost": found.unpriced,
    }


def _statistics(
    tables: str, project: Project, period: Span, payload: Payload, summary: str
) -> Document:
    return Document(
        tables=tables,
        title=f"{tables.capitalize()}, statistics",
        project_name=project.name,
        period=period,
        # As it would be read from a report.
        payload=read(write(payload)),
        summary=summary,
        made_at=timezone.now(),
        source="Statistics",
    )
