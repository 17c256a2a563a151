"""The ways in which customers ask about an order in the shop: chats that know who they are."""

from collections.abc import Iterator

from notifications.channels import CHANNELS, Line, lines_of
from notifications.services import invite
from orderchainer.core.outbox import GiveUp
from orders.models import Order
from orders.pages.questions import WayToAsk


def ways_to_ask(order_id: int) -> Iterator[WayToAsk]:
    """Yield a link for each channel that can invite the customer of an order.

    The first line of a channel without trouble answers. Whoever follows the link writes as the
    customer of this order.
    """
    order = Order.objects.select_related("project").get(pk=order_id)
    lines: dict[str, Line] = {}
    for line in lines_of(order.project):
        if not line.trouble:
            lines.setdefault(line.channel, line)
    for line in lines.values():
        try:
            url = invite(line=line, order=order)
        except GiveUp:
            # Somebody has disconnected the line just now.
            continue
        if url:
            yield WayToAsk(CHANNELS[line.channel].label, url)
