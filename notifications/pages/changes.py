"""What happened to a conversation besides messages: quiet lines in its log."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from accounts.naming import called
from notifications.models import Conversation
from notifications.pages.shown import ShownMessage
from orderchainer.core.db.prepared import Row
from orders.queries import Carer

_STATUSES = {
    Conversation.Status.OPEN: "Opened again",
    Conversation.Status.CLOSED: "Closed",
    Conversation.Status.SNOOZED: "Snoozed",
}


@dataclass(frozen=True)
class ShownChange:
    """A change in the log of a conversation: `Assigned to Ben`, by Anna.

    `until` is when a snooze ends. `by` is empty if nobody did it, for example if a customer wrote.
    """

    id: str
    words: str
    by: str
    until: datetime | None
    at: datetime
    place: str
    is_change: ClassVar[bool] = True


def shown_changes(row: Row, people: Sequence[Carer]) -> list[ShownChange]:
    """Return the last changes of a conversation that `shown_conversation_for` has read, by time.

    `people` are those who may be its assignee.
    """
    names = {each.uuid: each.name for each in people}
    changes = [_shown(each, names) for each in row["changes"]]
    return sorted(changes, key=lambda change: change.at)


def log_of(
    messages: Sequence[ShownMessage],
    changes: Sequence[ShownChange],
    *,
    has_older: bool,
    is_past: bool = False,
) -> list[ShownMessage | ShownChange]:
    """Return messages with the changes between them.

    What happened before the first of them belongs to older messages, if there are any. On a page of
    the past, what happened after the last of them belongs to newer ones.
    """
    entries: list[ShownMessage | ShownChange] = [*messages]
    for change in changes:
        is_early = has_older and bool(messages) and change.at < messages[0].at
        is_late = is_past and bool(messages) and change.at > messages[-1].at
        if not is_early and not is_late:
            entries.append(change)
    return sorted(entries, key=lambda entry: entry.at)


def _shown(change: Mapping[str, Any], names: Mapping[UUID, str]) -> ShownChange:
    changed = change["changes"]
    # SQLite has it as a text.
    changed = json.loads(changed) if isinstance(changed, str) else changed
    at = _moment(change["at"])
    until = changed.get("snoozed_until")
    return ShownChange(
        id=change["id"],
        words=", ".join(_words_of(changed, names)),
        by=called(change["name"] or "", change["email"] or ""),
        until=_moment(until) if until else None,
        at=at,
        place=f"{at.timestamp():.6f}-{change['number']}",
    )


def _words_of(changed: Mapping[str, Any], names: Mapping[UUID, str]) -> Iterator[str]:
    if "assignee" in changed:
        user_id = changed["assignee"]
        who = names.get(UUID(user_id), "somebody who no longer answers") if user_id else "nobody"
        yield f"Assigned to {who}"
    if changed.get("status") in _STATUSES:
        yield _STATUSES[changed["status"]]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    # SQLite's are in UTC and do not say so.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
