"""Projects and who works in them."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from django.db import transaction

from accounts.errors import LastOwner
from accounts.models import Membership, Project, User
from orderchainer.api.errors import Invalid

# What `update_project` may change.
UPDATABLE = frozenset({"name", "description", "timezone", "is_active"})


@transaction.atomic
def create_project(
    *, owner: User, name: str, description: str = "", timezone: str = "UTC"
) -> Project:
    """Create a project that `owner` owns. Raises `Invalid` for a time zone that nobody knows."""
    _check_timezone(timezone)
    project = Project.objects.create(
        name=name, description=description, timezone=timezone
    )
    Membership.objects.create(project=project, user=owner, role=Membership.Role.OWNER)
    return project


@transaction.atomic
def update_project(*, project: Project, changes: Mapping[str, str | bool]) -> Project:
    """Change fields of `UPDATABLE`. Raises `Invalid` for a time zone that nobody knows."""
    unknown = set(changes) - UPDATABLE
    if unknown:
        msg = f"update_project changes no {sorted(unknown)}"
        raise TypeError(msg)
    if "timezone" in changes:
        _check_timezone(str(changes["timezone"]))
    for name, value in changes.items():
        setattr(project, name, value)
    project.save(update_fields=[*changes, "updated_at"])
    return project


@transaction.atomic
def set_member(*, project: Project, user: User, role: Membership.Role) -> Membership:
    """Let `user` work in the project as `role`, instead of any role they had. Raises `LastOwner`."""
    project = _locked(project)
    membership, _ = Membership.objects.update_or_create(
        project=project, user=user, defaults={"role": role}
    )
    _check_owner(project)
    return membership


@transaction.atomic
def remove_member(*, project: Project, user: User) -> None:
    """Take `user` out of the project. Raises `LastOwner`."""
    project = _locked(project)
    Membership.objects.filter(project=project, user=user).delete()
    _check_owner(project)


def _locked(project: Project) -> Project:
    """Lock the project's row: two owners must not leave at once, each counting on the other."""
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _check_owner(project: Project) -> None:
    owners = set(
        project.memberships.filter(role=Membership.Role.OWNER).values_list(
            "user_id", flat=True
        )
    )
    if not owners or (
        project.personal_owner_id is not None
        and project.personal_owner_id not in owners
    ):
        raise LastOwner


def _check_timezone(name: str) -> None:
    if name not in available_timezones():
        raise Invalid(
            {"timezone": ["This is no time zone; for example Europe/Berlin."]}
        )
