"""What members mark as seen at the bell of a project."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from accounts.errors import ProjectNotFound
from accounts.models import Membership, Project, User
from accounts.queries import require_operation
from notifications.access import CHOOSE_NEWS
from notifications.models import BellMark
from orders.stream.queries import stream_head

# More single things than this are not remembered, so the row stays small.
MAX_SEEN = 200
MAX_NAME_LENGTH = 80


@transaction.atomic
def mark_all_seen(*, project: Project, user: User, until: int) -> None:
    """Mark everything up to the position `until` as seen. Later events stay new.

    `until` is the newest position that the reader's page knew, so nothing is marked that came
    later. What is older counts as seen, even if it was too much for the page. Repeating it, or an
    older position, changes nothing. Raises `ProjectNotFound`.
    """
    mark = _locked(project, user)
    mark.seen_until = max(mark.seen_until, _not_ahead(until))
    mark.seen = _beyond(mark.seen_until, mark.seen)
    mark.save(update_fields=["seen_until", "seen"])


@transaction.atomic
def mark_seen(*, project: Project, user: User, name: str, until: int) -> None:
    """Mark what happened to one thing up to the position `until` as seen.

    `name` is that of `notifications.queries.bell.name_of`. A name of nothing does no harm. Raises
    `ProjectNotFound`.
    """
    mark = _locked(project, user)
    name = name[:MAX_NAME_LENGTH]
    seen = {**mark.seen, name: max(mark.seen.get(name, 0), _not_ahead(until))}
    mark.seen = _beyond(mark.seen_until, seen)
    mark.save(update_fields=["seen"])


def _locked(project: Project, user: User) -> BellMark:
    """Return the locked mark of a member, made if they have none yet."""
    require_operation(user, project, CHOOSE_NEWS)
    members = Membership.objects.select_for_update(no_key=True)
    membership = members.filter(project=project, user=user).first()
    if membership is None:
        raise ProjectNotFound
    # The lock on the membership lets nobody else make or change the mark.
    marks: QuerySet[BellMark] = BellMark.objects.filter(membership=membership)
    return marks.first() or BellMark.objects.create(membership=membership)


def _not_ahead(position: int) -> int:
    """Return a position that has been reached: nobody has seen what has not happened yet."""
    return min(max(0, position), stream_head())


def _beyond(position: int, seen: Mapping[str, int]) -> dict[str, int]:
    """Keep what was seen beyond a position, the latest if it is too much."""
    kept = sorted(
        ((name, at) for name, at in seen.items() if at > position), key=lambda each: -each[1]
    )
    return dict(kept[:MAX_SEEN])
