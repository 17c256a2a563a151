"""Why there is no answer, in the words of pages, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts.access import CHANGE_PROJECT, Operation
from accounts.models import Project
from integrations.assistant.budgets import budget_state_of
from integrations.assistant.errors import (
    AnswerBlocked,
    AssistantNotConfigured,
    BudgetExhausted,
    ModelBusyNow,
    ModelNotReached,
)
from integrations.assistant.model_session import service_in_use
from integrations.assistant.preferences import BUDGET
from orderchainer.core.errors import DomainError

May = Callable[[Operation], bool]

# What the words of the error leave open.
ADVICE: dict[type[DomainError], str] = {
    AnswerBlocked: "Ask it in other words.",
    ModelBusyNow: "Try again in a minute.",
    ModelNotReached: "Try again in a minute.",
}


@dataclass(frozen=True)
class Refused:
    """Words, and what helps: the end of a budget, a link, both if there are any.

    While the assistant `is_off` or its budget is spent, the field for questions is only shown with
    what somebody has typed.
    """

    words: str
    resets_at: datetime | None = None
    link: tuple[str, str] | None = None
    is_off: bool = False
    announced: bool = True


def why_nobody_can_ask(project: Project, *, may: May) -> Refused | None:
    """Say why no question can be answered now, before anybody asks. One statement at most."""
    try:
        service_in_use()
    except AssistantNotConfigured as exc:
        return _not_configured(exc, may, announced=False)
    state = budget_state_of(project)
    if state is not None and state.spent >= state.monthly:
        return _spent(project, state.resets_at, may, announced=False)
    return None


def words_of(exc: DomainError, project: Project, *, may: May) -> Refused:
    """Return what people read of a refusal."""
    if isinstance(exc, AssistantNotConfigured):
        return _not_configured(exc, may, announced=True)
    if isinstance(exc, BudgetExhausted) and not exc.in_use:
        state = budget_state_of(project)
        return _spent(project, state.resets_at if state else None, may, announced=True)
    advice = ADVICE.get(type(exc), "")
    return Refused(f"{exc.page_message} {advice}".strip())


def _not_configured(exc: AssistantNotConfigured, may: May, *, announced: bool) -> Refused:
    """Tell those who run the project what is missing, and others that the assistant is off."""
    words = "The assistant is off."
    if may(CHANGE_PROJECT):
        words = f"{exc.message} docs/assistant.md says where to get a key and how to set it."
    return Refused(words, is_off=True, announced=announced)


def _spent(project: Project, resets_at: datetime | None, may: May, *, announced: bool) -> Refused:
    words = "The project has used up the budget of its assistant for this month."
    link = None
    if may(CHANGE_PROJECT):
        settings = reverse("project-settings", kwargs={"project_id": project.uuid})
        link = ("Change the budget", f"{settings}#id_{BUDGET}")
    else:
        words += " Owners and managers of the project can change it."
    return Refused(words, resets_at=resets_at, link=link, is_off=True, announced=announced)
