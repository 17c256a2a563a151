"""What a project's assistant may cost in a calendar month, and what is left of it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum
from django.utils import timezone

from accounts.locks import lock_project
from accounts.models import Project
from integrations.assistant.errors import BudgetExhausted
from integrations.assistant.models import AssistantCall
from integrations.assistant.preferences import budget_of
from orderchainer.core.days import start_of

# When to come back if running calls may use up what is left.
IN_USE_RETRY_SECONDS = 60


@dataclass(frozen=True)
class BudgetState:
    """A budget in the current month of its project, in USD.

    `reserved` is what the calls that run right now may cost at most.
    """

    monthly: Decimal
    spent: Decimal
    reserved: Decimal
    resets_at: datetime


def month_around(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the calendar month of a moment begins in `zone`, and when the next one does."""
    today = moment.astimezone(zone).date()
    first = today.replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return start_of(first, zone), start_of(following, zone)


def budget_state_of(project: Project) -> BudgetState | None:
    """Return the state of a project's budget, or None if it has none."""
    monthly = budget_of(project)
    if monthly is None:
        return None
    start, following = month_around(timezone.now(), project.zone)
    sums = AssistantCall.objects.filter(project=project, created_at__gte=start).aggregate(
        spent=Sum("known_cost"), reserved=Sum("reserved", filter=Q(reserved__gt=0))
    )
    return BudgetState(
        monthly, sums["spent"] or Decimal(0), sums["reserved"] or Decimal(0), following
    )


def require_budget(project: Project) -> None:
    """Lock the project, and raise `BudgetExhausted` if all of its budget is spent or reserved.

    Call it in the transaction that reserves. Without the lock, two calls at once would both see the
    same sum. A call may cost more than what is left, so a month can exceed its budget by one call.
    """
    state = budget_state_of(lock_project(project))
    if state is None:
        return
    if state.spent >= state.monthly:
        left = state.resets_at - timezone.now()
        raise BudgetExhausted(retry_after=int(left.total_seconds()) + 1, resets_at=state.resets_at)
    if state.spent + state.reserved >= state.monthly:
        raise BudgetExhausted(
            retry_after=IN_USE_RETRY_SECONDS, resets_at=state.resets_at, in_use=True
        )
