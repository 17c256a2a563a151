"""Who may do what in a project: the one table of roles and operations.

Whatever is scoped to a project asks here, by name and never by role: services and queries of every app
call `accounts.queries.project_for`, and the endpoints name their operation so that a test can walk them.
It knows neither projects nor users, only roles.
"""

from collections.abc import Mapping
from enum import StrEnum

from accounts.models import Membership

Role = Membership.Role


class Operation(StrEnum):
    """What somebody can want in a project."""

    VIEW_PROJECT = "view_project"
    CHANGE_PROJECT = "change_project"
    DELETE_PROJECT = "delete_project"
    VIEW_MEMBERS = "view_members"
    # Inviting, changing and removing others; those who are or become owners ask for the next one, too.
    MANAGE_MEMBERS = "manage_members"
    MANAGE_OWNERS = "manage_owners"
    LEAVE_PROJECT = "leave_project"
    VIEW_ACTIVITY = "view_activity"
    VIEW_ORDERS = "view_orders"
    HANDLE_ORDERS = "handle_orders"
    VIEW_CATALOG = "view_catalog"
    MANAGE_CATALOG = "manage_catalog"


_EVERYBODY = frozenset(Role)
_OWNERS = frozenset({Role.OWNER})
_MANAGERS = _OWNERS | {Role.MANAGER}
_AGENTS = _MANAGERS | {Role.AGENT}

MATRIX: Mapping[Operation, frozenset[Role]] = {
    Operation.VIEW_PROJECT: _EVERYBODY,
    Operation.CHANGE_PROJECT: _MANAGERS,
    Operation.DELETE_PROJECT: _OWNERS,
    Operation.VIEW_MEMBERS: _EVERYBODY,
    Operation.MANAGE_MEMBERS: _MANAGERS,
    Operation.MANAGE_OWNERS: _OWNERS,
    Operation.LEAVE_PROJECT: _EVERYBODY,
    Operation.VIEW_ACTIVITY: _OWNERS,
    Operation.VIEW_ORDERS: _EVERYBODY,
    Operation.HANDLE_ORDERS: _AGENTS,
    Operation.VIEW_CATALOG: _EVERYBODY,
    Operation.MANAGE_CATALOG: _MANAGERS,
}

# What staff may do in projects that they are no members of: look. For the rest the back office's own
# permission counts, which these name.
STAFF_PERMISSIONS: Mapping[Operation, str] = {
    Operation.CHANGE_PROJECT: "accounts.change_project",
    Operation.DELETE_PROJECT: "accounts.change_project",
    Operation.MANAGE_MEMBERS: "accounts.change_membership",
    Operation.MANAGE_OWNERS: "accounts.change_membership",
    Operation.HANDLE_ORDERS: "orders.change_order",
    Operation.MANAGE_CATALOG: "catalog.change_product",
}
STAFF_MAY_VIEW = frozenset(
    {
        Operation.VIEW_PROJECT,
        Operation.VIEW_MEMBERS,
        Operation.VIEW_ACTIVITY,
        Operation.VIEW_ORDERS,
        Operation.VIEW_CATALOG,
    }
)


def may(role: str, operation: Operation) -> bool:
    """Tell whether a member with that role may do it."""
    return role in MATRIX[operation]


def roles_that_may(operation: Operation) -> list[str]:
    """Return the roles that may do it, for filters."""
    return sorted(MATRIX[operation])
