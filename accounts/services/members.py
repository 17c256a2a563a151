"""The members of a project and their roles."""

from collections.abc import Callable

from django.db import transaction

from accounts.access import LEAVE_PROJECT, MANAGE_MEMBERS, MANAGE_OWNERS, may
from accounts.activity import record_activity
from accounts.errors import LastOwner, MemberNotFound, OwnsProjects, UserNotFound
from accounts.events import ActivityType, announce_changed_access
from accounts.locks import lock_project, lock_projects, lock_user
from accounts.models import Membership, Project, User
from accounts.queries import require_operation
from accounts.services.invitations import revoke_each

Role = Membership.Role


@transaction.atomic
def set_member(*, project: Project, user: User, role: Role, by: User | None = None) -> Membership:
    """Make `user` a member of the project in `role`, or change their role.

    Records `member_joined` or `member_role_changed`. `by` is the person who asks, None for the
    system itself. Raises `LastOwner`, `RoleNotEnough` if `by` may not do it, `UserNotFound` for a
    deleted account.
    """
    if lock_user(user) is None:
        raise UserNotFound
    project = lock_project(project)
    membership = project.memberships.filter(user=user).first()
    if membership is not None:
        return _change_role(project, membership, user, role, by)
    _require_say(project, by, {role})
    membership = Membership.objects.create(project=project, user=user, role=role)
    record_activity(
        ActivityType.MEMBER_JOINED,
        user=user,
        by=by,
        project_id=project.pk,
        role=str(role),
    )
    # Their invitation has served its purpose.
    theirs = project.invitations.open().filter(email__iexact=user.email)
    revoke_each(theirs, project=project, by=by)
    return membership


@transaction.atomic
def change_role(
    *,
    project: Project,
    user: User,
    role: Role,
    by: User | None = None,
    precondition: Callable[[Membership], None] | None = None,
) -> Membership:
    """Change a member's role, with effect at once. Records `member_role_changed`.

    We call `precondition` with the locked membership before anything changes; it may raise. Raises
    what `set_member` raises, and `MemberNotFound`.
    """
    project = lock_project(project)
    membership = project.memberships.filter(user=user).first()
    if membership is None:
        raise MemberNotFound
    if precondition is not None:
        precondition(membership)
    return _change_role(project, membership, user, role, by)


def _change_role(
    project: Project,
    membership: Membership,
    user: User,
    role: Role,
    by: User | None,
) -> Membership:
    before = Role(membership.role)
    _require_say(project, by, {before, role})
    if before == role:
        return membership
    if before == Role.OWNER:
        _require_another_owner(project, user)
    membership.role = role
    membership.save(update_fields=["role"])
    record_activity(
        ActivityType.MEMBER_ROLE_CHANGED,
        user=user,
        by=by,
        project_id=project.pk,
        old_role=str(before),
        new_role=str(role),
    )
    announce_changed_access(user_id=user.pk, project_id=project.pk)
    _revoke_what_they_may_not_give(project, user, role, by)
    return membership


@transaction.atomic
def remove_member(*, project: Project, user: User, by: User | None = None) -> None:
    """Remove `user` from the project; `by` may be `user`. Records `member_removed`.

    Raises `MemberNotFound`, `LastOwner`, and `RoleNotEnough` if `by` may not do it.
    """
    project = lock_project(project)
    membership = project.memberships.filter(user=user).first()
    if membership is None:
        raise MemberNotFound
    role = Role(membership.role)
    if by is not None and by.pk == user.pk:
        require_operation(by, project, LEAVE_PROJECT)
    else:
        _require_say(project, by, {role})
    if role == Role.OWNER:
        _require_another_owner(project, user)
    _remove(project, membership, user, by)


@transaction.atomic
def leave_every_project(*, user: User, by: User | None = None) -> None:
    """Remove `user` from all projects before their account is deleted. Lock their row first.

    Projects without other members are switched off, the personal project included. Records
    `member_removed` and `project_deleted`. Raises `OwnsProjects` if others would be left in a
    project without an owner who can sign in.
    """
    projects = lock_projects(
        Membership.objects.filter(user=user).values_list("project_id", flat=True)
    )
    stranded = [project for project in projects if _needs_owner(project, user)]
    if stranded:
        raise OwnsProjects([project.name for project in stranded])
    # One by one: people are in few projects, and each has its own record and invitations.
    for project in projects:
        membership = project.memberships.filter(user=user).first()
        if membership is None:
            continue  # removed while we waited for the lock
        _remove(project, membership, user, by)
        is_theirs = project.personal_owner_id == user.pk
        if project.is_active and (is_theirs or not project.memberships.exists()):
            project.is_active = False
            project.save(update_fields=["is_active", "updated_at"])
            record_activity(ActivityType.PROJECT_DELETED, user=user, by=by, project_id=project.pk)
            announce_changed_access(project_id=project.pk)


@transaction.atomic
def dismiss_others(*, project: Project, user: User) -> None:
    """Remove everybody but `user` from their personal project. Records what it removes."""
    project = lock_project(project)
    others = project.memberships.exclude(user=user).select_related("user")
    for membership in others.order_by("pk"):
        _remove(project, membership, membership.user, None)
    revoke_each(project.invitations.open(), project=project, by=None)


def _needs_owner(project: Project, user: User) -> bool:
    """Tell whether others would stay in the project without an owner who can sign in."""
    if not project.is_active or project.personal_owner_id == user.pk:
        return False
    others = project.memberships.exclude(user=user)
    mine = project.memberships.filter(user=user, role=Role.OWNER)
    return mine.exists() and others.exists() and not _has_other_owner(project, user)


def _remove(project: Project, membership: Membership, user: User, by: User | None) -> None:
    role = membership.role
    membership.delete()
    record_activity(
        ActivityType.MEMBER_REMOVED,
        user=user,
        by=by,
        project_id=project.pk,
        role=role,
    )
    announce_changed_access(user_id=user.pk, project_id=project.pk)
    _revoke_what_they_may_not_give(project, user, None, by)


def _require_say(project: Project, by: User | None, roles: set[Role]) -> None:
    """Raise unless `by` may give or take these roles: managers manage everybody but owners."""
    if by is not None:
        require_operation(by, project, MANAGE_MEMBERS)
        if Role.OWNER in roles:
            require_operation(by, project, MANAGE_OWNERS)


def _require_another_owner(project: Project, user: User) -> None:
    """Refuse to take the owner role from `user` if no other owner can act.

    A deactivated owner does not count: they can neither hand over the role nor invite anybody. It
    is still possible to deactivate the only owner, because a stolen account must be stopped at
    once; staff then make somebody else an owner.
    """
    if project.personal_owner_id == user.pk or not _has_other_owner(project, user):
        raise LastOwner


def _has_other_owner(project: Project, user: User) -> bool:
    owners = project.memberships.filter(role=Role.OWNER, user__is_active=True)
    return owners.exclude(user=user).exists()


def _revoke_what_they_may_not_give(
    project: Project, user: User, role: Role | None, by: User | None
) -> None:
    """Revoke the invitations by `user` that their new `role` could not send.

    So nobody who was removed can come back through an invitation that they sent to themselves.
    """
    given = project.invitations.open().filter(invited_by=user)
    if role is None or not may(role, MANAGE_MEMBERS):
        revoke_each(given, project=project, by=by)
    elif not may(role, MANAGE_OWNERS):
        revoke_each(given.filter(role=Role.OWNER), project=project, by=by)
