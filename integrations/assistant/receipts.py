"""Writes receipts: before a call, when it ends, and when the process died that worked on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project, User
from integrations.assistant.budgets import require_budget
from integrations.assistant.models import COST_DECIMALS, AssistantCall
from integrations.assistant.preferences import budget_of, keeps_texts
from integrations.assistant.tally import Tally
from orderchainer.core.measures import Counter, Histogram

logger = structlog.get_logger(__name__)

Kind, Outcome = AssistantCall.Kind, AssistantCall.Outcome

# How long after its last possible moment a call that still runs counts as lost.
GRACE = timedelta(seconds=60)
MAX_ERROR_LENGTH = 200
# How many receipts lose their texts in one transaction.
MAX_FORGOTTEN = 5_000
_SMALLEST = Decimal(1).scaleb(-COST_DECIMALS)

CALLS = Counter(
    "orderchainer_assistant_calls",
    "Answers of the assistant, by kind and outcome.",
    ["kind", "outcome"],
)
SECONDS = Histogram(
    "orderchainer_assistant_duration_seconds",
    "How long answers of the assistant took, by kind.",
    ["kind"],
    buckets=(0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60),
)
TOKENS = Counter(
    "orderchainer_assistant_tokens",
    "Tokens that models read and wrote for the assistant, by model and use.",
    ["model", "use"],
)


@dataclass
class Notes:
    """What a call leaves on its receipt besides its figures."""

    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    question: str = ""
    answer: str = ""


# --- A call -----------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def begin(
    *, project: Project, by: User | None, kind: str, provider: str, model: str, ceiling: Decimal
) -> AssistantCall:
    """Store the receipt of a call that begins, with `ceiling` reserved of the project's budget.

    Raises `BudgetExhausted`. No transaction may be open around it: the model is asked next.
    """
    if budget_of(project) is not None:
        require_budget(project)
    return AssistantCall.objects.create(
        project=project,
        user=by,
        kind=kind,
        provider=provider,
        model_asked=model,
        reserved=ceiling,
    )


def settle(
    call: AssistantCall, *, outcome: str, tally: Tally, notes: Notes, error: str = ""
) -> None:
    """Write how a call ended, and let go of what it has reserved.

    It also settles a call that was taken for lost, because what it cost is known now.
    """
    now = timezone.now()
    duration = max(now - call.created_at, timedelta(0))
    keeps = keeps_texts(call.project)
    cost = None if tally.cost is None else tally.cost.quantize(_SMALLEST, ROUND_HALF_UP)
    AssistantCall.objects.filter(pk=call.pk).update(
        outcome=outcome,
        model=tally.model,
        rounds=tally.rounds,
        tool_calls=[_kept(each, keeps_parameters=keeps) for each in notes.tool_calls],
        prompt_tokens=tally.prompt,
        cached_tokens=tally.cached,
        thought_tokens=tally.thought,
        answer_tokens=tally.answer,
        total_tokens=tally.total,
        prices=tally.prices_used,
        cost=cost,
        known_cost=tally.known_cost.quantize(_SMALLEST, ROUND_HALF_UP),
        reserved=0,
        finish_reason=tally.finish_reason[:64],
        error=error[:MAX_ERROR_LENGTH],
        question=notes.question if keeps else "",
        answer=notes.answer if keeps else "",
        finished_at=now,
        duration_ms=int(duration.total_seconds() * 1000),
    )
    _measure(call.kind, outcome, tally, duration)
    # Never a text: what people ask and what customers write is not for the log.
    logger.info(
        "assistant_call",
        call=str(call.uuid),
        project=str(call.project.uuid),
        kind=call.kind,
        outcome=outcome,
        model=tally.model or call.model_asked,
        rounds=tally.rounds,
        tools=[each["name"] for each in notes.tool_calls],
        # Not `tokens`: the log hides values whose names sound like secrets.
        used=tally.total,
        cost=None if cost is None else f"{cost.normalize():f}",
        finish_reason=tally.finish_reason,
        error=error,
        duration_ms=int(duration.total_seconds() * 1000),
    )


def _kept(tool_call: Mapping[str, Any], *, keeps_parameters: bool) -> dict[str, Any]:
    names = ["name", "result_status", "duration_ms"]
    return {name: tool_call[name] for name in names + ["parameters"] * keeps_parameters}


def _measure(kind: str, outcome: str, tally: Tally, duration: timedelta) -> None:
    CALLS.labels(kind, outcome).inc()
    SECONDS.labels(kind).observe(duration.total_seconds())
    if tally.model:
        uses = {
            "prompt": tally.prompt - tally.cached,
            "cached": tally.cached,
            "thought": tally.thought,
            "answer": tally.answer,
        }
        for use, tokens in uses.items():
            TOKENS.labels(tally.model, use).inc(max(tokens, 0))


# --- Afterwards -------------------------------------------------------------------------------


def release_lost() -> int:
    """End the calls whose process must have died, and return how many there were.

    What they reserved is free again. What they cost stays unknown.
    """
    longest = timedelta(seconds=settings.ASSISTANT_TIMEOUT) + GRACE
    now = timezone.now()
    lost = AssistantCall.objects.filter(outcome=Outcome.RUNNING, created_at__lt=now - longest)
    return lost.update(outcome=Outcome.LOST, reserved=0, finished_at=now)


def forget_texts() -> int:
    """Delete the texts that were kept long enough, and return of how many calls."""
    days = timedelta(days=settings.ASSISTANT_TEXTS_RETENTION_DAYS)
    old = AssistantCall.objects.filter(~Q(question="") | ~Q(answer="")).filter(
        created_at__lt=timezone.now() - days
    )
    forgotten: Sequence[AssistantCall] = list(old.only("pk", "tool_calls")[:MAX_FORGOTTEN])
    for call in forgotten:
        call.question = call.answer = ""
        call.tool_calls = [_kept(each, keeps_parameters=False) for each in call.tool_calls]
    AssistantCall.objects.bulk_update(forgotten, ["question", "answer", "tool_calls"])
    return len(forgotten)


def today() -> date:
    """Return the day whose prices count, in UTC."""
    return timezone.now().astimezone(UTC).date()
