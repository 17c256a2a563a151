"""Write what providers report about our messages."""

from django.db import transaction

from notifications.channels import Line, Report
from notifications.work.reports import REPORTED, match_parked, park, write_report


@transaction.atomic
def receive_report(*, line: Line, report: Report) -> None:
    """Write how far a message got. Reports may come twice, late, and out of order.

    `notifications.work.statuses` has the rule for what counts. If we do not know the message, we
    keep the report until our own call has told us the id. Records `message_status_changed` if the
    status changes. Raises ValueError for a report without an id, or with a status that no provider
    reports.
    """
    if not report.provider_id and report.message_uuid is None:
        msg = "a report without an id"
        raise ValueError(msg)
    if report.status not in REPORTED:
        msg = f"no provider reports {report.status}"
        raise ValueError(msg)
    if write_report(line.uuid, report):
        return
    park(line.uuid, report)
    transaction.on_commit(
        lambda: match_parked(
            line.uuid, provider_id=report.provider_id, message_uuid=report.message_uuid
        ),
        robust=True,
    )
