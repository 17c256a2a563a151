"""Saved views of a project's orders."""

from accounts.models import Project, User
from orders.errors import ViewNotFound
from orders.models import SavedView


def views_for(user: User, project: Project) -> list[SavedView]:
    """Return the views that `user` sees in the project: those that are shared come first."""
    views = SavedView.objects.seen_by(user).filter(project=project)
    return list(views.order_by("-is_shared", "name", "pk"))


def view_for(user: User, project: Project, view_id: int) -> SavedView:
    """Return a view that `user` sees in the project. Raises `ViewNotFound`."""
    for view in views_for(user, project):
        if view.pk == view_id:
            return view
    raise ViewNotFound
