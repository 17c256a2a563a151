"""Delete reports."""

from django.db import transaction

from accounts.locks import lock_project
from accounts.models import User
from accounts.queries import require_operation
from reports.access import MANAGE_REPORTS
from reports.models import Report


@transaction.atomic
def delete_report(*, report: Report, by: User) -> None:
    """Delete a report, even one that is being generated.

    Raises `RoleNotEnough` if `by` may not do it.
    """
    require_operation(by, lock_project(report.project), MANAGE_REPORTS)
    # A worker that builds it finds no row to write its figures into.
    Report.objects.filter(pk=report.pk).delete()
