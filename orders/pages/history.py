"""What happened to an order, in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.naming import called
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.looks import LOOKS, Look
from orders.errors import numbered
from orders.lifecycle import EventType
from orders.stream.models import Event

_LOOKS: dict[str, Look] = {
    EventType.CREATED: Look("plus", "slate"),
    EventType.UPDATED: Look("pencil", "slate"),
    EventType.DEPENDENCY_WAIVED: Look("undo-2", "slate"),
    EventType.DELETED: Look("trash-2", "grey"),
}
_OTHER = Look("activity", "slate")
# Fields whose names say too little. The others are called by their names.
_FIELDS: Mapping[str, str] = {
    "auto_activate": "whether it starts by itself",
    "dependencies": "what it waits for",
    "failure_policy": "what happens if one of them fails",
}


@dataclass(frozen=True)
class Entry:
    """An event as the history shows it."""

    icon: str
    hue: str
    text: str
    by: str
    at: datetime


def entries_of(events: Sequence[Event], names: Mapping[UUID, str]) -> list[Entry]:
    """Return the events that `latest_events` has read as the history shows them.

    `names` are those of members by their ids. If an event names others, one statement reads them.
    """
    told = {uuid for event in events for uuid in _people_in(event)}
    if missing := told - names.keys():
        found = User.objects.filter(uuid__in=missing)
        names = {**names, **{each.uuid: called(each.name, each.email) for each in found}}
    return [_entry_of(event, names) for event in events]


def _people_in(event: Event) -> list[UUID]:
    """Return the ids of those to whom the event assigned the order."""
    told = event.data.get("changes", {}).get("assignee") or {}
    uuid = uuid_in(told.get("to") or "")
    return [uuid] if uuid else []


def _entry_of(event: Event, names: Mapping[UUID, str]) -> Entry:
    look = _look_of(event)
    cause = event.data.get("cause") or {}
    name = (getattr(event, "actor_name", None) or "").strip()
    by = name or (str(cause["source"]).capitalize() if "source" in cause else "")
    return Entry(look.icon, look.hue, _sentence_of(event, names), by, event.created_at)


def _sentence_of(event: Event, names: Mapping[UUID, str]) -> str:
    """Say what happened, and why if no user did it."""
    people = [names.get(uuid, "somebody") for uuid in _people_in(event)]
    words = _words_of(event.type, event.data, people)
    cause = event.data.get("cause") or {}
    if "order_id" in cause:
        words += f", because #{cause['order_id']} is {cause['status']}"
    return words


def _look_of(event: Event) -> Look:
    match event.type:
        case EventType.STATUS_CHANGED:
            return LOOKS.get(str(event.data.get("new_status")), _OTHER)
        case EventType.READY:
            return LOOKS.get("ready", _OTHER)
        case EventType.BLOCKED:
            return LOOKS.get("blocked", _OTHER)
    return _LOOKS.get(event.type, _OTHER)


def _words_of(type_: str, data: dict[str, Any], people: Sequence[str]) -> str:
    match type_:
        case EventType.CREATED:
            awaited = data.get("dependencies")
            return f"Created, waits for {numbered(awaited)}" if awaited else "Created"
        case EventType.UPDATED:
            changed = sorted(data.get("changes", {}).keys() - {"assignee"})
            said = []
            if "assignee" in data.get("changes", {}):
                said.append(f"Assigned to {people[0] if people else 'nobody'}")
            if changed:
                names = [_FIELDS.get(name, name.replace("_", " ")) for name in changed]
                said.append(f"Changed: {', '.join(names)}")
            return ". ".join(said)
        case EventType.STATUS_CHANGED:
            return f"Moved from {data.get('old_status')} to {data.get('new_status')}"
        case EventType.READY:
            return "Became ready"
        case EventType.BLOCKED:
            return f"Blocked by {numbered(data.get('blockers', []))}"
        case EventType.DEPENDENCY_WAIVED:
            return f"No longer waits for #{data.get('dependency')}: {data.get('reason')}"
        case EventType.DELETED:
            return "Deleted"
    return type_.replace("_", " ").capitalize()
