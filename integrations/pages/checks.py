"""The checks of a new connection, each with its outcome so far, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from integrations.contracts import Guide
from integrations.models import Errand, InboundDelivery, Integration, SyncRun
from integrations.pages.shown import ShownIntegration
from integrations.providers import Provider
from orderchainer.core.outbox import FAILED, PENDING

Status = Integration.Status

KEYS_REFUSED = "Keys refused"


class Outcome(StrEnum):
    """How a check went."""

    GOOD = "good"
    BAD = "bad"
    RUNNING = "running"
    # Nobody knows when something happens, for instance when the first customer writes.
    WAITING = "waiting"
    # It waits for the check before it.
    LATER = "later"


@dataclass(frozen=True)
class Check:
    """One check: what was found, and more about it."""

    outcome: Outcome
    title: str
    detail: str = ""
    at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it will say something else later, by itself."""
        return self.outcome in {Outcome.RUNNING, Outcome.WAITING}


def checks_of(
    integration: Integration,
    shown: ShownIntegration,
    *,
    provider: Provider | None,
    errands: Mapping[str, Errand],
    run: SyncRun | None,
    delivery: InboundDelivery | None,
) -> list[Check]:
    """Return the checks of an integration, in the order in which they happen.

    `errands` has the last one of each kind, `run` is the last sync, and `delivery` the last one.
    """
    checks = [_keys(integration, shown, errands.get(Errand.Kind.CHECK))]
    works = integration.status == Status.CONNECTED and not shown.is_checking
    connector = provider.connector if provider else None
    guide = connector.guide if connector else Guide()
    if provider is not None and provider.webhook is not None:
        maintained = errands.get(Errand.Kind.MAINTAIN)
        checks.append(_webhooks(integration, guide, maintained, delivery, works=works))
    if connector is not None and connector.sync is not None:
        checks.append(_sync(guide, run, works=works))
    return checks


def _keys(integration: Integration, shown: ShownIntegration, asked: Errand | None) -> Check:
    trouble = asked.last_error if asked is not None else ""
    if shown.is_checking or integration.status == Status.CONNECTING:
        # The error of the integration can be that of an earlier check.
        return Check(Outcome.RUNNING, f"Asking {shown.label}", trouble)
    if asked is not None and asked.state == FAILED and trouble == integration.last_error:
        # A refusal ends the errand well. It fails if there is no answer, and the keys may be right.
        words = f"{shown.label} could not be asked"
        return Check(Outcome.BAD, words, trouble, asked.finished_at)
    if integration.status == Status.ERROR:
        return Check(Outcome.BAD, KEYS_REFUSED, integration.last_error)
    return Check(Outcome.GOOD, "Keys accepted", " ".join(_also(integration, shown)))


def _also(integration: Integration, shown: ShownIntegration) -> Iterator[str]:
    if shown.name != shown.account:
        yield f"It is {shown.name}."
    yield from integration.notes


def _webhooks(
    integration: Integration,
    guide: Guide,
    maintained: Errand | None,
    delivery: InboundDelivery | None,
    *,
    works: bool,
) -> Check:
    if works and maintained is not None and maintained.state == FAILED:
        failed_at = maintained.finished_at or maintained.created_at
        if delivery is None or delivery.created_at < failed_at:
            words = "Webhooks could not be set up"
            return Check(Outcome.BAD, words, maintained.last_error, maintained.finished_at)
    # One that came earlier says nothing of the present keys.
    if delivery is not None and delivery.created_at >= integration.status_since:
        return Check(Outcome.GOOD, "Webhook reached us", delivery.topic, delivery.created_at)
    if not works:
        return Check(Outcome.LATER, "Then we set up the webhooks")
    if maintained is not None and maintained.state == PENDING:
        return Check(Outcome.RUNNING, "Setting up the webhooks", maintained.last_error)
    words = "No webhook has come yet" if delivery is None else "No webhook since it was connected"
    return Check(Outcome.WAITING, words, guide.first_call)


def _sync(guide: Guide, run: SyncRun | None, *, works: bool) -> Check:
    if run is None or not works:
        return Check(Outcome.LATER, f"Then we look for {guide.synced}")
    found = f"{run.seen:,} {guide.synced_one if run.seen == 1 else guide.synced}"
    match run.word:
        case "queued" | "running":
            return Check(Outcome.RUNNING, f"Looking for {guide.synced}", f"{run.seen:,} so far")
        case "done":
            more = f"{run.refused:,} could not be stored. {run.refusal}" if run.refused else ""
            return Check(Outcome.GOOD, f"{found} found", more, run.finished_at)
    return Check(Outcome.BAD, f"The search for {guide.synced} ended early", run.last_error)
