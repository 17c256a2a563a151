"""Which events about orders are news for those who handle them."""

from datetime import timedelta

from orders.lifecycle import GONE_WRONG, EventType, Status
from orders.models import Order
from orders.stream.models import Event

# An order that we first hear of this long after it was placed is not news. The first sync of a shop
# brings thousands of them.
NEWS_FOR = timedelta(days=1)


def concerns_merchants(event: Event) -> bool:
    """Tell whether an event about an order is one that somebody may have to act upon."""
    match event.type:
        case EventType.CREATED:
            # Nobody has to act on an order while it is a draft.
            return bool(event.data["status"] != Status.DRAFT)
        case EventType.READY | EventType.BLOCKED:
            return True
        case EventType.STATUS_CHANGED:
            was_draft = bool(event.data["old_status"] == Status.DRAFT)
            return was_draft or event.data["new_status"] in GONE_WRONG
    return False


def is_history(event: Event, order: Order) -> bool:
    """Tell whether an event tells of an order that was placed long before."""
    return event.type == EventType.CREATED and event.created_at - order.ordered_at > NEWS_FOR
