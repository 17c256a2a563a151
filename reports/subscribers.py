"""Brings the reports of schedules to the recipients' channels in Discord."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from integrations.discord.bringing import bring, require_no_pause
from integrations.discord.embeds import COLOURS, DESCRIPTION_LENGTH, QUOTE_LENGTH
from integrations.discord.models import DiscordWebhook
from integrations.discord.text import quoted
from orderchainer.core.moments import milliseconds
from orderchainer.core.outbox import Drop, GiveUp, TryAgain
from orders.lifecycle import Status
from orders.stream.models import Event
from orders.stream.subscribers import Subscriber, Wanted, subscribe
from reports.events import EventType
from reports.models import Report, ScheduledReport

SUBSCRIBER = "scheduled_reports"


def connect() -> None:
    """Subscribe to events. Safe to call twice."""
    subscribe(Subscriber(SUBSCRIBER, wants=wants, deliver=deliver))


def wants(events: Sequence[Event]) -> Iterable[Wanted]:
    """Pick the reports of schedules, each for every recipient with a channel, in one query."""
    ready = {
        event.subject_uuid: event
        for event in events
        if event.type == EventType.READY and event.data.get("status") == Report.State.READY
    }
    if not ready:
        return []
    found = _told().filter(report__uuid__in=ready)
    rows = found.values_list("report__uuid", "schedule__recipients__user")
    return [(ready[report], str(user)) for report, user in sorted(rows, key=str)]


def deliver(event: Event, target: str) -> None:
    """Tell one recipient's channel of a report: one message, and one call at most."""
    if not target:
        # Picking recipients failed, so the delivery names none.
        _deliver_to_each(event)
        return
    reports = Report.objects.filter(uuid=event.subject_uuid, state=Report.State.READY)
    report = reports.select_related("project").first()
    if report is None:
        raise Drop("The report was deleted.")
    still_told = _told().filter(report=report, schedule__recipients__user=int(target))
    webhooks = DiscordWebhook.objects.receiving().with_host().select_related("user")
    webhook = webhooks.filter(user=int(target)).first()
    if webhook is None or not still_told.exists():
        raise Drop("They have left the project, or take no reports in Discord any more.")
    require_no_pause(webhook)
    bring(webhook, embed_of(report, event))


def embed_of(report: Report, event: Event) -> dict[str, Any]:
    """Return the embed that shows a report. A channel has many readers, so it has no link."""
    period = report.period
    days = f"{period.first} to {period.last}" if period.first != period.last else str(period.first)
    return {
        "title": f"{report.report_type.capitalize()} report",
        "description": quoted(report.summary, DESCRIPTION_LENGTH),
        "color": COLOURS[Status.COMPLETED],
        "timestamp": milliseconds(event.created_at),
        "fields": [
            _field("Project", report.project.name),
            _field("Days", f"{days}, {report.timezone}"),
        ],
        # With this id a reader can tell a repeated message from a second event.
        "footer": {"text": f"OrderChainer · event {event.event_id}"},
    }


def _field(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": quoted(value, QUOTE_LENGTH) or "none", "inline": True}


def _told() -> QuerySet[ScheduledReport]:
    """Return the reports with recipients who have a channel that gets messages."""
    return ScheduledReport.objects.filter(
        schedule__by_discord=True,
        schedule__project__is_active=True,
        schedule__recipients__user__is_active=True,
        schedule__recipients__user__discord_webhook__is_active=True,
    )


def _deliver_to_each(event: Event) -> None:
    """Tell everybody who wants it. If one fails, all are told again."""
    failures: list[TryAgain] = []
    for _event, target in wants([event]):
        try:
            deliver(event, target)
        except TryAgain as failure:
            failures.append(failure)
        except (Drop, GiveUp):
            continue
    if failures:
        raise failures[0]
