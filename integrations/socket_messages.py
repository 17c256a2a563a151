"""What people are told of integrations and their syncs, on a project's sockets and elsewhere."""

from collections.abc import Mapping
from typing import Any

from integrations.events import EventType
from integrations.models import Integration
from integrations.models.runs import RunState
from notifications.sockets.messages import Details
from orders.stream.models import Event

_BECAME: Mapping[str, str] = {
    Integration.Status.CONNECTING: "is being connected",
    Integration.Status.CONNECTED: "is connected",
    Integration.Status.ERROR: "does not work",
    Integration.Status.DISCONNECTED: "was disconnected",
}


def status_changed(event: Event) -> Details:
    """Tell that an integration has another status, or that it was paused or resumed."""
    data = event.data
    old, new = data["previous_status"], data["status"]
    if old == new:
        happened = "is paused" if data["is_paused"] else "goes on after a pause"
    else:
        happened = _BECAME[new] + _because(data)
    return {
        "integration_id": str(event.subject_uuid),
        "provider": data["provider"],
        "account": data["account"],
        "old_status": old,
        "new_status": new,
        "is_paused": data["is_paused"],
        **_error(data),
        "message": f"{_named(data)} {happened}",
    }


def sync_finished(event: Event) -> Details:
    """Tell how a sync ended."""
    data = event.data
    return {
        "integration_id": data["integration_id"],
        "provider": data["provider"],
        "account": data["account"],
        "status": data["status"],
        **{name: data[name] for name in ("seen", "created", "changed", "refused")},
        **_error(data),
        "message": f"{_named(data)} {_ended(data)}",
    }


def sentence_of(event: Event) -> str:
    """Return an event about an integration or a sync as a sentence."""
    tell = {EventType.STATUS_CHANGED: status_changed, EventType.SYNC_FINISHED: sync_finished}
    try:
        return str(tell[EventType(event.type)](event)["message"])
    except (KeyError, TypeError, ValueError):
        # Another release recorded it with other data.
        return ""


def _ended(data: Mapping[str, Any]) -> str:
    match data["status"]:
        case RunState.DONE:
            counts = f"{data['seen']} seen, {data['created']} new, {data['changed']} changed"
            return f"was synced: {counts}" + (
                f", {data['refused']} refused" if data["refused"] else ""
            )
        case RunState.FAILED:
            return f"could not be synced{_because(data)}"
    return f"was not synced to the end{_because(data)}"


def _named(data: Mapping[str, Any]) -> str:
    return f"The {data['provider']} integration {data['account']}"


def _error(data: Mapping[str, Any]) -> Details:
    return {"error": data["error"]} if data["error"] else {}


def _because(data: Mapping[str, Any]) -> str:
    return f": {data['error']}" if data["error"] else ""
