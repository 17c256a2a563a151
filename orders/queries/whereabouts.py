"""Where somebody looks at an order: in its project, as its customer, or nowhere."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Value

from accounts.access import roles_that_may, staff_may
from accounts.models import Membership, Project, User
from orderchainer.core.ids import MAX_ID
from orders.access import VIEW_ORDERS
from orders.errors import OrderNotFound
from orders.models import Order
from orders.queries.purchases import bought_by
from orders.stream.models import Event


@dataclass(frozen=True)
class Whereabouts:
    """The project of an order; None for somebody who sees it only as their own.

    `is_bought` tells whether they are its customer. Other owners have no page of it.
    """

    project: UUID | None
    is_bought: bool = False
    title: str = ""
    status: str = ""


def whereabouts_of(user: User, number: int) -> Whereabouts:
    """Return where `user` looks at the order with this number, also if it was deleted.

    Takes one statement, or two for a deleted one. Raises `OrderNotFound`.
    """
    if not 0 < number <= MAX_ID:
        raise OrderNotFound
    members = Membership.objects.filter(
        user=user, project=OuterRef("project"), role__in=roles_that_may(VIEW_ORDERS)
    )
    is_inside = Q(Value(True)) if staff_may(user, VIEW_ORDERS) else Q(Exists(members))
    orders = Order.objects.visible_to(user).filter(pk=number)
    told = orders.annotate(
        is_inside=ExpressionWrapper(
            Q(project__is_active=True) & is_inside, output_field=BooleanField()
        ),
        is_bought=Exists(bought_by(user).filter(pk=OuterRef("pk"))),
    )
    for row in told.values("project__uuid", "is_inside", "is_bought", "title", "status"):
        project = row["project__uuid"] if row["is_inside"] else None
        return Whereabouts(project, row["is_bought"], row["title"], row["status"])
    return Whereabouts(_project_of_deleted(user, number))


def _project_of_deleted(user: User, number: int) -> UUID:
    """Return the project of a deleted order that `user` may see. Raises `OrderNotFound`."""
    events = Event.objects.of_orders().filter(order=number, project_id=OuterRef("pk"))
    projects = Project.objects.filter(Exists(events), is_active=True)
    if not staff_may(user, VIEW_ORDERS):
        projects = projects.filter(
            memberships__user=user, memberships__role__in=roles_that_may(VIEW_ORDERS)
        )
    for uuid in projects.values_list("uuid", flat=True):
        return uuid
    raise OrderNotFound
