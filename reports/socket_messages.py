"""What people are told of reports, on a project's sockets and elsewhere."""

from notifications.sockets.messages import Details
from orders.stream.models import Event


def ready(event: Event) -> Details:
    """Tell that a report is ready, or why it failed."""
    data = event.data
    failed = data["status"] == "failed"
    happened = f"could not be generated: {data['error']}" if failed else "is ready"
    return {
        "report_type": data["report_type"],
        "status": data["status"],
        **({"error": data["error"]} if failed else {}),
        "message": f"The {data['report_type']} report {happened}",
    }


def sentence_of(event: Event) -> str:
    """Return an event about a report as a sentence."""
    try:
        return str(ready(event)["message"])
    except (KeyError, TypeError):
        # Another release recorded it with other data.
        return ""
