"""The assistant of a project: its budget, what it has used so far, and a receipt for each call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse

from accounts.access import CHANGE_PROJECT, Operation
from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from integrations.assistant.access import ASK_ASSISTANT, VIEW_ASSISTANT_USAGE
from integrations.assistant.budgets import BudgetState, budget_state_of
from integrations.assistant.errors import AssistantNotConfigured
from integrations.assistant.figures import Figures, calls_of, usage_of
from integrations.assistant.model_session import service_in_use
from integrations.assistant.models import AssistantCall
from integrations.assistant.preferences import BUDGET, keeps_texts, wants_judging
from integrations.pages.shown import name_of
from orderchainer.core.days import days_up_to_today

# Of how many days the page adds up the usage.
DAYS = 30
PAGE_SIZE = 25
# An amount below a cent is rounded up to this many decimals, so that nothing looks free.
SMALL_DECIMALS = 4
CENT = Decimal("0.01")

Kind, Outcome = AssistantCall.Kind, AssistantCall.Outcome

KINDS: Mapping[str, str] = {
    Kind.QUERY: "Question",
    Kind.REPLY: "Suggested reply",
    Kind.SENTIMENT: "Mood of a message",
}
# The look of an outcome, and what people read.
OUTCOMES: Mapping[str, tuple[str, str]] = {
    Outcome.RUNNING: ("running", "Running"),
    Outcome.ANSWERED: ("done", "Answered"),
    Outcome.BLOCKED: ("failed", "Blocked by the model"),
    Outcome.CUT: ("failed", "Cut off"),
    Outcome.MALFORMED: ("failed", "Not usable"),
    Outcome.EMPTY: ("failed", "Empty"),
    Outcome.TOO_LONG: ("failed", "Too many steps"),
    Outcome.TOO_LATE: ("failed", "Took too long"),
    Outcome.BUSY: ("failed", "Service busy"),
    Outcome.UNAVAILABLE: ("failed", "No answer"),
    Outcome.REFUSED: ("failed", "Refused by the service"),
    Outcome.LEFT: ("ignored", "Nobody waited for it"),
    Outcome.FAILED: ("failed", "Failed"),
    Outcome.LOST: ("failed", "Lost"),
}


@dataclass(frozen=True)
class ShownBudget:
    """A budget in words, and how much of it is used in per cent, from 0 to 100."""

    monthly: str
    spent: str
    reserved: str
    left: str
    per_cent: int
    is_spent: bool
    resets_at: datetime


class AssistantPage(WorkspacePage):
    """What the assistant may cost, what it has cost, and its last calls without their texts."""

    template_name = "integrations/assistant.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ASSISTANT_USAGE}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        project = self.project
        assert project is not None
        usage = usage_of(project, days_up_to_today(DAYS, project.zone))
        page = Paginator(calls_of(project), PAGE_SIZE).get_page(self.request.GET.get("page"))
        settings = reverse("project-settings", kwargs={"project_id": project.uuid})
        return self.show(
            {
                "trouble": _trouble(),
                "budget": shown_budget(budget_state_of(project)),
                "settings": _settings_of(project),
                "ask_url": reverse("assistant-ask", kwargs={"project_id": project.uuid})
                if self.may(ASK_ASSISTANT)
                else "",
                "settings_url": f"{settings}#id_{BUDGET}" if self.may(CHANGE_PROJECT) else "",
                "days": DAYS,
                "total": _figures(usage.total),
                "groups": [
                    (
                        "By kind",
                        [(KINDS.get(name, name), _figures(it)) for name, it in usage.by_kind],
                    ),
                    ("By model", [(name, _figures(it)) for name, it in usage.by_model]),
                ],
                "page": page,
                "calls": [_call(each) for each in page.object_list],
            }
        )


def shown_budget(state: BudgetState | None) -> ShownBudget | None:
    """Return a budget as the page shows it, or None if the project has no budget."""
    if state is None:
        return None
    used = state.spent + state.reserved
    per_cent = 100 if used >= state.monthly else int(100 * used / state.monthly)
    return ShownBudget(
        monthly=usd(state.monthly),
        spent=usd(state.spent),
        reserved=usd(state.reserved) if state.reserved else "",
        left=usd(max(state.monthly - used, Decimal(0))),
        per_cent=per_cent,
        is_spent=state.spent >= state.monthly,
        resets_at=state.resets_at,
    )


def usd(amount: Decimal) -> str:
    """Write an amount in USD. A part of a cent is shown as such, and never as nothing."""
    if 0 < amount < CENT:
        smallest = Decimal(1).scaleb(-SMALL_DECIMALS)
        return f"{amount.quantize(smallest, ROUND_UP)} USD"
    return f"{amount:,.2f} USD"


def _trouble() -> str:
    """Say why nobody can ask the assistant; empty if they can."""
    try:
        service_in_use()
    except AssistantNotConfigured as exc:
        return exc.message
    return ""


def _settings_of(project: Project) -> Sequence[tuple[str, str]]:
    return [
        ("Questions and answers", "Kept for some days" if keeps_texts(project) else "Not kept"),
        ("Mood of messages", "Judged as they come" if wants_judging(project) else "Not judged"),
    ]


def _figures(figures: Figures) -> Mapping[str, Any]:
    return {
        "calls": figures.calls,
        "tokens": figures.tokens,
        "cost": usd(figures.cost),
        "average": usd(figures.average_cost),
        "unpriced": figures.unpriced,
    }


def _call(call: AssistantCall) -> Mapping[str, Any]:
    look, words = OUTCOMES.get(call.outcome, ("failed", str(call.outcome)))
    return {
        "id": call.uuid,
        "at": call.created_at,
        "kind": KINDS.get(call.kind, call.kind),
        "by": name_of(call.user) or "By itself",
        "look": look,
        "words": words,
        "model": call.model or call.model_asked,
        "looked_up": ", ".join(_looked_up(call)),
        "tokens": call.total_tokens,
        "cost": "unknown" if call.cost is None else usd(call.cost),
        "seconds": None if call.duration_ms is None else call.duration_ms / 1000,
    }


def _looked_up(call: AssistantCall) -> Iterator[str]:
    """Yield the names of the tools that the model used, each once."""
    yield from dict.fromkeys(str(each.get("name", "")) for each in call.tool_calls)
