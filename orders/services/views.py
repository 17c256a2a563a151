"""Saving views of a project's orders, and changing, sharing and deleting them.

Whoever writes a view holds the project's lock, so that two people do so one after the other.
"""

from typing import TypedDict

from django.db import transaction
from django.utils import timezone

from accounts.locks import lock_project
from accounts.models import Project, User
from accounts.queries import require_operation
from orderchainer.core.errors import Invalid, Stale
from orders.access import SAVE_VIEWS, SHARE_VIEWS
from orders.errors import TooManyViews, ViewNotFound
from orders.models import SavedView
from orders.models.views import MAX_NAME_LENGTH, MAX_QUERY_LENGTH

MAX_SHARED_VIEWS = 30
# Of one person in one project.
MAX_OWN_VIEWS = 30


class ViewFields(TypedDict, total=False):
    """The fields of a view that people set. A missing one gets its default, or stays."""

    name: str
    layout: str
    query: str
    is_shared: bool


@transaction.atomic
def save_view(*, project: Project, by: User, fields: ViewFields) -> SavedView:
    """Save a new view of `by`. The name is needed.

    Raises `Invalid` (under `name`, also if the name is taken), `TooManyViews` and `RoleNotEnough`.
    """
    project = lock_project(project)
    view = SavedView(project=project, owner=by)
    _require_right(view, by, shares=fields.get("is_shared", False))
    _fill(view, by, fields)
    _require_room(view)
    view.save()
    return view


@transaction.atomic
def change_view(
    *, project: Project, view_id: int, by: User, fields: ViewFields, version: int
) -> SavedView:
    """Change a view of `by`, or a shared one. `version` is the one that `by` has seen.

    Only its owner can make a shared view private again. Fields that are the same already are no
    change, so a form that is sent twice finds its work done. Raises `ViewNotFound`, `Stale`,
    `Invalid`, `TooManyViews` and `RoleNotEnough`.
    """
    project = lock_project(project)
    view = _view_in(project, view_id, by)
    _require_right(view, by, shares=fields.get("is_shared", False))
    was_shared = view.is_shared
    if all(getattr(view, name) == value for name, value in fields.items()):
        return view
    if view.version != version:
        msg = f"Somebody has changed the view “{view}” in the meantime, so nothing was saved."
        raise Stale(msg)
    if was_shared and not fields.get("is_shared", True) and view.owner_id != by.pk:
        raise Invalid({"is_shared": ["Only its owner can make a view private again."]})
    _fill(view, by, fields)
    if view.is_shared != was_shared:
        _require_room(view)
    view.version += 1
    view.updated_at = timezone.now()
    view.save()
    return view


@transaction.atomic
def delete_view(*, project: Project, view_id: int, by: User) -> None:
    """Delete a view of `by`, or a shared one. Raises `ViewNotFound` and `RoleNotEnough`."""
    project = lock_project(project)
    view = _view_in(project, view_id, by)
    _require_right(view, by, shares=False)
    view.delete()


def _view_in(project: Project, view_id: int, by: User) -> SavedView:
    view = SavedView.objects.seen_by(by).filter(project=project, pk=view_id).first()
    if view is None:
        # Strangers are told that they are strangers.
        require_operation(by, project, SAVE_VIEWS)
        raise ViewNotFound
    view.project = project
    return view


def _require_right(view: SavedView, by: User, *, shares: bool) -> None:
    operation = SHARE_VIEWS if shares or view.is_shared else SAVE_VIEWS
    require_operation(by, view.project, operation)


def _fill(view: SavedView, by: User, fields: ViewFields) -> None:
    for name, value in fields.items():
        setattr(view, name, value)
    view.name = " ".join(view.name.split())
    if not 0 < len(view.name) <= MAX_NAME_LENGTH:
        raise Invalid({"name": [f"Must have 1 to {MAX_NAME_LENGTH} characters."]})
    if len(view.query) > MAX_QUERY_LENGTH:
        raise Invalid({"query": ["These are too many filters to save. Remove some."]})
    if view.layout not in SavedView.Layout.values:
        raise Invalid({"layout": ["Must be list or board."]})
    # Among all that `by` sees: two tabs with one name would help nobody.
    seen = SavedView.objects.seen_by(by).filter(project=view.project, name=view.name)
    others = SavedView.objects.filter(project=view.project, name=view.name)
    # Of the owner too, if somebody else renames a shared view that its owner made private.
    if (seen | others.filter(owner=view.owner_id)).exclude(pk=view.pk).exists():
        raise Invalid({"name": [f"There is a view “{view.name}” already. Choose another name."]})


def _require_room(view: SavedView) -> None:
    """Raise `TooManyViews` if there is no room for one more like it."""
    views = SavedView.objects.filter(project=view.project, is_shared=view.is_shared)
    most = MAX_SHARED_VIEWS
    if not view.is_shared:
        views, most = views.filter(owner=view.owner_id), MAX_OWN_VIEWS
    if views.exclude(pk=view.pk).count() >= most:
        raise TooManyViews(most, shared=view.is_shared)
