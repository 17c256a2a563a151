"""Changes of many orders, for those who asked for them."""

from accounts.models import Project, User
from orders.models import BulkChange


def bulk_change_for(user: User, project: Project, change_id: int) -> BulkChange | None:
    """Return a change that `user` has asked for in the project, if it is not forgotten."""
    return BulkChange.objects.filter(project=project, by=user, pk=change_id).first()
