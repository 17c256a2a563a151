"""Receipts of the assistant in the back office: what happened in each call, and the cost by day."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString
from unfold.decorators import display

from integrations.assistant.figures import usage_by_day
from integrations.assistant.models import AssistantCall
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import Panel, data_of, panel_of
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from orderchainer.core.days import days_up_to_today

Outcome = AssistantCall.Outcome

OUTCOME_COLOURS: Mapping[str, str] = {
    Outcome.RUNNING: "warning",
    Outcome.ANSWERED: "success",
    **dict.fromkeys(set(Outcome) - {Outcome.RUNNING, Outcome.ANSWERED, Outcome.LEFT}, "danger"),
}
# The table above the list has a row for each of these days on which there was a call.
DAYS_SHOWN = 30
# Staff look after projects in many zones, so their days are those of UTC.
UTC = ZoneInfo("UTC")


@admin.register(AssistantCall)
class AssistantCallAdmin(ReadOnly, ServiceAdmin):
    """Calls of the assistant, newest first, under what each day cost."""

    icon = "smart_toy"
    list_before_template = "admin/panels.html"
    list_display = (
        "uuid",
        "project",
        "kind",
        "outcome_shown",
        "model_shown",
        "rounds",
        "total_tokens",
        "cost_shown",
        "duration_ms",
        "created_at",
    )
    list_filter = ("kind", "outcome", ("project", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("project",)
    search_fields = ("uuid",)
    search_help_text = "The id of a call"
    ordering = ("-id",)
    fields = (
        "uuid",
        "project",
        "user",
        "kind",
        "outcome_shown",
        "error",
        "finish_reason",
        "provider",
        "model_asked",
        "model",
        "rounds",
        "tool_calls_shown",
        "prompt_tokens",
        "cached_tokens",
        "thought_tokens",
        "answer_tokens",
        "total_tokens",
        "prices_shown",
        "cost_shown",
        "reserved_shown",
        "question",
        "answer",
        "created_at",
        "finished_at",
        "duration_ms",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssistantCall]:
        """Leave the texts of a list unread."""
        calls: QuerySet[AssistantCall] = super().get_queryset(request)
        is_list = request.resolver_match and "object_id" not in request.resolver_match.kwargs
        if is_list:
            return calls.defer("question", "answer", "tool_calls", "prices")
        return calls.select_related("user")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the cost of each day above the list."""
        context = {**(extra_context or {}), "panels": [cost_by_day()]}
        response: HttpResponseBase = super().changelist_view(request, context)
        return response

    @display(description="outcome", ordering="outcome", label=OUTCOME_COLOURS)
    def outcome_shown(self, call: AssistantCall) -> str:
        """How it ended."""
        return str(call.outcome)

    @admin.display(description="model", ordering="model")
    def model_shown(self, call: AssistantCall) -> str:
        """The model that answered, or the one that was asked."""
        return call.model or call.model_asked

    @admin.display(description="cost (USD)", ordering="cost")
    def cost_shown(self, call: AssistantCall) -> str:
        """What it cost, or a dash."""
        return "-" if call.cost is None else plain(call.cost)

    @admin.display(description="reserved (USD)")
    def reserved_shown(self, call: AssistantCall) -> str:
        """What it has set aside of the project's budget."""
        return plain(call.reserved)

    @admin.display(description="tool calls")
    def tool_calls_shown(self, call: AssistantCall) -> SafeString:
        """What the model looked up, in order."""
        return data_of(call.tool_calls)

    @admin.display(description="prices")
    def prices_shown(self, call: AssistantCall) -> SafeString:
        """The prices that were used, in USD for a million tokens."""
        return data_of(call.prices)


def cost_by_day() -> Panel:
    """Return a table of what all projects have used on each of the last days, newest first."""
    period = days_up_to_today(DAYS_SHOWN, UTC)
    days = usage_by_day(AssistantCall.objects.all(), period)
    rows: Sequence[Sequence[str]] = [
        (
            str(day),
            f"{figures.calls}",
            f"{figures.tokens}",
            plain(figures.cost),
            f"{figures.unpriced}",
        )
        for day, figures in reversed(days)
    ]
    return panel_of(
        f"The last {DAYS_SHOWN} days, in UTC",
        ("day", "calls", "tokens", "cost (USD)", "of unknown cost"),
        rows,
        empty="Nobody has asked the assistant.",
    )


def plain(amount: Decimal) -> str:
    """Return an amount in USD with all its digits and no more."""
    return f"{amount.normalize():f}"
