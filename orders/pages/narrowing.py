"""What the list and the board show of their filters: chips, tabs, and the saved view."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import QueryDict
from django.urls import reverse

from accounts.models import Project, User
from orderchainer.core.http.filters import ME, NOBODY
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.filters import Choice, Filters, Tab, read_filters
from orders import queries
from orders.access import SHARE_VIEWS
from orders.lifecycle import ChainState, Status
from orders.models import Order, SavedView
from orders.models.views import MAX_NAME_LENGTH
from orders.pages.base import OfOrders
from orders.pages.filters import AGES, OrderListFilter
from orders.pages.shown import SOURCES

# The parameter that names the saved view which the reader has opened.
VIEW = "view"
# The names of the pages' URLs.
LAYOUTS = {SavedView.Layout.LIST: "orders", SavedView.Layout.BOARD: "order-board"}

TABS = (
    ("All", ""),
    ("Waiting", ChainState.WAITS),
    ("Ready", ChainState.READY),
    ("Blocked", ChainState.BLOCKED),
)
# How chips begin.
CHIPS = {
    "search": "Text",
    "status": "Status",
    "chain": "Chain",
    "assignee": "Assigned to",
    "provider": "Source",
    "customer": "Customer",
    "age": "In its status for at least",
    "min_total": "Total from",
    "max_total": "Total up to",
}
# The filters that are folded away until one of them is set.
FOLDED = ("assignee", "provider", "customer", "age", "min_total", "max_total")


@dataclass(frozen=True)
class OpenView:
    """The saved view that the reader has opened, and whether its filters are still the same."""

    view: SavedView
    url: str
    is_modified: bool
    may_change: bool


@dataclass(frozen=True)
class Narrowing:
    """The filters of a page, as its template shows them.

    `query` and `layout` are what saving the page as a view keeps.
    """

    filters: Filters
    address: str
    layout: str
    tabs: Sequence[Tab]
    chips: Sequence[tuple[str, str]]
    opened: OpenView | None
    lost_view: bool
    other_layout: str
    people: Sequence[tuple[str, str]]
    max_name_length: int = MAX_NAME_LENGTH
    # A form that is sent twice saves one view.
    key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def query(self) -> str:
        """The query string of the filters."""
        return self.filters.query

    @property
    def statuses(self) -> Sequence[Choice]:
        """The choices of the filter `status`."""
        return self._choices("status", zip(Status.values, Status.values, strict=True))

    @property
    def chain(self) -> Sequence[Choice]:
        """The choices of the filter `chain`."""
        return self._choices("chain", zip(ChainState.values, ChainState.values, strict=True))

    @property
    def sources(self) -> Sequence[Choice]:
        """The choices of the filter `provider`."""
        return self._choices("provider", SOURCES.items())

    @property
    def ages(self) -> Sequence[Choice]:
        """The choices of the filter `age`."""
        return self._choices("age", AGES.items())

    @property
    def assignees(self) -> Sequence[Choice]:
        """The choices of the filter `assignee`."""
        return self._choices("assignee", self.people)

    @property
    def is_open(self) -> bool:
        """Whether a narrow screen unfolds the filters: one is set that no tab and no text shows."""
        is_set = any(self.filters.values.get(name) for name in CHIPS if name != "search")
        return is_set and not any(tab.is_current for tab in self.tabs)

    @property
    def is_unfolded(self) -> bool:
        """Whether one of the rarer filters is set."""
        return any(self.filters.values.get(name) for name in FOLDED)

    def _choices(self, name: str, choices: Iterable[tuple[str, str]]) -> Sequence[Choice]:
        return [Choice(value, words, self.filters.has(name, value)) for value, words in choices]

    @property
    def narrows(self) -> bool:
        """Whether any filter is set. A sorting does not count."""
        return bool(self.filters.without("ordering"))

    def address_of_sorting(self, by: str) -> str:
        """Return the address of the page with another sorting."""
        kept = {VIEW: self.opened.view.pk} if self.opened else {}
        return address_with(self.address, self.filters.replacing("ordering", [by]), kept)

    @property
    def texts(self) -> Mapping[str, str]:
        """The value of each filter, of those that take one."""
        return {name: values[0] for name, values in self.filters.values.items()}

    def value(self, name: str) -> str:
        """Return the value of a filter that takes one, or nothing."""
        return self.filters.values.get(name, ("",))[0]


def narrowing_of(page: OfOrders, filters: Filters, *, layout: SavedView.Layout) -> Narrowing:
    """Return what a page shows of its filters. Two statements: the saved views, and the people."""
    project, path = page.its_project, page.request.path
    people = [(ME, "me"), (NOBODY, "nobody")]
    people += [(str(each.uuid), each.name) for each in queries.carers_of(project)]
    saved = queries.views_for(page.person, project)
    wanted = page.request.GET.get(VIEW, "")
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 20 else 0
    view = next((each for each in saved if each.pk == number), None)
    kept = {VIEW: view.pk} if view else {}
    other = SavedView.Layout.BOARD if layout == SavedView.Layout.LIST else SavedView.Layout.LIST
    return Narrowing(
        filters=filters,
        address=path,
        layout=layout,
        tabs=[
            *_tabs(path, filters, is_open=view is not None),
            *(Tab(each.name, address_of(project, each), each == view) for each in saved),
        ],
        chips=list(_chips(path, filters, kept, people)),
        opened=_opened(page, view, filters, layout) if view else None,
        people=people,
        lost_view=0 < number <= MAX_ID and view is None,
        other_layout=address_with(
            reverse(LAYOUTS[other], kwargs={"project_id": project.uuid}), filters, kept
        ),
    )


def address_with(path: str, filters: Filters, more: dict[str, Any] | None = None) -> str:
    """Return the address of a page with these filters."""
    query = "&".join(filter(None, [filters.query, urlencode(more or {})]))
    return f"{path}?{query}" if query else path


def address_of(project: Project, view: SavedView) -> str:
    """Return the address of a saved view. It carries the whole query string."""
    path = reverse(LAYOUTS[SavedView.Layout(view.layout)], kwargs={"project_id": project.uuid})
    return f"{path}?{'&'.join(filter(None, [view.query, urlencode({VIEW: view.pk})]))}"


def filters_in(query: str) -> Filters:
    """Return the filters in a query string, without what they do not understand."""
    return read_filters(OrderListFilter, QueryDict(query), Order.objects.none())[0]


def _opened(
    page: OfOrders, view: SavedView, filters: Filters, layout: SavedView.Layout
) -> OpenView:
    return OpenView(
        view,
        address_of(page.its_project, view),
        is_modified=view.layout != layout or filters_in(view.query) != filters,
        may_change=may_change(page, page.person, view),
    )


def may_change(page: OfOrders, person: User, view: SavedView) -> bool:
    """Tell whether `person` may change a view that they see."""
    return page.may(SHARE_VIEWS) if view.is_shared else view.owner_id == person.pk


def _chips(
    path: str, filters: Filters, kept: dict[str, Any], people: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Return the words of each filter, and the address without it."""
    words_of: Mapping[str, Mapping[str, str]] = {
        "assignee": dict(people),
        "provider": {str(source): words for source, words in SOURCES.items()},
        "age": AGES,
    }
    for name, words in CHIPS.items():
        for value in filters.values.get(name, ()):
            shown = words_of.get(name, {}).get(value, value)
            yield f"{words}: {shown}", address_with(path, filters.without(name, value), kept)


def _tabs(path: str, filters: Filters, *, is_open: bool) -> Iterator[Tab]:
    """Return the views that everybody has. They keep the sorting."""
    sorting = filters.values.get("ordering", ())
    for label, state in TABS:
        wanted = Filters({"chain": (state,)} if state else {}).replacing("ordering", sorting)
        yield Tab(label, address_with(path, wanted), not is_open and wanted == filters)
