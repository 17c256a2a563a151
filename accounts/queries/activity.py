"""What happened to an account or in a project, and how much of it a viewer sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.models import Activity, Membership, Project, User
from orderchainer.core.db.ordering import NEWEST_FIRST


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
    return activities.annotate(project_uuid=Subquery(project.values("uuid"))).order_by(NEWEST_FIRST)


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
