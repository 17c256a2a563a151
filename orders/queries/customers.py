"""The orders of one customer."""

from django.db.models import Q

from orders.models import Order, OrderQuerySet


def of_same_customer(order: Order) -> OrderQuerySet:
    """Return the orders of the order's customer in its project, the order itself included.

    They have the same e-mail address or phone number. If the order names neither, they are all
    orders of its owner.
    """
    if not order.customer_key:
        return Order.objects.filter(owner=order.owner_id)
    same = Q(customer_key=order.customer_key)
    if order.customer_digits:
        # The second condition is that of the index, which the database must recognise.
        same |= Q(customer_digits=order.customer_digits) & ~Q(customer_digits="")
    return Order.objects.filter(same, project=order.project_id)
