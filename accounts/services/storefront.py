"""The project that the storefront sells for: one, or none."""

from django.db import transaction

from accounts.activity import record_activity
from accounts.events import ActivityType
from accounts.locks import lock_storefront
from accounts.models import Project, User


@transaction.atomic
def set_storefront(*, project: Project | None, by: User | None = None) -> None:
    """Make the storefront sell the products of `project` only; None for no project.

    The previous project keeps its products and orders. Records `project_changed` for both.
    """
    # Two concurrent choices run one after the other.
    lock_storefront()
    chosen = [project.pk] if project else []
    rows = Project.objects.select_for_update(no_key=True).order_by("pk")
    for row in rows.filter(is_storefront=True).exclude(pk__in=chosen):
        _set(row, False, by)
    for row in rows.filter(pk__in=chosen, is_storefront=False):
        _set(row, True, by)


def _set(project: Project, is_storefront: bool, by: User | None) -> None:
    project.is_storefront = is_storefront
    project.save(update_fields=["is_storefront", "updated_at"])
    record_activity(
        ActivityType.PROJECT_CHANGED,
        user=None,
        by=by,
        project_id=project.pk,
        fields=["is_storefront"],
    )
