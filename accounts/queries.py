"""Reads of accounts: who a token belongs to, what is still open, who has access, what happened."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, Exists, Model, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access import (
    OPERATIONS,
    Operation,
    as_now,
    knows_of_projects,
    may,
    staff_may,
)
from accounts.errors import (
    InvitationNotFound,
    MemberNotFound,
    ProjectNotFound,
    RoleNotEnough,
    SessionNotFound,
    StrongerUser,
    TokenRefused,
    UserNotFound,
    UserNotYours,
)
from accounts.models import (
    Activity,
    ApiToken,
    Invitation,
    Membership,
    Profile,
    Project,
    Session,
    User,
)
from accounts.tokens import (
    API_TOKEN_START,
    SocketTicket,
    digest_of,
    prefix_of,
    read_token,
    session_id_in,
    session_id_of,
)
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in


def credential_of(token: str) -> Session | ApiToken:
    """Return the session or API token behind a bearer token, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that does not work.
    """
    if token.startswith(API_TOKEN_START):
        return api_token_of(token)
    return session_of(token)


def session_of(access_token: str) -> Session:
    """Return the open session of an access token, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that does not work.
    """
    for row in _sessions_with_users(session_id_in(access_token)):
        session = _loaded(Session, row)
        if session.is_open:
            return session
    raise TokenRefused


def api_token_of(token: str) -> ApiToken:
    """Return the valid API token with this text, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that does not work.
    """
    digest = digest_of(token)
    for row in _api_tokens_with_users(prefix_of(token)):
        found = _loaded(ApiToken, row)
        if constant_time_compare(found.digest, digest) and found.is_open:
            return found
    raise TokenRefused


def session_of_ticket(ticket: str) -> Session:
    """Return the open session of a socket ticket, its user loaded, in one statement.

    Raises `TokenRefused` for any ticket that does not work.
    """
    token = read_token(SocketTicket, ticket)
    for row in _sessions_with_users(session_id_of(token)):
        session = _loaded(Session, row)
        if session.is_open:
            return session
    raise TokenRefused


def socket_credential_of(token: str) -> Session | ApiToken:
    """Return what lets a socket in: the credential of a bearer token, or the session of a ticket.

    Raises `TokenRefused` for any token that does not work.
    """
    try:
        return session_of_ticket(token)
    except TokenRefused:
        return credential_of(token)


def browser_session_of(session_id: UUID) -> Session | None:
    """Return the open session that a browser's cookie names, or None.

    Its user and their profile are loaded, all in one statement.
    """
    for row in _browser_sessions(session_id):
        profile = [row.pop(f"user__profile__{name}") for name in _COLUMNS[Profile]]
        session = _loaded(Session, row)
        session.user.profile = Profile.from_db(DEFAULT_DB_ALIAS, _COLUMNS[Profile], profile)
        if session.is_open:
            return session
    return None


def sessions_of(user: User) -> QuerySet[Session]:
    """Return the open sessions of `user`, newest first."""
    return Session.objects.filter(
        user=user,
        ended_at=None,
        expires_at__gt=timezone.now(),
        password_fingerprint=user.get_session_auth_hash(),
    ).order_by("-created_at", "pk")


def session_for(user: User, session_id: UUID | str) -> Session:
    """Return an open session of `user`. Raises `SessionNotFound`."""
    uuid = uuid_in(session_id)
    session = sessions_of(user).filter(pk=uuid).first() if uuid else None
    if session is None:
        raise SessionNotFound
    return session


def api_tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the API tokens of `user` that are not revoked, even expired ones, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at", "pk")


def still_open(credential_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these sessions and API tokens still work, for long-lived connections.

    One statement, and a second one unless all of them are open sessions.
    """
    ids = set(credential_ids)
    found = set(_open_sessions(ids))
    if others := ids - found:
        tokens = ApiToken.objects.in_force().filter(pk__in=others, user__is_active=True)
        found.update(tokens.values_list("pk", flat=True))
    return found


def _open_sessions(session_ids: Iterable[UUID]) -> dict[UUID, Session]:
    """Return the open sessions among these, by id.

    Open means: not ended, not expired, and its user is active and still has the password of the
    sign-in. We cannot filter by the last in SQL, because it is an HMAC over the password's hash.
    """
    sessions = Session.objects.select_related("user").filter(
        pk__in=list(session_ids),
        ended_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
    return {session.pk: session for session in sessions if session.has_current_password}


AnyCredential = TypeVar("AnyCredential", Session, ApiToken)


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


_COLUMNS: Mapping[type[Model], list[str]] = {
    model: _columns(model) for model in (Session, ApiToken, User, Profile, Project)
}


@prepared
def _sessions_with_users(session_id: UUID) -> QuerySet[Session, Row]:
    return _with_users(Session, Session.objects.filter(pk=session_id))


@prepared
def _browser_sessions(session_id: UUID) -> QuerySet[Session, Row]:
    sessions = Session.objects.filter(pk=session_id, door=Session.Door.BROWSER)
    rows: QuerySet[Session, Row] = sessions.values(
        *_COLUMNS[Session],
        *(f"user__{name}" for name in _COLUMNS[User]),
        *(f"user__profile__{name}" for name in _COLUMNS[Profile]),
    )
    return rows


@prepared
def _api_tokens_with_users(prefix: str) -> QuerySet[ApiToken, Row]:
    return _with_users(ApiToken, ApiToken.objects.filter(prefix=prefix))


def _with_users(
    model: type[AnyCredential], rows: QuerySet[AnyCredential]
) -> QuerySet[AnyCredential, Row]:
    values: QuerySet[AnyCredential, Row] = rows.values(
        *_COLUMNS[model], *(f"user__{name}" for name in _COLUMNS[User])
    )
    return values


def _loaded(model: type[AnyCredential], row: Row) -> AnyCredential:
    """Return the objects in a row of `_with_users`."""
    values = list(row.values())
    own = _COLUMNS[model]
    credential = model.from_db(DEFAULT_DB_ALIAS, own, values[: len(own)])
    credential.user = User.from_db(DEFAULT_DB_ALIAS, _COLUMNS[User], values[len(own) :])
    return credential


# --- Users ------------------------------------------------------------------------------------


# Staff who may change or delete users may also look at them.
_LOOK_AT_USERS = (
    "accounts.view_user",
    "accounts.change_user",
    "accounts.delete_user",
)


def user_for(caller: User, user_id: UUID | str) -> User:
    """Return the user with that UUID if the caller is that user, or staff who may look at users.

    Raises the same `UserNotFound` for users who do not exist, are deleted or are hidden from the
    caller.
    """
    uuid = uuid_in(user_id)
    if uuid == caller.uuid:
        return caller
    if uuid and caller.is_staff and any(map(caller.has_perm, _LOOK_AT_USERS)):
        for user in User.objects.filter(uuid=uuid, deleted_at=None):
            return user
    raise UserNotFound


def user_for_change(caller: User, user_id: UUID | str, *, permission: str) -> User:
    """Return a user whom `caller` may change: themselves, or others with the staff `permission`.

    Raises `UserNotFound`, `UserNotYours` if the caller may only view the user, and `StrongerUser`
    if the user is not in their reach. The services ask again while the user is locked.
    """
    user = user_for(caller, user_id)
    if user != caller and not caller.has_perm(permission):
        raise UserNotYours
    if not is_in_reach(caller, user):
        raise StrongerUser
    return user


def is_in_reach(editor: User, user: User) -> bool:
    """Tell whether `editor` has every permission that `user` has, so that they may change them.

    Only superusers reach superusers. The permissions of a deactivated `user` count: they come back
    with the activation. Reads both as they are now, in two statements; none for one's own account.
    """
    if editor.pk == user.pk:
        return True
    superusers = User.objects.filter(pk__in=[editor.pk, user.pk], is_superuser=True)
    strongest = dict(superusers.values_list("pk", "is_active"))
    if editor.pk in strongest:
        return strongest[editor.pk]
    if user.pk in strongest:
        return False
    lacking = _permissions_of(user).exclude(pk__in=_permissions_of(editor).values("pk"))
    return not lacking.exists()


def _permissions_of(user: User) -> QuerySet[Permission]:
    return Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))


# --- Projects ---------------------------------------------------------------------------------


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


@prepared
def _open_projects(user_id: int, uuid: UUID) -> QuerySet[Project, Row]:
    found = _with_role(Project.objects.filter(uuid=uuid, is_active=True), user_id)
    rows: QuerySet[Project, Row] = found.values(*_COLUMNS[Project], "role")
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


def members_of(project: Project) -> QuerySet[Membership]:
    """Return the members of the project with their users, oldest first."""
    return project.memberships.select_related("user").order_by("pk")


def member_for(project: Project, user_id: UUID | str) -> Membership:
    """Return the member with that user's UUID, user loaded. Raises `MemberNotFound`."""
    uuid = uuid_in(user_id)
    member = members_of(project).filter(user__uuid=uuid).first() if uuid else None
    if member is None:
        raise MemberNotFound
    return member


def invitations_of(project: Project) -> QuerySet[Invitation]:
    """Return the open invitations, even expired ones, with their senders, oldest first."""
    return project.invitations.open().select_related("invited_by").order_by("created_at", "pk")


def invitation_for(project: Project, invitation_id: UUID | str) -> Invitation:
    """Return an open invitation to the project. Raises `InvitationNotFound`."""
    uuid = uuid_in(invitation_id)
    found = invitations_of(project).filter(pk=uuid).first() if uuid else None
    if found is None:
        raise InvitationNotFound
    return found


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


# --- Activity ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """A person as others may see them: without the e-mail if the viewer need not know it."""

    id: UUID
    name: str
    email: str | None


def activity_of(user: User) -> QuerySet[Activity]:
    """Return what happened to the account of `user`, newest first, with `project_uuid`."""
    return _with_project(Activity.objects.filter(user_id=user.pk))


def activity_in(project: Project) -> QuerySet[Activity]:
    """Return what happened in `project`, newest first, with `project_uuid`."""
    return _with_project(Activity.objects.filter(project_id=project.pk))


def is_told_where(activity: Activity, *, viewer: User) -> bool:
    """Tell whether `viewer` may see the address and the program that an activity came from.

    These are shown to the person who acted. If nobody had signed in, they are shown to the owner of
    the account. An owner of a project does not learn where others are.
    """
    return activity.actor_id == viewer.pk or (
        activity.actor_id is None and activity.user_id == viewer.pk
    )


def _with_project(activities: QuerySet[Activity]) -> QuerySet[Activity]:
    project = Project.objects.filter(pk=OuterRef("project_id"))
    return activities.annotate(project_uuid=Subquery(project.values("uuid"))).order_by("-id")


def people_in(
    activities: Iterable[Activity], *, viewer: User, project: Project | None = None
) -> dict[int, Person]:
    """Return the people in the activities, by primary key, in one statement.

    `viewer` sees their own e-mail, and those of the members of the `project` that they look at.
    """
    ids = {
        pk
        for activity in activities
        for pk in (activity.user_id, activity.actor_id)
        if pk is not None
    }
    members = Membership.objects.filter(
        user=OuterRef("pk"), project=project.pk if project else None
    )
    users = User.objects.filter(pk__in=ids).annotate(is_member=Exists(members))
    return {
        user.pk: Person(
            user.uuid,
            user.name,
            user.email if user.is_member or user == viewer else None,
        )
        for user in users
    }
