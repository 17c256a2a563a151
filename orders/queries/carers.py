"""Who can care for the orders of a project."""

from dataclasses import dataclass
from uuid import UUID

from accounts.access import roles_that_may
from accounts.models import Membership, Project
from orders.access import HANDLE_ORDERS

# A longer list helps nobody to choose. The API takes every member.
MAX_CARERS = 500


@dataclass(frozen=True)
class Carer:
    """A member who can be the assignee of an order."""

    uuid: UUID
    name: str


def carers_of(project: Project) -> list[Carer]:
    """Return the members who handle the project's orders, by name. One statement."""
    members = Membership.objects.filter(
        project=project, user__is_active=True, role__in=roles_that_may(HANDLE_ORDERS)
    )
    rows = members.order_by("user__first_name", "user__last_name", "user__email").values_list(
        "user__uuid", "user__first_name", "user__last_name", "user__email"
    )
    return [
        Carer(uuid, f"{first} {last}".strip() or email)
        for uuid, first, last, email in rows[:MAX_CARERS]
    ]
