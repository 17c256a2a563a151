"""Create, change and switch off projects."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from accounts.access import CHANGE_PROJECT, DELETE_PROJECT
from accounts.activity import record_activity
from accounts.errors import PersonalProject, UserNotFound
from accounts.events import ActivityType, announce_changed_access
from accounts.locks import lock_project, lock_user
from accounts.models import Membership, Project, User
from accounts.queries import require_operation
from accounts.services.project_fields import check_fields
from orderchainer.core.money import DEFAULT_CURRENCY

Precondition = Callable[[Project], None]

# The fields that `update_project` may change.
UPDATABLE = frozenset({"name", "description", "timezone", "currency", "settings", "is_active"})


@transaction.atomic
def create_project(
    *,
    owner: User,
    name: str,
    description: str = "",
    timezone: str = "UTC",
    currency: str = DEFAULT_CURRENCY,
    settings: Mapping[str, Any] | None = None,
    by: User | None = None,
) -> Project:
    """Create a project that `owner` owns. Records `project_created`.

    Raises `Invalid` for an unknown time zone or currency and for settings that are too large, and
    `UserNotFound` if the owner's account is deleted.
    """
    fields = {
        "name": name,
        "description": description,
        "timezone": timezone,
        "currency": currency,
        "settings": dict(settings or {}),
    }
    check_fields(fields)
    if lock_user(owner) is None:
        raise UserNotFound
    project = Project.objects.create(**fields)
    Membership.objects.create(project=project, user=owner, role=Membership.Role.OWNER)
    record_activity(ActivityType.PROJECT_CREATED, user=owner, by=by, project_id=project.pk)
    return project


@transaction.atomic
def update_project(
    *,
    project: Project,
    changes: Mapping[str, Any],
    by: User | None = None,
    precondition: Precondition | None = None,
) -> Project:
    """Change fields of `UPDATABLE` and return the project as it is now.

    `settings` are replaced as a whole. We call `precondition` with the locked project before
    anything changes; it may raise. Setting an equal value is no change. Records `project_changed`
    with the names of the fields, or `project_deleted` if it is switched off. `by` is the person who
    asks; raises `RoleNotEnough` if they may not. Raises `Invalid` and `PersonalProject`.
    """
    unknown = set(changes) - UPDATABLE
    if unknown:
        msg = f"update_project changes no {sorted(unknown)}"
        raise TypeError(msg)
    project = lock_project(project)
    if by is not None:
        require_operation(by, project, CHANGE_PROJECT)
        if "is_active" in changes:
            require_operation(by, project, DELETE_PROJECT)
    if precondition is not None:
        precondition(project)
    changed = {name: value for name, value in changes.items() if getattr(project, name) != value}
    if not changed:
        return project
    # Not what stays: a client may send back a time zone or currency that is no longer valid.
    check_fields(changed)
    _change(project, changed, by)
    return project


@transaction.atomic
def delete_project(*, project: Project, by: User, precondition: Precondition | None = None) -> None:
    """Switch a project off: members no longer see it, its orders stay. Records `project_deleted`.

    `precondition` as in `update_project`. Raises `PersonalProject`, `RoleNotEnough` if `by` may not
    do it, and `ProjectNotFound` if they may not see it or it is already deleted.
    """
    project = lock_project(project)
    require_operation(by, project, DELETE_PROJECT)
    if precondition is not None:
        precondition(project)
    if project.is_active:
        _change(project, {"is_active": False}, by)


def _change(project: Project, changed: Mapping[str, Any], by: User | None) -> None:
    is_deleted = changed.get("is_active") is False
    if is_deleted and project.personal_owner_id is not None:
        raise PersonalProject
    for name, value in changed.items():
        setattr(project, name, value)
    project.save(update_fields=[*changed, "updated_at"])
    kind = ActivityType.PROJECT_DELETED if is_deleted else ActivityType.PROJECT_CHANGED
    record_activity(kind, user=None, by=by, project_id=project.pk, fields=sorted(changed))
    if "is_active" in changed:
        announce_changed_access(project_id=project.pk)
