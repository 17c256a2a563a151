"""What orders do when something happens in accounts."""

from accounts.events import access_changed, user_deleted
from accounts.models import User
from orderchainer.core.background import nudge
from orders.models import SavedView
from orders.tasks import hand_over


def hand_over_what_is_left_behind(
    *, user_id: int | None, project_id: int | None, **signal: object
) -> None:
    """Have a worker give a person's orders to somebody else, if they left projects.

    If the nudge is lost, the daily sweep does it.
    """
    if user_id is not None:
        nudge(hand_over, *([] if project_id is None else [project_id]))


def forget_own_views(*, user: User, **signal: object) -> None:
    """Delete the views of a user whose account is being deleted. Shared ones belong to the team."""
    SavedView.objects.filter(owner=user, is_shared=False).delete()


def connect() -> None:
    """Listen to accounts. Safe to call twice."""
    access_changed.connect(hand_over_what_is_left_behind, dispatch_uid="orders.hand_over")
    user_deleted.connect(forget_own_views, dispatch_uid="orders.forget_own_views")
