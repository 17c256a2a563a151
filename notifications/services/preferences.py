"""What a member of a project wants to hear of, and how."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.access import Role
from accounts.errors import ProjectNotFound
from accounts.models import Membership, Project, User
from accounts.queries import require_operation
from notifications.access import CHOOSE_NEWS
from notifications.models import NewsKind, NotificationPreference
from notifications.ways import WAYS, Way
from orderchainer.core.errors import Invalid

# By kind and way: whether the member hears of that kind that way.
Preferences = Mapping[NewsKind, Mapping[str, bool]]


def preferences_of(membership: Membership) -> Preferences:
    """Return every preference of a member, in one statement: what they chose, or the default."""
    return preferences_of_all([membership])[membership.pk]


def preferences_for(project: Project, user: User) -> Preferences:
    """Return a user's preferences in a project. Raises `ProjectNotFound` if they are no member."""
    membership = Membership.objects.filter(project=project, user=user).first()
    if membership is None:
        raise ProjectNotFound
    return preferences_of(membership)


def preferences_of_all(members: Collection[Membership]) -> Mapping[int, Preferences]:
    """Return every preference of several members by the ids of memberships, in one statement."""
    rows = NotificationPreference.objects.filter(membership__in=members)
    chosen = {(row.membership_id, row.kind, row.way): row.is_on for row in rows}
    return {
        member.pk: {
            kind: {
                name: chosen.get(
                    (member.pk, str(kind), name), way.is_on_by_default(kind, Role(member.role))
                )
                for name, way in WAYS.items()
            }
            for kind in NewsKind
        }
        for member in members
    }


def choices_of(
    members: QuerySet[Membership], kind: NewsKind, way: Way
) -> Mapping[tuple[int, int], bool]:
    """Return by project and user whether each member hears of a kind this way, in one statement."""
    chosen = NotificationPreference.objects.filter(
        membership=OuterRef("pk"), kind=kind, way=way.name
    )
    rows = members.annotate(chosen=Subquery(chosen.values("is_on")))
    return {
        (project_id, user_id): way.is_on_by_default(kind, Role(role)) if is_on is None else is_on
        for project_id, user_id, role, is_on in rows.values_list(
            "project_id", "user_id", "role", "chosen"
        )
    }


@transaction.atomic
def change_preferences(*, project: Project, user: User, changes: Preferences) -> Preferences:
    """Change some of a member's preferences and return all of them. Equal ones are no change.

    Raises `Invalid` for a way that does not exist, and `ProjectNotFound` for somebody who is not a
    member.
    """
    for kind, ways in changes.items():
        unknown = sorted(set(ways) - set(WAYS))
        if unknown:
            raise Invalid({str(kind): [f"There is no way {unknown[0][:50]!r}: {_known()}."]})
    require_operation(user, project, CHOOSE_NEWS)
    rows = Membership.objects.select_for_update(no_key=True)
    membership = rows.filter(project=project, user=user).first()
    if membership is None:
        raise ProjectNotFound
    before = preferences_of(membership)
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(
                membership=membership, kind=kind, way=way, is_on=is_on, updated_at=timezone.now()
            )
            for kind, ways in changes.items()
            for way, is_on in ways.items()
            if before[kind][way] != is_on
        ],
        update_conflicts=True,
        unique_fields=["membership", "kind", "way"],
        update_fields=["is_on", "updated_at"],
    )
    return {kind: {**ways, **changes.get(kind, {})} for kind, ways in before.items()}


def _known() -> str:
    return f"it is one of {', '.join(WAYS)}"
