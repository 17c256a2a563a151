"""The operations in projects, and which roles may do them.

Each app declares its operations in its `access.py`, with the roles that may do them and what staff
may do. Code that touches something in a project asks by operation and never by role: services and
queries of every app call `accounts.queries.project_for`, and each endpoint names its operation so
that a test can walk them all.
"""

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import Membership, User
from orderchainer.core.registry import Registry

Role = Membership.Role


@dataclass(frozen=True, eq=False)
class Operation:
    """Something that can be done in a project, and which members may do it.

    Staff who are not members may do it if they have one of the back office's own permissions in
    `staff_permissions`, each as `app.codename`. Being staff alone allows nothing.
    """

    name: str
    roles: frozenset[Role]
    staff_permissions: tuple[str, ...] = ()
    only_looks: bool = False

    def __str__(self) -> str:
        return self.name


OPERATIONS: Registry[str, Operation] = Registry("operation")


def viewing(name: str, roles: Collection[Role], *, model: str) -> Operation:
    """Register an operation that only looks.

    Staff may do it in every project with the permission to view or to change `model`, written as
    `app.model`.
    """
    app, _, model_name = model.partition(".")
    permissions = (f"{app}.view_{model_name}", f"{app}.change_{model_name}")
    return OPERATIONS.add(name, Operation(name, frozenset(roles), permissions, only_looks=True))


def changing(name: str, roles: Collection[Role], *, staff_permission: str | None) -> Operation:
    """Register an operation that changes something. `staff_permission` None excludes staff."""
    permissions = () if staff_permission is None else (staff_permission,)
    return OPERATIONS.add(name, Operation(name, frozenset(roles), permissions))


EVERYBODY = frozenset(Role)
OWNERS = frozenset({Role.OWNER})
MANAGERS = OWNERS | {Role.MANAGER}
AGENTS = MANAGERS | {Role.AGENT}

VIEW_PROJECT = viewing("view_project", EVERYBODY, model="accounts.project")
CHANGE_PROJECT = changing("change_project", MANAGERS, staff_permission="accounts.change_project")
DELETE_PROJECT = changing("delete_project", OWNERS, staff_permission="accounts.change_project")
VIEW_MEMBERS = viewing("view_members", EVERYBODY, model="accounts.membership")
# Invite, change and remove others. For owners, MANAGE_OWNERS is needed as well.
MANAGE_MEMBERS = changing("manage_members", MANAGERS, staff_permission="accounts.change_membership")
MANAGE_OWNERS = changing("manage_owners", OWNERS, staff_permission="accounts.change_membership")
LEAVE_PROJECT = changing("leave_project", EVERYBODY, staff_permission=None)
VIEW_ACTIVITY = viewing("view_activity", OWNERS, model="accounts.activity")


def may(role: str, operation: Operation) -> bool:
    """Tell whether a member with that role may do the operation."""
    return role in operation.roles


def roles_that_may(operation: Operation) -> list[str]:
    """Return the roles that may do the operation, for filters."""
    return sorted(operation.roles)


def staff_may(user: User, operation: Operation) -> bool:
    """Tell whether `user` may do `operation` as staff, without being a member.

    For superusers this takes no query. For other staff the first question takes two, and then the
    `user` object remembers its permissions.
    """
    return user.is_staff and any(map(user.has_perm, operation.staff_permissions))


def knows_of_projects(user: User) -> bool:
    """Tell whether `user`, as staff, may look at something in every project."""
    return any(staff_may(user, each) for each in OPERATIONS.values() if each.only_looks)


def as_now(user: User) -> User:
    """Return `user` with their permissions read again, for a check under a lock.

    Only staff have permissions. Other users are returned as they are, without a statement.
    """
    return User.objects.get(pk=user.pk) if user.is_staff else user
