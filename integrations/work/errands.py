"""Carry out errands: check a configuration, do the upkeep, say goodbye to a provider.

A worker calls the provider outside of any transaction. Then it writes the outcome under the
integration's lock, in one transaction with everything that follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.contracts import Checked, CheckRefused, Connector
from integrations.models import Errand, Integration, SyncRun
from integrations.models.integrations import MAX_NAME_LENGTH, opened
from integrations.providers import connector_of
from integrations.work.queueing import queue_errand, queue_run
from integrations.work.statuses import lock_integration, set_status
from orderchainer.core import outbox
from orderchainer.core.encryption import Undecryptable
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import FAILED, PENDING, Drop, GiveUp, Settled, TryAgain

logger = structlog.get_logger(__name__)

Kind = Errand.Kind
Status = Integration.Status

ERRANDS = Counter(
    "orderchainer_errands_total",
    "Calls to providers outside of syncs that came to an end, by provider, kind and state "
    "(sent, failed, dropped).",
    ["provider", "kind", "state"],
)


@dataclass(frozen=True)
class Followed:
    """What a worker should try after an errand."""

    # In how many seconds to try the same errand again, if that is soon.
    again_after_seconds: float | None = None
    errands: Sequence[int] = ()
    runs: Sequence[int] = ()


@dataclass
class _Answer:
    """What the provider said in a check: notes, or why it refuses. Empty for other errands."""

    notes: list[str] = field(default_factory=list)
    name: str = ""
    refusal: str = ""
    # Whether the provider gave no answer: it is down, or slow, or the attempt was cut off.
    is_missing: bool = False


def run_errand(errand_id: int) -> Followed | None:
    """Try one due errand. None if it is not due, or another worker has it."""
    errand = outbox.claim(Errand.objects.all(), errand_id)
    if errand is None:
        return None
    integration = errand.integration
    answer = _Answer()
    outcome = outbox.attempt(lambda: _carry_out(errand, integration, answer))
    with transaction.atomic():
        now = lock_integration(integration.pk)
        if now is not None and _is_outdated(errand, integration, now):
            outcome = TryAgain("The configuration has changed.", after_seconds=0, counts=False)
        settled = outbox.settle(errand, outcome)
        if settled.state != PENDING:
            Errand.objects.filter(pk=errand.pk).update(secrets=None)
        followed = Followed(settled.nudge_after_seconds)
        if now is not None and settled.is_ours and errand.kind == Kind.CHECK:
            answer.is_missing = isinstance(outcome, TryAgain) or errand.is_worn_out
            followed = _after_check(now, settled, answer)
    _tell(errand, integration, settled)
    return followed


def due_errands() -> list[int]:
    """Return the ids of errands that are due, the longest waiting first."""
    return outbox.due_ids(Errand.objects.all())


# --- The call ---------------------------------------------------------------------------------


def _carry_out(errand: Errand, integration: Integration, answer: _Answer) -> None:
    if errand.is_worn_out:
        raise GiveUp(f"Gave up after {errand.MAX_ATTEMPTS} attempts: the last one was cut off.")
    connector = connector_of(integration.provider)
    if connector is None:
        raise Drop("This provider is no longer supported.")
    try:
        match errand.kind:
            case Kind.CHECK:
                _check(connector, integration, answer)
            case Kind.MAINTAIN:
                _maintain(connector, integration)
            case Kind.DISCONNECT:
                _disconnect(connector, integration, errand)
    except (TryAgain, GiveUp, Drop):
        raise
    except Undecryptable as exc:
        raise GiveUp(str(exc)) from exc
    except Exception as exc:
        # A defect in the provider's package. The row records it, and the usual number of tries
        # applies.
        logger.exception("errand_crashed", errand=errand.pk, kind=errand.kind)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


def _check(connector: Connector, integration: Integration, answer: _Answer) -> None:
    _require_open(integration)
    try:
        checked: Checked = connector.check(integration)
    except CheckRefused as exc:
        answer.refusal = str(exc)
    else:
        answer.notes = list(checked.notes)
        answer.name = checked.name[:MAX_NAME_LENGTH]


def _maintain(connector: Connector, integration: Integration) -> None:
    _require_open(integration)
    if connector.maintain is not None:
        connector.maintain(integration)


def _disconnect(connector: Connector, integration: Integration, errand: Errand) -> None:
    if integration.status != Status.DISCONNECTED:
        raise Drop("The account was connected again.")
    if connector.disconnect is not None:
        connector.disconnect(integration, opened(errand.secrets))


def _require_open(integration: Integration) -> None:
    if not Integration.objects.open().filter(pk=integration.pk).exists():
        raise Drop("The integration is disconnected, or its project is closed.")


# --- What follows -----------------------------------------------------------------------------


def _is_outdated(errand: Errand, asked: Integration, now: Integration) -> bool:
    """Tell whether the answer is about a configuration that has been replaced meanwhile."""
    return errand.kind != Kind.DISCONNECT and asked.config_version != now.config_version


def _after_check(integration: Integration, settled: Settled, answer: _Answer) -> Followed:
    """Write what the check found on the locked integration, and queue what comes next."""
    if integration.status == Status.DISCONNECTED or settled.state == Errand.State.DROPPED:
        return Followed()
    if settled.state == PENDING:
        # The error tells people why the status is still `connecting`.
        if integration.status == Status.CONNECTING:
            set_status(integration, Status.CONNECTING, error=settled.error)
        return Followed(settled.nudge_after_seconds)
    if settled.state == FAILED and integration.status == Status.ERROR:
        # We got no answer, so we learnt nothing. The earlier error still says what to change.
        return Followed()
    if settled.state == FAILED and answer.is_missing and integration.status == Status.CONNECTED:
        # Nothing is known to be wrong with the integration. People see what the last trouble was.
        set_status(integration, Status.CONNECTED, error=settled.error)
        return Followed()
    refusal = settled.error if settled.state == FAILED else answer.refusal
    if refusal:
        set_status(integration, Status.ERROR, error=refusal)
        return Followed()
    before = integration.status
    if (integration.notes, integration.account_name) != (answer.notes, answer.name):
        integration.notes, integration.account_name = answer.notes, answer.name
        integration.updated_at = timezone.now()
        integration.save(update_fields=["notes", "account_name", "updated_at"])
    set_status(integration, Status.CONNECTED)
    if before == Status.CONNECTED or integration.is_paused:
        return Followed()
    return _start(integration)


def _start(integration: Integration) -> Followed:
    """Queue the upkeep and a sync of an integration that works from now on."""
    connector = connector_of(integration.provider)
    errands, runs = [], []
    if connector is not None and connector.maintain is not None:
        errands.append(queue_errand(integration, Kind.MAINTAIN).pk)
    if connector is not None and connector.sync is not None:
        runs.append(queue_run(integration, SyncRun.Trigger.CONNECTED).pk)
    return Followed(errands=errands, runs=runs)


def _tell(errand: Errand, integration: Integration, settled: Settled) -> None:
    """Log and count how the attempt went."""
    about = {
        "errand": errand.pk,
        "kind": errand.kind,
        "integration": integration.pk,
        "provider": integration.provider,
    }
    if settled.state == PENDING:
        logger.info(
            "errand_postponed",
            **about,
            seconds=round(settled.delay_seconds, 1),
            error=settled.error,
        )
        return
    ERRANDS.labels(integration.provider, errand.kind, settled.state).inc(settled.is_ours)
    log = logger.warning if settled.state == FAILED else logger.info
    log(
        "errand_finished",
        **about,
        state=str(settled.state),
        attempts=errand.attempts,
        error=settled.error,
    )
