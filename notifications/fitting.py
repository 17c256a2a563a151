"""Whether what a rule tells a customer of an order is still true."""

from collections.abc import Mapping

from notifications.models import Message, RuleOutcome
from notifications.models.rules import Occasion
from orders.lifecycle import GONE_WRONG, WAITING, Status
from orders.models import Order


def no_longer_true(occasion: str, status: str, order: Order) -> str:
    """Say why a rule of this occasion no longer fits the order; empty if it still does.

    `status` is the one that the order has reached, for the occasion `status_reached`.
    """
    if order.customer_erased_at is not None:
        return "The customer's data was erased."
    now = Status(order.status)
    match occasion:
        case Occasion.STATUS_REACHED if status in GONE_WRONG:
            is_true = now == status
        case Occasion.STATUS_REACHED:
            is_true = now not in GONE_WRONG and _PROGRESS[now] >= _PROGRESS[Status(status)]
        case Occasion.BLOCKED:
            is_true = now in WAITING and not _is_ready(order)
        case Occasion.READY:
            is_true = now not in GONE_WRONG and _is_ready(order)
        case _:
            is_true = now not in GONE_WRONG and now != Status.DRAFT
    return "" if is_true else f"The rule no longer fitted the order by then. It was {now}."


def untrue_by_now(message: Message) -> str:
    """Say why what a rule's message tells is no longer true; empty if it still is.

    The message says what the rule said then, whatever has become of the rule since.
    """
    told = RuleOutcome.objects.filter(message=message, order__isnull=False)
    outcome = told.select_related("order").first()
    if outcome is None or outcome.order is None:
        return ""
    return no_longer_true(outcome.occasion, outcome.status, outcome.order)


# Later statuses are further along.
_PROGRESS: Mapping[Status, int] = {status: place for place, status in enumerate(Status)}


def _is_ready(order: Order) -> bool:
    found = Order.objects.with_ready().filter(pk=order.pk).first()
    # The order may have been deleted just now.
    return found is not None and bool(found.ready)  # type: ignore[attr-defined]  # annotated
