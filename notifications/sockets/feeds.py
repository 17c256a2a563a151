"""The feeds that a socket can follow: which events they contain, live and from the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from notifications.sockets.audiences import ONLY_ORDERS, Audiences, all_that_hear_of, kinds_for
from orders.stream.models import Event
from orders.stream.queries import stream_of_owner, stream_of_project


class Feed(Protocol):
    """A part of the stream of all events. Feeds serve as dictionary keys, so they are hashable."""

    def __hash__(self) -> int: ...

    def after(self, position: int, *, limit: int) -> list[Event]:
        """Read the feed's next events after `position` from the database, in the stream's order."""


@dataclass(frozen=True, slots=True)
class OwnerFeed:
    """Everything that happens to the orders of one owner."""

    owner_id: int

    def after(self, position: int, *, limit: int) -> list[Event]:
        """Read the owner's next events after `position`."""
        return stream_of_owner(self.owner_id, after=position, limit=limit)


@dataclass(frozen=True, slots=True)
class ProjectFeed:
    """What happens in one project, as far as these audiences hear of it."""

    project_id: int
    audiences: Audiences = ONLY_ORDERS

    def after(self, position: int, *, limit: int) -> list[Event]:
        """Read the project's next events after `position`."""
        kinds = kinds_for(self.audiences)
        return stream_of_project(self.project_id, kinds, after=position, limit=limit)


def feeds_of(event: Event) -> Sequence[Feed]:
    """Return every feed that `event` belongs to."""
    of_project = [
        ProjectFeed(event.project_id, audiences)
        for audiences in all_that_hear_of(event.subject_kind)
    ]
    if event.is_of_order and event.owner_id is not None:
        return OwnerFeed(event.owner_id), *of_project
    return of_project
