"""What a project decides about its assistant, in its settings."""

from decimal import Decimal, InvalidOperation

from accounts.models import Project
from accounts.project_settings import CHECKS
from integrations.assistant.models import COST_DECIMALS

BUDGET = "assistant_monthly_budget_usd"
KEEPS_TEXTS = "assistant_keeps_texts"
READS_SENTIMENT = "assistant_reads_sentiment"

MAX_BUDGET = Decimal(1_000_000)
NO_BUDGET = Decimal(0)


def budget_of(project: Project) -> Decimal | None:
    """Return what the assistant may cost the project in a calendar month, in USD.

    None means no limit. A value that cannot be read allows nothing: it was meant as a limit.
    """
    value = project.settings.get(BUDGET)
    if value is None:
        return None
    amount = _amount(value)
    return NO_BUDGET if amount is None else amount


def keeps_texts(project: Project) -> bool:
    """Tell whether the project keeps what is asked and answered."""
    return project.settings.get(KEEPS_TEXTS) is True


def wants_judging(project: Project) -> bool:
    """Tell whether the project has its customers' messages judged. One that is closed has not."""
    return project.is_active and project.settings.get(READS_SENTIMENT) is True


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= MAX_BUDGET:
        return None
    # 1e-999999 is an amount too, but it would be answered with a million digits.
    return round(amount, COST_DECIMALS)


def _budget_problem(value: object) -> str:
    if value is None or _amount(value) is not None:
        return ""
    return f"Must be an amount in USD from 0 to {MAX_BUDGET}, or null for no budget."


def _switch_problem(value: object) -> str:
    return "" if isinstance(value, bool) else "Must be true or false."


def register_checks() -> None:
    """Have these settings checked when a project is saved."""
    CHECKS.add(BUDGET, _budget_problem)
    CHECKS.add(KEEPS_TEXTS, _switch_problem)
    CHECKS.add(READS_SENTIMENT, _switch_problem)
