"""The operations in projects, and which roles may do them.

Each app declares its operations in its `access.py`, with the roles that may do them and what staff
may do. Code that touches something in a project asks by operation and never by role: services and
queries of every app call `accounts.queries.project_for`, and each endpoint names its operation so
that a test can walk them all.
"""

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import Membership
from orderchainer.core.registry import Registry

Role = Membership.Role


@dataclass(frozen=True, eq=False)
class Operation:
    """Something that can be done in a project, and which members may do it.

    Staff who are not members may do it if they may look (`staff_may_view`), or if they have the
    back office's own permission (`staff_permission`, as `app.codename`). Otherwise they may not.
    """

    name: str
    roles: frozenset[Role]
    staff_may_view: bool = False
    staff_permission: str | None = None

    def __str__(self) -> str:
        return self.name


OPERATIONS: Registry[str, Operation] = Registry("operation")


def viewing(name: str, roles: Collection[Role]) -> Operation:
    """Register an operation that only looks. Staff may do it in every project."""
    return OPERATIONS.add(name, Operation(name, frozenset(roles), staff_may_view=True))


def changing(
    name: str, roles: Collection[Role], *, staff_permission: str | None
) -> Operation:
    """Register an operation that changes something. `staff_permission` None excludes staff."""
    return OPERATIONS.add(
        name, Operation(name, frozenset(roles), staff_permission=staff_permission)
    )


EVERYBODY = frozenset(Role)
OWNERS = frozenset({Role.OWNER})
MANAGERS = OWNERS | {Role.MANAGER}
AGENTS = MANAGERS | {Role.AGENT}

VIEW_PROJECT = viewing("view_project", EVERYBODY)
CHANGE_PROJECT = changing(
    "change_project", MANAGERS, staff_permission="accounts.change_project"
)
DELETE_PROJECT = changing(
    "delete_project", OWNERS, staff_permission="accounts.change_project"
)
VIEW_MEMBERS = viewing("view_members", EVERYBODY)
# Invite, change and remove others. For owners, MANAGE_OWNERS is needed as well.
MANAGE_MEMBERS = changing(
    "manage_members", MANAGERS, staff_permission="accounts.change_membership"
)
MANAGE_OWNERS = changing(
    "manage_owners", OWNERS, staff_permission="accounts.change_membership"
)
LEAVE_PROJECT = changing("leave_project", EVERYBODY, staff_permission=None)
VIEW_ACTIVITY = viewing("view_activity", OWNERS)


def may(role: str, operation: Operation) -> bool:
    """Tell whether a member with that role may do the operation."""
    return role in operation.roles


def roles_that_may(operation: Operation) -> list[str]:
    """Return the roles that may do the operation, for filters."""
    return sorted(operation.roles)
