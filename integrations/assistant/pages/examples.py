"""Questions to begin with. They fit the order that somebody looks at, or the project."""

from collections.abc import Callable, Sequence

from accounts.access import Operation
from catalog.access import VIEW_CATALOG
from notifications.access import SEND_MESSAGES, VIEW_MESSAGES
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.lifecycle import ChainState, Status
from orders.pages.shown import ShownOrder

ABOUT_A_PROJECT: Sequence[tuple[Operation, str]] = (
    (VIEW_ORDERS, "Which orders are waiting?"),
    (VIEW_ORDERS, "How were sales this week?"),
    (VIEW_MESSAGES, "Are there urgent messages?"),
    (VIEW_CATALOG, "Which products are in stock?"),
)

May = Callable[[Operation], bool]


def examples_about(order: ShownOrder | None, may: May) -> Sequence[str]:
    """Return some questions about the order; without one, about the project."""
    if order is None:
        return [question for operation, question in ABOUT_A_PROJECT if may(operation)]
    questions = [_about_chain(order), "Who is it for, and what is in it?"]
    is_open = any(each.status == Status.ACTIVE and not each.closed for each in order.moves)
    if is_open and may(HANDLE_ORDERS):
        questions.append("Move it to active.")
    if may(SEND_MESSAGES):
        questions.append("Tell the customer how it stands.")
    return questions


def _about_chain(order: ShownOrder) -> str:
    if order.chain == ChainState.BLOCKED:
        return "Why is it blocked?"
    if order.chain and order.chain != ChainState.READY:
        return "Why does it wait?"
    return "Does anything depend on it?"
