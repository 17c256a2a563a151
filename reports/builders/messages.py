"""Messages: how much was written, and how long customers waited for an answer."""

from collections.abc import Mapping
from typing import Any

from notifications import figures
from notifications.figures import Selection, Summary, Volume
from notifications.models.messages import MessageStatus
from reports.builders.contracts import Builder, Built, Question
from reports.builders.durations import spread_body
from reports.payloads import Payload
from reports.wording import counted, duration, percent, sentences


def build(question: Question) -> Built:
    """Build the report, in four statements."""
    selection = Selection(
        providers=question.words("provider"),
        statuses=question.words("status"),
        customer=question.text("customer"),
    )
    summary = figures.summary_of(question.project, question.period, selection)
    agents = figures.agents_of(question.project, question.period, selection)
    payload: Payload = {
        **_volume(summary.volume),
        "unread": summary.volume.unread,
        "conversations": summary.conversations,
        "by_provider": dict(summary.by_provider),
        "by_status": dict(summary.by_status),
        "by_day": [{"date": day.isoformat(), **_volume(volume)} for day, volume in summary.by_day],
        "first_response_seconds": spread_body(summary.responses),
        "unanswered": summary.unanswered,
        "ai_share_percent": _ai_share(summary.volume),
        "by_agent": [
            {
                "user_id": str(agent.user_id),
                "name": agent.name,
                "messages": agent.messages,
                "conversations": agent.conversations,
            }
            for agent in agents
        ],
    }
    return Built(_summary(summary, payload), payload)


def _volume(volume: Volume) -> Mapping[str, Any]:
    return {
        "total_messages": volume.total,
        "inbound": volume.inbound,
        "outbound": volume.outbound,
        "ai_generated": volume.ai_generated,
    }


def _ai_share(volume: Volume) -> float:
    """Return how many per cent of what we wrote the assistant suggested; 0 if we wrote nothing."""
    return round(100 * volume.ai_generated / volume.outbound, 1) if volume.outbound else 0.0


def _summary(summary: Summary, payload: Payload) -> str:
    volume, responses = summary.volume, summary.responses
    if not volume.total:
        return "Exchanged no messages."
    share = payload["ai_share_percent"]
    return sentences(
        [
            f"Exchanged {counted(volume.total, 'message')} in"
            f" {counted(summary.conversations, 'conversation')}: {volume.inbound:,} came in and"
            f" {volume.outbound:,} went out",
            ""
            if responses.p50 is None
            else f"Half of the first answers came within {duration(responses.p50)}",
            _unanswered(summary.unanswered),
            f"The assistant suggested {percent(share)} of what went out" if share else "",
        ]
    )


def _unanswered(count: int) -> str:
    if not count:
        return ""
    return f"{counted(count, 'time')} a customer got no answer within the period"


BUILDER = Builder(
    label="Communication statistics",
    schema_version=1,
    build=build,
    # Only the app above knows which channels there are.
    providers=None,
    statuses=MessageStatus.values,
    filters=frozenset({"provider", "status", "customer"}),
)
