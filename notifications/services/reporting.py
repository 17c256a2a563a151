"""Write what providers report about our messages."""

from notifications.channels import Line, Report


def receive_report(*, line: Line, report: Report) -> None:
    """Write how far a message got. The same report may come twice, late, and out of order.

    Keeps a report about an unknown message until our own call has told us its id. Records
    `message_status_changed` if the status is another one.
    """
    raise NotImplementedError
