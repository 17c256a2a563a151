"""Whether a rule still fits an order: whether what it tells a customer is true now."""

from collections.abc import Mapping

from notifications.models import Message, NotificationRule, RuleOutcome
from notifications.models.rules import Occasion
from orders.lifecycle import GONE_WRONG, WAITING, Status
from orders.models import Order


def no_longer_true(rule: NotificationRule, order: Order) -> str:
    """Say why the rule no longer fits the order; empty if it still does."""
    if order.customer_erased_at is not None:
        return "The customer's data was erased."
    now = Status(order.status)
    match rule.occasion:
        case Occasion.STATUS_REACHED if rule.status in GONE_WRONG:
            is_true = now == rule.status
        case Occasion.STATUS_REACHED:
            is_true = now not in GONE_WRONG and _PROGRESS[now] >= _PROGRESS[Status(rule.status)]
        case Occasion.BLOCKED:
            is_true = now in WAITING and not _is_ready(order)
        case Occasion.READY:
            is_true = now not in GONE_WRONG and _is_ready(order)
        case _:
            is_true = now not in GONE_WRONG and now != Status.DRAFT
    return "" if is_true else f"The rule no longer fitted the order by then. It was {now}."


def untrue_by_now(message: Message) -> str:
    """Say why what a rule's message tells is no longer true; empty if it still is."""
    told = RuleOutcome.objects.filter(message=message, rule__isnull=False, order__isnull=False)
    outcome = told.select_related("rule", "order").first()
    if outcome is None or outcome.rule is None or outcome.order is None:
        return ""
    return no_longer_true(outcome.rule, outcome.order)


# Later statuses are further along.
_PROGRESS: Mapping[Status, int] = {status: place for place, status in enumerate(Status)}


def _is_ready(order: Order) -> bool:
    found = Order.objects.with_ready().filter(pk=order.pk).first()
    # The order may have been deleted just now.
    return found is not None and bool(found.ready)  # type: ignore[attr-defined]  # annotated
