"""Work on stored deliveries, over the engine in `orderchainer.core.outbox`."""

import structlog

from integrations.inbound.erasing import ERASED
from integrations.models import InboundDelivery, Integration
from integrations.providers import provider_named
from orderchainer.core import outbox
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import Drop, GiveUp, Settled, TryAgain

logger = structlog.get_logger(__name__)

DELIVERIES = Counter(
    "orderchainer_inbound_deliveries_total",
    "Deliveries of providers that came to an end, by provider and state (done, failed, ignored).",
    ["provider", "state"],
)


def work_on(delivery_id: int) -> float | None:
    """Try one delivery.

    Returns in how many seconds to try it again; None if it is over, if the sweep will find it, or
    if it is not due or another worker has it.
    """
    delivery = outbox.claim(InboundDelivery.objects.all(), delivery_id)
    if delivery is None:
        return None
    delivery.integration = Integration.objects.select_related("project").get(
        pk=delivery.integration_id
    )
    settled = outbox.settle(delivery, outbox.attempt(lambda: _handle(delivery)))
    _tell(delivery, settled)
    return settled.nudge_after_seconds if settled.is_ours else None


def due_deliveries() -> list[int]:
    """Return the ids of the deliveries to work on now, the longest waiting first."""
    return outbox.due_ids(InboundDelivery.objects.all())


def drop_deliveries(integration: Integration, reason: str) -> None:
    """Ignore an integration's deliveries that are not over, even one that a worker is trying."""
    dropped = outbox.drop(integration.deliveries.all(), reason)
    DELIVERIES.labels(integration.provider, InboundDelivery.State.IGNORED).inc(dropped)


def _handle(delivery: InboundDelivery) -> None:
    """Let the provider work on it. Raises `Drop`, `GiveUp` and `TryAgain`."""
    if delivery.is_worn_out:
        raise GiveUp(f"Gave up after {delivery.MAX_ATTEMPTS} attempts: the last one was cut off.")
    if delivery.erased_at is not None:
        raise Drop(ERASED)
    integration = delivery.integration
    if integration.status == Integration.Status.DISCONNECTED or not integration.project.is_active:
        raise Drop("The integration is disconnected.")
    provider = provider_named(integration.provider)
    if provider is None or provider.webhook is None:
        raise Drop("This release does not know the provider's webhooks.")
    if integration.is_paused and delivery.topic not in provider.webhook.despite_pause:
        raise Drop("The integration is paused.")
    try:
        provider.webhook.handle(delivery)
    except (TryAgain, GiveUp, Drop):
        raise
    except Exception as exc:
        # A defect. The row records it, and the usual number of tries applies.
        logger.exception("inbound_delivery_crashed", delivery=delivery.pk)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


def _tell(delivery: InboundDelivery, settled: Settled) -> None:
    """Log and count how the attempt went."""
    provider = delivery.integration.provider
    about = {"delivery": delivery.pk, "provider": provider, "topic": delivery.topic}
    if settled.state == delivery.State.RECEIVED:
        logger.info(
            "inbound_delivery_postponed",
            **about,
            seconds=round(settled.delay_seconds, 1),
            error=settled.error,
        )
        return
    DELIVERIES.labels(provider, settled.state).inc(settled.is_ours)
    log = logger.warning if settled.state == delivery.State.FAILED else logger.info
    log(
        "inbound_delivery_finished",
        **about,
        state=settled.state,
        attempts=delivery.attempts,
        error=settled.error,
    )
