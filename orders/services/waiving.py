"""Waiving a dependency by hand: the order no longer waits for it, for good."""

from django.db import transaction

from accounts.models import User
from orderchainer.core.errors import Invalid
from orders.errors import NotADependency
from orders.lifecycle import EventType
from orders.models import Order, OrderDependency
from orders.models.dependencies import MAX_REASON_LENGTH
from orders.services.changing import Precondition, save_change
from orders.services.locking import lock_for_change
from orders.services.readiness import what_readiness_brings
from orders.services.rights import require_right_to_change
from orders.stream.recording import event, record


@transaction.atomic
def waive_dependency(
    *,
    order_id: int,
    dependency_id: int,
    reason: str,
    by: User,
    precondition: Precondition | None = None,
) -> Order:
    """Let the order stop waiting for the dependency, whatever becomes of it.

    `by` must have the right to change the order while it is locked. `precondition` is called with
    the locked order before anything changes, and may raise. A dependency that is waived already
    stays as it is, with no event.

    Records `order_dependency_waived`, and what follows if nothing else holds the order up. Raises
    `OrderNotFound`, `OrderNotYours`, `CustomerMayOnlyCancel`, `NotADependency`, and `Invalid` for a
    reason that is empty or too long.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid({"reason": ["Say why the order need not wait."]})
    if len(reason) > MAX_REASON_LENGTH:
        raise Invalid({"reason": [f"Must have at most {MAX_REASON_LENGTH} characters."]})
    locked, old_waits = lock_for_change(order_id)
    order = locked[order_id]
    require_right_to_change(order, by=by)
    if precondition is not None:
        precondition(order)
    wait = old_waits.get(dependency_id)
    if wait is None:
        raise NotADependency(order_id, dependency_id)
    if wait.is_waived:
        return order

    edges = OrderDependency.objects.filter(order=order, depends_on_id=dependency_id)
    edges.waive(by=by, reason=reason)
    waits = {**old_waits, dependency_id: wait._replace(is_waived=True)}
    first = event(
        EventType.DEPENDENCY_WAIVED,
        order,
        by=by,
        dependency=dependency_id,
        reason=reason,
    )
    follows = what_readiness_brings(
        order, old_status=str(order.status), old_waits=old_waits, waits=waits
    )
    save_change(order)
    record([first, *follows])
    return order
