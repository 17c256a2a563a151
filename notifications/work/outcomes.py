"""Write down what became of telling a customer, also where nobody will tell any more."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import OutgoingEmail
from notifications.models import Message, RuleOutcome
from notifications.models.rules import NEWS_FOR, TOO_LATE
from orderchainer.core.measures import Counter

logger = structlog.get_logger(__name__)

# By then every delivery that is still on its way has settled what it tells.
FORGOTTEN_AFTER = NEWS_FOR + timedelta(hours=12)

OUTCOMES = Counter(
    "orderchainer_rule_outcomes_total",
    "What became of telling customers, by channel (none if nothing was sent) and state (queued, "
    "skipped).",
    ["channel", "state"],
)

State = RuleOutcome.State


def settle(
    outcome: RuleOutcome,
    *,
    state: RuleOutcome.State,
    reason: str,
    channel: str = "",
    message: Message | None = None,
    email: OutgoingEmail | None = None,
) -> None:
    """Store what became of an outcome, which is locked: sent, not sent, or still waiting."""
    outcome.state = state
    outcome.reason = reason[:500]
    outcome.channel = channel
    outcome.message, outcome.email = message, email
    outcome.settled_at = None if state == State.WAITING else timezone.now()
    outcome.save()
    if state != State.WAITING:
        OUTCOMES.labels(channel or "none", str(state)).inc()
    # The reasons name nobody's address or number.
    logger.info(
        "rule_followed",
        rule=outcome.rule_id,
        order=outcome.order_id,
        state=str(state),
        channel=channel,
        reason=outcome.reason,
    )


def settle_forgotten() -> int:
    """Settle what has waited too long to be told and that no delivery tries any more.

    A delivery can end without settling it: a worker died too often, or an earlier version left it.
    Return how many there were.
    """
    old = RuleOutcome.objects.filter(
        state=State.WAITING, created_at__lt=timezone.now() - FORGOTTEN_AFTER
    )
    count = 0
    for pk in list(old.values_list("pk", flat=True)):
        # One transaction each, so that we never hold two outcomes.
        with transaction.atomic():
            outcome = old.filter(pk=pk).select_for_update(no_key=True).first()
            if outcome is not None:
                reason = f"{TOO_LATE} {outcome.reason}".strip()
                settle(outcome, state=State.SKIPPED, reason=reason)
                count += 1
    return count
