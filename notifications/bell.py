"""What the bell can tell of besides conversations and orders: apps above register it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from accounts.access import Operation
from orderchainer.core.registry import Registry
from orders.stream.models import Event


@dataclass(frozen=True)
class Notice:
    """Events of one type, of which the bell tells everybody who may do `operation`.

    `words_of` says what is wrong after an event, or returns nothing if all is well after it. The
    bell tells only what the last event about a subject says. `page` is the name of the URL of the
    subject's page, and `argument` what it calls the subject's UUID.
    """

    operation: Operation
    icon: str
    title_of: Callable[[Event], str]
    words_of: Callable[[Event], str]
    page: str
    argument: str

    def arguments_for(self, subject: UUID) -> dict[str, object]:
        """Return the arguments of the page of a subject, besides the project."""
        return {self.argument: subject}


# By the type of the events.
NOTICES: Registry[str, Notice] = Registry("notice at the bell")
