"""Performance: how fast orders get through, what held them up, and how well the machinery works."""

from collections.abc import Mapping
from typing import Any

from integrations.assistant.figures import Figures as AssistantFigures
from integrations.assistant.figures import usage_of
from integrations.figures import Health, syncs_of, webhooks_of
from orders import figures
from orders.figures import Chains, Deliveries
from orders.lifecycle import Status
from orders.models import Order
from reports.builders.contracts import Builder, Built, Question
from reports.builders.durations import spread_body
from reports.builders.sales import selection_of
from reports.payloads import Payload
from reports.wording import counted, duration, sentences


def build(question: Question) -> Built:
    """Build the report, in seventeen statements at most."""
    project, period, selection = question.project, question.period, selection_of(question)
    throughput = figures.throughput_of(project, period, selection)
    waiting = figures.waiting_of(project, period, selection)
    chains = figures.chains_of(project, period, selection)
    lead_times = figures.lead_times(project, period, selection)
    syncs, webhooks = syncs_of(project, period), webhooks_of(project, period)
    deliveries = figures.deliveries_of(project, period)
    payload: Payload = {
        "orders_placed": sum(day.placed for day in throughput),
        "orders_done": sum(day.done for day in throughput),
        "by_day": [
            {"date": day.day.isoformat(), "orders_placed": day.placed, "orders_done": day.done}
            for day in throughput
        ],
        "lead_time_seconds": spread_body(lead_times),
        "status_seconds": {
            status: spread_body(spread)
            for status, spread in figures.times_by_status(project, period, selection).items()
        },
        "waiting_seconds": spread_body(waiting.times),
        "blocked_by": dict(waiting.blocked),
        "chains": _chains(chains),
        "syncs": _health(syncs),
        "webhooks": _health(webhooks),
        "deliveries": _health(deliveries),
        "assistant": assistant_body(usage_of(project, period).total),
    }
    return Built(_summary(payload, chains, syncs, deliveries), payload)


def _chains(chains: Chains) -> Payload:
    lengths = spread_body(chains.lengths)
    return {
        "completed": chains.completed,
        "length": {name: lengths[name] for name in ("average", "p50", "p90")},
        "longest": chains.longest,
        "critical_path_seconds": spread_body(chains.times),
    }


def assistant_body(figures: AssistantFigures) -> Payload:
    """Write how much the assistant was used, and what it cost in USD."""
    return {
        "calls": figures.calls,
        "tokens": figures.tokens,
        "cost_usd": figures.cost,
        "average_cost_usd": figures.average_cost,
    }


def _health(health: Health | Deliveries) -> Payload:
    return {
        "total": health.total,
        "by_state": dict(health.by_state),
        "lag_seconds": spread_body(health.times),
    }


def _summary(
    payload: Mapping[str, Any], chains: Chains, syncs: Health, deliveries: Deliveries
) -> str:
    lead = payload["lead_time_seconds"]["p50"]
    return sentences(
        [
            f"{counted(payload['orders_placed'], 'order')} came in and"
            f" {counted(payload['orders_done'], 'order')} got done",
            "" if lead is None else f"Half of the finished orders took at most {duration(lead)}",
            f"{counted(chains.completed, 'chain')} completed" if chains.completed else "",
            _failures("sync", syncs.by_state, syncs.total),
            _failures("delivery", deliveries.by_state, deliveries.total, many="deliveries"),
        ]
    )


def _failures(one: str, by_state: Mapping[str, int], total: int, many: str = "") -> str:
    failed = by_state.get("failed", 0)
    return f"{failed:,} of {counted(total, one, many)} failed" if failed else ""


BUILDER = Builder(
    label="Overall system KPIs",
    schema_version=1,
    build=build,
    providers=Order.Provider.values,
    statuses=Status.values,
)
