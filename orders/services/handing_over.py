"""Whoever leaves a project hands over the orders that they owned there as one of its members.

These are mirrored orders and those that somebody made by hand and owned from the start. What a
customer bought stays theirs.
"""

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.locks import hold_role
from accounts.models import Membership, Project, User
from orderchainer.core.db.among import among
from orders.models import Order
from orders.stream.origins import made_by_owner

MAX_AT_ONCE = 1000


def hand_over_orders(*, project_id: int | None = None) -> int:
    """Give the orders of people who left their project to its longest-standing owner.

    Looks at one project or at all of them. Return how many orders changed hands. This records no
    event, because nothing else about the orders changes. Earlier events stay in the feed of the
    person who left.
    """
    handed = 0
    # Once more after each pass: whoever got orders may have been removed meanwhile, and the task
    # that this woke has not seen what was not committed yet.
    while just_handed := _hand_over_all(project_id):
        handed += just_handed
    return handed


def _hand_over_all(project_id: int | None) -> int:
    handed = 0
    left_behind = _left_behind(project_id)
    for owner_id, project in left_behind.values_list("owner_id", "project_id").distinct():
        successor = _successor_in(project)
        # Who left may have come back meanwhile as the owner.
        if successor is not None and successor != owner_id:
            handed += _hand_over(owner_id, project, successor)
    return handed


def _of_the_team() -> QuerySet[Order]:
    """Return the orders that belong to whoever works in the project, and not to a customer."""
    by_hand = Q(provider=Order.Provider.MANUAL) & Q(made_by_owner())
    return Order.objects.filter(Q(source_updated_at__isnull=False) | by_hand)


def hold_owner(project: Project, owner: User) -> User:
    """Return who owns a new mirrored order, and keep them in the project until the transaction
    ends.

    That is `owner` while they are a member, and then the project's longest-standing owner. Whoever
    removes them at this moment waits, and hands the new order over with the others.
    """
    if hold_role(owner, project.pk) is not None:
        return owner
    owners = _owners_of(project.pk).select_related("user")
    successor = owners.select_for_update(no_key=True, of=("self",)).first()
    # As with orders that are there already: nobody could take it over.
    return owner if successor is None else successor.user


def _left_behind(project_id: int | None) -> QuerySet[Order]:
    members = Membership.objects.filter(project=OuterRef("project"), user=OuterRef("owner"))
    orders = _of_the_team().filter(~Exists(members))
    return orders if project_id is None else orders.filter(project=project_id)


def _successor_in(project_id: int) -> int | None:
    return _owners_of(project_id).values_list("user_id", flat=True).first()


def _owners_of(project_id: int) -> QuerySet[Membership]:
    """Return the memberships of the owners who can sign in, the longest-standing first."""
    owners = Membership.objects.filter(
        project=project_id, role=Membership.Role.OWNER, user__is_active=True
    )
    return owners.order_by("pk")


def _hand_over(owner_id: int, project_id: int, successor_id: int) -> int:
    """Change the owner, a bounded number of orders at a time, so that nobody waits for long."""
    handed = 0
    theirs = _of_the_team().filter(owner=owner_id, project=project_id)
    while True:
        with transaction.atomic():
            rows = theirs.order_by("pk").select_for_update(no_key=True)
            ids = list(rows.values_list("pk", flat=True)[:MAX_AT_ONCE])
            Order.objects.filter(pk__in=among(ids)).update(
                owner=successor_id, version=F("version") + 1, updated_at=timezone.now()
            )
        handed += len(ids)
        if len(ids) < MAX_AT_ONCE:
            return handed
