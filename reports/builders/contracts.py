"""What a type of report promises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import Project
from orderchainer.core.days import Stretch
from reports.payloads import Payload

# The filters of a request, by name: a list of words for `provider` and `status`, else a text.
Filters = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Question:
    """What a report is about. `filters` has only those with a value."""

    project: Project
    period: Stretch
    filters: Filters = field(default_factory=dict)

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a filter that takes several."""
        return tuple(self.filters.get(name, ()))

    def text(self, name: str) -> str:
        """Return the text of a filter that takes one."""
        return str(self.filters.get(name, ""))


@dataclass(frozen=True)
class Built:
    """A report's figures, and a sentence made from them."""

    summary: str
    payload: Payload


@dataclass(frozen=True)
class Builder:
    """A type of report.

    `build` takes a bounded number of statements, whatever the project has. `schema_version` rises
    when a field of the payload changes its meaning; new fields leave it as it is.
    `reports/api/hub/payloads.py` describes the payload.
    """

    label: str
    schema_version: int
    build: Callable[[Question], Built]
    # The words that the filters `provider` and `status` take; None for any short word.
    providers: Sequence[str] | None
    statuses: Sequence[str]
    # The filters that it knows.
    filters: frozenset[str] = frozenset({"provider", "status", "currency", "customer"})
