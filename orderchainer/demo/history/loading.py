"""Load the year: its orders with their chains and events, and its conversations."""

import random

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Project, User
from accounts.services import create_project
from orderchainer.demo.history.conversations import write_conversations
from orderchainer.demo.history.lives import live
from orderchainer.demo.history.orders import drafts_of, write_orders
from orderchainer.demo.history.supplies import with_supplies

NAME = "Aurora Workshop, a year"
SEED = 20


@transaction.atomic
def load_history(merchant: User) -> int:
    """Make a project with a year of orders, up to yesterday; return how many it has.

    If the project is there already, nothing changes.
    """
    known = Project.objects.filter(
        name=NAME, memberships__user=merchant, memberships__role=Membership.Role.OWNER
    ).first()
    if known is not None:
        return known.orders.count()
    project = create_project(
        owner=merchant,
        name=NAME,
        description="A year of made-up orders, to try reports with.",
        timezone="Europe/Berlin",
        currency="EUR",
    )
    # Nobody's secrets depend on these numbers; they only must come out the same each time.
    chance = random.Random(SEED)
    drafts = with_supplies(drafts_of(project, merchant, chance), project, merchant, chance)
    for draft in drafts:
        live(draft, chance, now=timezone.now())
    write_orders(drafts, merchant)
    bought = [draft.order for draft in drafts if draft.order.customer_email]
    write_conversations(project, merchant, bought, chance)
    return len(drafts)
