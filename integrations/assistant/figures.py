"""What the assistant's calls add up to: one definition of each figure, for usage and reports.

- A call belongs to the day on which it began, in the project's time zone. It counts once it has
  ended, however it ended. A call that was refused before a model was asked does not count.
- Tokens are all that a model read and wrote. What a model did not tell counts as 0.
- The cost is in USD. A call of unknown cost adds nothing, and `unpriced` says how many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf, TruncDate

from accounts.models import Project
from integrations.assistant.models import COST_DECIMALS, AssistantCall
from orderchainer.core.days import Period, Span

# As the hub's document writes an average.
AVERAGE_DECIMALS = 6
_SMALLEST = Decimal(1).scaleb(-COST_DECIMALS)
_FIGURES = {
    "calls": Count("pk"),
    "tokens": Coalesce(Sum("total_tokens"), 0),
    "spent": Sum("known_cost"),
    "unpriced": Count("pk", filter=Q(cost=None)),
}


@dataclass(frozen=True)
class Figures:
    """How many calls there were, and what they used."""

    calls: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    @property
    def average_cost(self) -> Decimal:
        """The cost of a call on average, half up to six decimals; 0 without calls."""
        average = self.cost / self.calls if self.calls else Decimal(0)
        return average.quantize(Decimal(1).scaleb(-AVERAGE_DECIMALS), ROUND_HALF_UP)


@dataclass(frozen=True)
class Usage:
    """The figures of a period, and of its models and kinds, those with most calls first."""

    period: Span
    total: Figures
    by_model: Sequence[tuple[str, Figures]]
    by_kind: Sequence[tuple[str, Figures]]


def calls_of(project: Project) -> QuerySet[AssistantCall]:
    """Return the calls of a project with the people who asked, newest first, without the texts."""
    calls = AssistantCall.objects.filter(project=project).select_related("user")
    return calls.defer("question", "answer").order_by("-created_at", "-pk")


def ended_within(project: Project, period: Span) -> QuerySet[AssistantCall]:
    """Return the calls of the period that have ended."""
    return AssistantCall.objects.filter(
        project=project, created_at__gte=period.start, created_at__lt=period.end
    ).exclude(outcome=AssistantCall.Outcome.RUNNING)


def usage_of(project: Project, period: Span) -> Usage:
    """Return the usage of the period, in one statement.

    The model is the one that answered, or the one that was asked if none did.
    """
    rows = (
        ended_within(project, period)
        .order_by()
        .values("kind", answered_by=Coalesce(NullIf(F("model"), Value("")), F("model_asked")))
        .annotate(**_FIGURES)
    )
    groups = [(row["answered_by"], row["kind"], _figures(row)) for row in rows]
    return Usage(
        period=period,
        total=_added(figures for _, _, figures in groups),
        by_model=_grouped((model, figures) for model, _, figures in groups),
        by_kind=_grouped((kind, figures) for _, kind, figures in groups),
    )


def usage_by_day(calls: QuerySet[AssistantCall], period: Period) -> Sequence[tuple[date, Figures]]:
    """Return the figures of each day of the period on which there were calls, oldest first.

    `calls` may belong to several projects; the days are those of the period's time zone.
    """
    rows = (
        calls.filter(created_at__gte=period.start, created_at__lt=period.end)
        .exclude(outcome=AssistantCall.Outcome.RUNNING)
        .order_by()
        .values(day=TruncDate("created_at", tzinfo=period.zone))
        .annotate(**_FIGURES)
        .order_by("day")
    )
    return [(row["day"], _figures(row)) for row in rows]


def _figures(row: Any) -> Figures:
    return Figures(
        calls=row["calls"],
        tokens=row["tokens"],
        # SQLite adds binary floats.
        cost=(row["spent"] or Decimal(0)).quantize(_SMALLEST, ROUND_HALF_UP),
        unpriced=row["unpriced"],
    )


def _grouped(pairs: Iterable[tuple[str, Figures]]) -> Sequence[tuple[str, Figures]]:
    groups: dict[str, list[Figures]] = {}
    for name, figures in pairs:
        groups.setdefault(name, []).append(figures)
    added = [(name, _added(figures)) for name, figures in groups.items()]
    return sorted(added, key=lambda pair: (-pair[1].calls, pair[0]))


def _added(several: Iterable[Figures]) -> Figures:
    figures = list(several)
    return Figures(
        calls=sum(each.calls for each in figures),
        tokens=sum(each.tokens for each in figures),
        cost=sum((each.cost for each in figures), Decimal(0)),
        unpriced=sum(each.unpriced for each in figures),
    )
