"""What the bell tells those who connect integrations: that one stopped working."""

from integrations.models import Integration
from integrations.providers import label_of
from orders.stream.models import Event


def title_of(event: Event) -> str:
    """Name an integration."""
    return f"{label_of(str(event.data.get('provider', '')))} {event.data.get('account', '')}"


def words_of(event: Event) -> str:
    """Say what is wrong after the status of an integration changed, or nothing if all is well."""
    data = event.data
    if data.get("status") != Integration.Status.ERROR or data.get("is_paused"):
        return ""
    return f"Not working: {data['error']}" if data.get("error") else "Not working"
