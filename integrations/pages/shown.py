"""Integrations and their work as pages show them. No value here was ever a secret."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from accounts.models import Project, User
from accounts.naming import called
from integrations.contracts import Connector, Exposure
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.payloads import Unreadable, read_payload
from integrations.providers import connector_of, label_of
from integrations.queries import WATCHED_FOR
from integrations.work.schedule import interval
from orderchainer.core.printable import printable

Status = Integration.Status

# What people read for each status.
WORDS = {
    Status.CONNECTING: "Being checked",
    Status.CONNECTED: "Connected",
    Status.ERROR: "Not working",
}
TRIGGERS = {
    SyncRun.Trigger.CONNECTED: "First sync",
    SyncRun.Trigger.PERSON: "Requested",
    SyncRun.Trigger.SCHEDULE: "By schedule",
}
# A page shows at most so much of a body.
MAX_SHOWN_CHARACTERS = 20_000


@dataclass(frozen=True)
class ShownIntegration:
    """An integration, and in words how well it works."""

    id: UUID
    url: str
    provider: str
    label: str
    name: str
    account: str
    # The word of the status for its look, and what people read.
    look: str
    words: str
    status_since: datetime
    is_paused: bool
    # Whether a check or a sync waits or runs, so that the page will soon say something else.
    is_checking: bool
    is_syncing: bool
    can_sync: bool
    last_sync: datetime | None
    next_at: datetime | None
    is_scheduled: bool
    last_error: str
    notes: Sequence[str]
    failures: str
    connected_by: str
    created_at: datetime

    @property
    def is_busy(self) -> bool:
        """Whether something will change soon."""
        return self.is_checking or self.is_syncing


def shown_integration(project: Project, integration: Integration) -> ShownIntegration:
    """Return an integration as pages show it. `with_health` has to have read it."""
    connector = connector_of(integration.provider)
    label = label_of(integration.provider)
    by = integration.connected_by
    now = timezone.now()
    return ShownIntegration(
        id=integration.uuid,
        url=integration_address(project, integration.uuid),
        provider=integration.provider,
        label=label,
        name=integration.account_name or integration.account,
        account=integration.account,
        look="paused" if integration.is_paused else str(integration.status),
        words="Paused" if integration.is_paused else WORDS[Status(integration.status)],
        status_since=integration.status_since,
        is_paused=integration.is_paused,
        is_checking=integration.is_checking,  # type: ignore[attr-defined]  # annotated
        is_syncing=integration.is_syncing,  # type: ignore[attr-defined]  # annotated
        can_sync=connector is not None and connector.sync is not None,
        last_sync=integration.last_sync,
        # One that is late is due now.
        next_at=integration.next_sync_at if integration.next_sync_at > now else None,
        is_scheduled=bool(interval()) and not integration.is_paused,
        last_error=integration.last_error,
        notes=integration.notes,
        failures=_failures(integration),
        connected_by=name_of(by),
        created_at=integration.created_at,
    )


def _failures(integration: Integration) -> str:
    """Say what failed lately; empty if nothing did."""
    counts = (
        (integration.failed_syncs, "sync", "syncs"),  # type: ignore[attr-defined]  # annotated
        (integration.failed_webhooks, "webhook", "webhooks"),  # type: ignore[attr-defined]
    )
    found = [f"{number:,} {one if number == 1 else many}" for number, one, many in counts if number]
    return f"{' and '.join(found)} failed in the last {WATCHED_FOR.days} days" if found else ""


@dataclass(frozen=True)
class ShownKey:
    """A key of the configuration and its value as people may see it."""

    label: str
    value: str
    is_hidden: bool


def configuration_of(integration: Integration) -> list[ShownKey]:
    """Return the configuration without its secrets."""
    connector = connector_of(integration.provider)
    return list(_keys_of(connector, integration)) if connector else []


def _keys_of(connector: Connector, integration: Integration) -> Iterator[ShownKey]:
    for key in connector.keys:
        label = key.label or key.name
        if key.exposure is Exposure.SECRET:
            # Whether an optional one is set is inside the encrypted text, which pages do not open.
            yield ShownKey(label, "Never shown", is_hidden=True)
        elif value := integration.config.get(key.name):
            yield ShownKey(label, value, is_hidden=False)


@dataclass(frozen=True)
class ShownRun:
    """A sync: `counts` say what it brought, `trouble` what went wrong."""

    word: str
    trigger: str
    by: str
    at: datetime
    counts: str
    trouble: str


def shown_run(run: SyncRun) -> ShownRun:
    """Return a sync as pages show it."""
    counts = [(run.seen, "seen"), (run.created, "new"), (run.changed, "changed")]
    if run.refused:
        counts.append((run.refused, "refused"))
    return ShownRun(
        word=run.word,
        trigger=TRIGGERS[SyncRun.Trigger(run.trigger)],
        by=name_of(run.requested_by),
        at=run.finished_at or run.started_at or run.created_at,
        counts=", ".join(f"{number:,} {word}" for number, word in counts),
        trouble=run.last_error or run.refusal,
    )


@dataclass(frozen=True)
class ShownDelivery:
    """What the provider posted, without the body."""

    id: UUID
    url: str
    topic: str
    word: str
    attempts: int
    error: str
    at: datetime
    finished_at: datetime | None
    is_waiting: bool


def shown_delivery(
    project: Project, integration: Integration, delivery: InboundDelivery
) -> ShownDelivery:
    """Return a delivery as pages show it."""
    return ShownDelivery(
        id=delivery.uuid,
        url=f"{integration_address(project, integration.uuid)}/deliveries/{delivery.uuid}",
        topic=delivery.topic or "no topic",
        word=delivery.word,
        attempts=delivery.attempts,
        error=delivery.last_error,
        at=delivery.created_at,
        finished_at=delivery.finished_at,
        is_waiting=delivery.state == InboundDelivery.State.RECEIVED,
    )


@dataclass(frozen=True)
class ShownBody:
    """A body as text: all of it, or the beginning of a long one."""

    text: str
    byte_count: int
    is_whole: bool


def shown_body(delivery: InboundDelivery) -> ShownBody:
    """Return what was posted as text. JSON is indented, so that people can read it."""
    body = bytes(delivery.body)
    text = _indented(body) if len(body) <= MAX_SHOWN_CHARACTERS else ""
    text = text or body[: 4 * MAX_SHOWN_CHARACTERS].decode("utf-8", "replace")
    shown = text[:MAX_SHOWN_CHARACTERS]
    is_whole = len(shown) == len(text) and len(body) <= 4 * MAX_SHOWN_CHARACTERS
    return ShownBody(_lines(shown), len(body), is_whole)


def shown_headers(delivery: InboundDelivery) -> str:
    """Return the headers that were kept, a line each."""
    return _lines("\n".join(f"{name}: {value}" for name, value in sorted(delivery.headers.items())))


def _indented(body: bytes) -> str:
    try:
        return json.dumps(read_payload(body), indent=2, ensure_ascii=False)
    except Unreadable:
        return ""


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())


def integration_address(project: Project, integration_id: UUID | str) -> str:
    """Return the address of the page of an integration."""
    return f"{reverse('integrations', kwargs={'project_id': project.uuid})}/{integration_id}"


def name_of(user: User | None) -> str:
    """Return what people call a user; empty for nobody."""
    return called(user.name, user.email) if user else ""
