"""Whether an asker may also see orders, for tools that mostly tell of something else."""

from accounts.queries import require_operation
from integrations.assistant.contracts import Asker
from orderchainer.core.errors import DomainError
from orders.access import VIEW_ORDERS


def sees_orders(asker: Asker) -> bool:
    """Tell whether the user and their credentials may see the project's orders. One statement."""
    if not asker.reaches("orders"):
        return False
    try:
        require_operation(asker.user, asker.project, VIEW_ORDERS)
    except DomainError:
        return False
    return True
