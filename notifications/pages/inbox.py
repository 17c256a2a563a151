"""The inbox: the conversations of a project. Its address is all that it knows about filters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import NoReverseMatch, reverse

from accounts.access import Operation
from accounts.models import Project
from notifications.access import VIEW_MESSAGES
from notifications.channels import CHANNELS, lines_of
from notifications.models import Conversation
from notifications.pages.base import OfInbox, ids_in
from notifications.pages.filters import NEWEST, SORTINGS, InboxFilter
from notifications.pages.shown import channel_label, shown_conversation
from notifications.queries import conversations_of, listed_conversations
from notifications.queries.for_pages import conversations_among
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.filters import ME, NOBODY, planned_for_filters
from orderchainer.core.web.filters import Choice, Filters, Tab, read_filters
from orderchainer.core.windows import Window

PAGE_SIZE = 30
# No list is longer, and PostgreSQL counts no further.
MAX_PAGE = 10_000_000

# The views that everybody has.
TABS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("Open", {}),
    ("Unread", {"unread": "true"}),
    ("Mine", {"assignee": ME}),
    ("Unassigned", {"assignee": NOBODY}),
    ("Snoozed", {"status": Conversation.Status.SNOOZED}),
    ("Closed", {"status": Conversation.Status.CLOSED}),
)
YES = frozenset({"true", "1"})
ABOUT_ORDERS = {"true": "With an order", "false": "Without an order"}
ASSIGNEES = {ME: "Me", NOBODY: "Nobody"}
# How the chips of filters begin. The others say it all.
CHIPS = {"search": "Text", "provider": "Channel", "status": "State", "assignee": "Assigned to"}


@dataclass(frozen=True)
class Narrowing:
    """The filters of the list, as its template shows them. `address` is the inbox."""

    filters: Filters
    address: str

    @property
    def query(self) -> str:
        """The query string of the filters."""
        return self.filters.query

    @property
    def narrows(self) -> bool:
        """Whether any filter is set. A sorting does not count."""
        return bool(self.filters.without("ordering"))

    @property
    def search(self) -> str:
        """The text that is searched for."""
        return self.filters.values.get("search", ("",))[0]

    @property
    def is_unread_only(self) -> bool:
        """Whether the list shows only what nobody has read."""
        return _is_unread(self.filters)

    @property
    def is_open(self) -> bool:
        """Whether the filters are unfolded: one is set that no tab and no text shows."""
        is_set = self.filters.without("search").without("ordering")
        return bool(is_set) and not any(tab.is_current for tab in self.tabs)

    @property
    def tabs(self) -> Sequence[Tab]:
        """The views that everybody has. They keep the sorting."""
        sorting = self.filters.values.get("ordering", ())
        return [
            Tab(label, self._address_of(wanted), wanted == self.filters)
            for label, values in TABS
            for wanted in [
                Filters({name: (str(value),) for name, value in values.items()}).replacing(
                    "ordering", sorting
                )
            ]
        ]

    @property
    def selects(self) -> Iterator[tuple[str, str, Sequence[Choice]]]:
        """The filters with a few values: the parameter, its label, and its choices."""
        channels = {name: channel.label for name, channel in CHANNELS.items()}
        states = {
            str(Conversation.Status.OPEN): "Open",
            str(Conversation.Status.SNOOZED): "Snoozed",
            str(Conversation.Status.CLOSED): "Closed",
        }
        yield "status", "State", self._choices("status", states, "Any")
        yield "assignee", "Assigned to", self._choices("assignee", ASSIGNEES, "Anybody")
        yield "provider", "Channel", self._choices("provider", channels, "Any")
        yield "order", "Orders", self._choices("order", ABOUT_ORDERS, "Any")
        yield "ordering", "Sort by", self._choices("ordering", SORTINGS, "")

    def _choices(self, name: str, words: Mapping[str, str], without: str) -> Sequence[Choice]:
        given = self.filters.values.get(name, (NEWEST,) if name == "ordering" else ())
        if name == "status" and shows_open_only(self.filters):
            # Open is what the list shows by itself.
            return [
                Choice("" if value == "open" else value, each, value == "open")
                for value, each in words.items()
            ]
        is_offered = without and (name != "status" or not given)
        offered = {"": without} if is_offered else {}
        return [
            Choice(value, each, value in given or (not value and not given))
            for value, each in {**offered, **words}.items()
        ]

    @property
    def chips(self) -> Iterator[tuple[str, str]]:
        """The words of each filter, and the address of the list without it."""
        for name, values in sorted(self.filters.values.items()):
            for value in values:
                if name != "ordering":
                    words = _words_of(name, value)
                    yield words, self._address_of(self.filters.without(name, value))

    def _address_of(self, filters: Filters) -> str:
        return f"{self.address}?{filters.query}" if filters else self.address


def _words_of(name: str, value: str) -> str:
    """Say what a filter keeps."""
    is_yes = value.lower() in YES
    match name:
        case "unread":
            return "Unread" if is_yes else "Read"
        case "blocked":
            return "Blocked" if is_yes else "Not blocked"
        case "order":
            return ABOUT_ORDERS["true" if is_yes else "false"]
        case "provider":
            value = channel_label(value)
        case "assignee":
            value = ASSIGNEES.get(value, "somebody else").lower()
    return f"{CHIPS[name]}: {value}"


def conversations_selected(
    project: Project, request: HttpRequest
) -> tuple[Filters, QuerySet[Conversation]]:
    """Return the filters of a list, and the conversations that they select, the newest first."""
    rows = conversations_of(project).order_by("-last_activity_at", "-id")
    filters, found = read_filters(InboxFilter, request.GET, rows, request=request)
    if "blocked" not in filters.values:
        found = found.exclude(contact__is_blocked=True)
    if shows_open_only(filters):
        found = found.filter(status=Conversation.Status.OPEN)
    return filters, found


def shows_open_only(filters: Filters) -> bool:
    """Tell whether the list leaves out what is closed or snoozed, although nobody asked for that.

    A text is searched for everywhere. A message that nobody has read is shown wherever it is, or
    nobody would find it.
    """
    return not filters.values.keys() & {"status", "search", "blocked"} and not _is_unread(filters)


def _is_unread(filters: Filters) -> bool:
    return any(value.lower() in YES for value in filters.values.get("unread", ()))


class InboxPage(OfInbox):
    """The list of conversations."""

    template_name = "notifications/inbox.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page of the conversations that the address selects."""
        project = self.its_project
        filters, found = conversations_selected(project, self.request)
        number = _number_in(self.request.GET.get("page", ""))
        with planned_for_filters(self.request, InboxFilter):
            rows, total = listed_conversations(found, _window(number))
            pages = Paginator(range(total), PAGE_SIZE)
            if number > pages.num_pages:
                # An old link: the list has become shorter.
                number = pages.num_pages
                rows, _ = listed_conversations(found, _window(number))
        narrowing = Narrowing(filters, self.request.path)
        return self.show(
            {
                "conversations": [shown_conversation(project, row, filters.query) for row in rows],
                "page": pages.page(number),
                "narrowing": narrowing,
                "rows_url": rows_address(self, filters),
                **({} if rows else self._nothing(narrowing)),
            }
        )

    def _nothing(self, narrowing: Narrowing) -> dict[str, Any]:
        """Return the words of an empty list, which name the next step. At most two statements."""
        if not conversations_of(self.its_project).exists():
            return self._nothing_yet()
        if narrowing.filters.without("ordering") == Filters({"unread": ("true",)}):
            return {
                "empty_title": "You have read everything",
                "empty_text": "New messages appear here by themselves.",
                "empty_actions": [("All open conversations", narrowing.address)],
            }
        if not narrowing.narrows:
            closed = Filters({"status": (str(Conversation.Status.CLOSED),)})
            return {
                "empty_title": "Nothing is open",
                "empty_text": "A conversation opens again when its customer writes.",
                "empty_actions": [
                    ("Closed conversations", f"{narrowing.address}?{closed.query}"),
                ],
            }
        return {
            "empty_title": "No conversations match",
            "empty_text": "Remove a filter, or clear all of them.",
            "empty_actions": [("Clear filters", narrowing.address)],
        }

    def _nothing_yet(self) -> dict[str, Any]:
        """Return the words for a project without conversations, by the channels that it has."""
        lines = lines_of(self.its_project)
        working = dict.fromkeys(channel_label(line.channel) for line in lines if not line.trouble)
        if working:
            return {
                "empty_title": "No conversations yet",
                "empty_text": f"When a customer writes on {' or '.join(working)}, the "
                "conversation appears here by itself.",
            }
        integrations = _address_if_any("integrations", self.its_project)
        if lines:
            return {
                "empty_title": "No channel works right now",
                "empty_text": "Conversations appear here once one works again.",
                "empty_actions": [("See what is wrong", integrations)] if integrations else [],
            }
        return {
            "empty_title": "No conversations yet",
            "empty_text": "What customers write on a connected channel appears here.",
            "empty_actions": [("Connect a channel", integrations)] if integrations else [],
        }


class InboxRowsPage(OfInbox):
    """Some rows of the list again: those whose conversations have changed."""

    template_name = "notifications/rows.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the rows of the conversations that `ids` names.

        Those that the filters leave out say so.
        """
        project = self.its_project
        uuids = ids_in(self.request.GET)
        filters, found = conversations_selected(project, self.request)
        matching = set(found.order_by().filter(uuid__in=uuids).values_list("uuid", flat=True))
        return self.show(
            {
                "conversations": [
                    shown_conversation(project, row, filters.query)
                    for row in conversations_among(project, uuids)
                    if not row["contact_is_blocked"] or row["uuid"] in matching
                ],
                "unmatched": set(uuids) - matching,
                "current": self.request.GET.get("current", ""),
            }
        )


def rows_address(page: OfInbox, filters: Filters, *, current: UUID | None = None) -> str:
    """Return where a list asks for some of its rows again. `current` is the open conversation."""
    query = QueryDict(filters.without("ordering").query, mutable=True)
    if current is not None:
        query["current"] = str(current)
    address = page.address("inbox-rows")
    return f"{address}?{query.urlencode()}" if query else address


def shown_rows(project: Project, rows: Sequence[Row], filters: Filters) -> list[Any]:
    """Return rows of a list as its template shows them."""
    return [shown_conversation(project, row, filters.query) for row in rows]


def _address_if_any(name: str, project: Project) -> str:
    """Return the address of a page of an app above, or nothing if no app has it."""
    try:
        return reverse(name, kwargs={"project_id": project.uuid})
    except NoReverseMatch:
        return ""


def _number_in(text: str) -> int:
    """Return which page of the list is asked for; the first one if that is no number."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 20
    return min(max(int(text), 1), MAX_PAGE) if is_number else 1


def _window(number: int) -> Window:
    return Window(skip=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
