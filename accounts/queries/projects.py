"""Which projects a user may enter, and what they may do there."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from accounts.access import (
    OPERATIONS,
    Operation,
    as_now,
    knows_of_projects,
    may,
    staff_may,
)
from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.models import Membership, Project, User
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in


def project_for(user: User, project_id: UUID | str, operation: Operation) -> Project:
    """Return the open project in which `user` may do `operation`. The one way into a project.

    `project_id` is the project's UUID. Members may do what the matrix gives their role, and staff
    what the back office's permissions allow. Raises the same `ProjectNotFound` for projects that
    do not exist, are deleted or are hidden from the user, and `RoleNotEnough` if the user may see
    the project but not do this.
    """
    uuid = uuid_in(project_id)
    for row in _open_projects(user.pk, uuid) if uuid else []:
        role = row.pop("role")
        project = Project.from_db(DEFAULT_DB_ALIAS, list(row), list(row.values()))
        project.role = role  # type: ignore[attr-defined]  # as `_with_role` annotates it
        _require(user, role, operation)
        return project
    raise ProjectNotFound


_COLUMNS = [field.attname for field in Project._meta.concrete_fields]


@prepared
def _open_projects(user_id: int, uuid: UUID) -> QuerySet[Project, Row]:
    found = _with_role(Project.objects.filter(uuid=uuid, is_active=True), user_id)
    rows: QuerySet[Project, Row] = found.values(*_COLUMNS, "role")
    return rows


def may_also(user: User, project: Project, operation: Operation) -> bool:
    """Tell whether `user` may also do `operation` in the `project` that `project_for` returned."""
    return _may(user, project.role, operation)  # type: ignore[attr-defined]  # annotated there


def require_operation(user: User, project: Project, operation: Operation) -> None:
    """Raise as `project_for` does if `user` may not do `operation` in `project` now.

    For services that hold the project's lock: the right that a view checked may have been taken
    away since. Staff with the back office's permission also reach projects that are switched off.
    """
    membership = Membership.objects.filter(project=project, user=user).first()
    role = membership.role if membership and project.is_active else None
    _require(as_now(user), role, operation)


def refusals_in_projects(
    claims: Iterable[tuple[int, int]], operation: Operation
) -> dict[tuple[int, int], ProjectNotFound | RoleNotEnough]:
    """Return which users may not do `operation` now, each with the error of `project_for`.

    For long-lived connections. A claim is a user's primary key and a project's. This takes one
    query, and two more if somebody is not a member whose role allows the operation.
    """
    asked = set(claims)
    memberships = Membership.objects.filter(
        user__in={user_id for user_id, _ in asked},
        project__in={project_id for _, project_id in asked},
        project__is_active=True,
    )
    roles = {
        (user_id, project_id): role
        for user_id, project_id, role in memberships.values_list("user_id", "project_id", "role")
    }
    doubtful = {claim for claim in asked if claim not in roles or not may(roles[claim], operation)}
    if not doubtful:
        return {}
    # Staff who may look at something in every project, and whether they may do the operation.
    may_as_staff = _staff_in({user_id for user_id, _ in doubtful}, operation)
    is_open = Project.objects.filter(is_active=True).in_bulk(
        {project_id for _, project_id in doubtful}
    )
    refusals: dict[tuple[int, int], ProjectNotFound | RoleNotEnough] = {}
    for user_id, project_id in doubtful:
        claim = user_id, project_id
        if project_id not in is_open or (claim not in roles and user_id not in may_as_staff):
            refusals[claim] = ProjectNotFound()
        elif not may_as_staff.get(user_id, False):
            refusals[claim] = RoleNotEnough(operation.name)
    return refusals


def staff_who_may(user_ids: Collection[int], operation: Operation) -> set[int]:
    """Return which of these users may do the operation as staff, in one statement."""
    return {pk for pk, may_do in _staff_in(user_ids, operation).items() if may_do}


def _staff_in(user_ids: Collection[int], operation: Operation) -> dict[int, bool]:
    """Return which of these users know of projects as staff, and whether each may do `operation`.

    The answers of `knows_of_projects` and `staff_may`, in one statement for many users.
    """
    looks = [each for each in OPERATIONS.values() if each.only_looks]
    staff = (
        User.objects.filter(pk__in=list(user_ids), is_staff=True, is_active=True)
        .annotate(may_do=_has_permission_for(operation))
        .filter(_has_permission_for(operation, *looks))
    )
    return dict(staff.values_list("pk", "may_do"))


def _has_permission_for(*operations: Operation) -> Case:
    """Tell in SQL whether the user has a permission for one of the operations."""
    is_named = Q()
    for permission in {name for each in operations for name in each.staff_permissions}:
        app, _, codename = permission.partition(".")
        is_named |= Q(content_type__app_label=app, codename=codename)
    is_theirs = Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk"))
    held = Permission.objects.filter(is_named, is_theirs)
    return Case(
        When(is_superuser=True, then=True),
        When(Exists(held), then=bool(is_named)),
        default=False,
    )


def projects_of(user: User) -> QuerySet[Project]:
    """Return the open projects of `user`, each with their `role`, oldest first."""
    mine = Project.objects.filter(memberships__user=user, is_active=True)
    return _with_role(mine, user.pk).order_by("pk")


def _may(user: User, role: str | None, operation: Operation) -> bool:
    return (role is not None and may(role, operation)) or staff_may(user, operation)


def _require(user: User, role: str | None, operation: Operation) -> None:
    if _may(user, role, operation):
        return
    if role is None and not knows_of_projects(user):
        raise ProjectNotFound
    raise RoleNotEnough(operation.name)


def _with_role(projects: QuerySet[Project], user_id: int) -> QuerySet[Project]:
    """Annotate `role`: the user's role in each of the projects, None if not a member."""
    memberships = Membership.objects.filter(project=OuterRef("pk"), user=user_id)
    return projects.annotate(role=Subquery(memberships.values("role")[:1]))
