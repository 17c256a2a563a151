"""The answers of the assistant on the hub surface."""

from collections.abc import Sequence
from decimal import Decimal

import orjson

from integrations.assistant.budgets import BudgetState
from integrations.assistant.figures import Figures, Usage
from integrations.assistant.services import Answer, Draft, Mood
from orderchainer.core.days import days_of
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds


def answer_body(answer: Answer) -> Body:
    """Write the answer to a question."""
    return {
        "reply": answer.reply,
        "function_calls": list(answer.function_calls),
        "proposed_actions": list(answer.proposals),
        **_cost(answer.tokens_used, answer.cost, answer.model),
    }


def draft_body(draft: Draft) -> Body:
    """Write a suggested reply."""
    return {
        "reply": draft.reply,
        "suggestion_id": draft.suggestion_id,
        "language": draft.language or None,
        **_cost(draft.tokens_used, draft.cost, draft.model),
    }


def mood_body(mood: Mood) -> Body:
    """Write how a message sounds."""
    return {
        "sentiment": str(mood.sentiment),
        "urgency": str(mood.urgency),
        "concerns": list(mood.concerns),
        "recommended_tone": mood.recommended_tone,
    }


def usage_body(usage: Usage, budget: BudgetState | None) -> Body:
    """Write what a project's assistant has used."""
    return {
        "period_days": len(days_of(usage.period)),
        **_figures(usage.total),
        "by_model": _groups("model", usage.by_model),
        "by_kind": _groups("kind", usage.by_kind),
        "budget": None
        if budget is None
        else {
            "monthly_usd": usd(budget.monthly),
            "spent_usd": usd(budget.spent),
            "reserved_usd": usd(budget.reserved),
            "resets_at": seconds(budget.resets_at),
        },
    }


def usd(amount: Decimal) -> orjson.Fragment:
    """Return an amount as a JSON number with exactly its digits, which a float would not keep."""
    plain = f"{amount.normalize():f}"
    return orjson.Fragment(plain if "." in plain else f"{plain}.0")


def _cost(tokens_used: int, cost: Decimal | None, model: str) -> Body:
    return {
        "tokens_used": tokens_used,
        "cost": None if cost is None else usd(cost),
        "model": model,
    }


def _figures(figures: Figures) -> Body:
    return {
        "total_api_calls": figures.calls,
        "total_tokens_used": figures.tokens,
        "total_cost_usd": usd(figures.cost),
        "average_cost_per_call": usd(figures.average_cost),
        "calls_of_unknown_cost": figures.unpriced,
    }


def _groups(name: str, groups: Sequence[tuple[str, Figures]]) -> list[Body]:
    return [{name: word, **_figures(figures)} for word, figures in groups]
