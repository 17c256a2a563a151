"""Moving many orders at once, or assigning them to somebody."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.access import Operation
from accounts.errors import MemberNotFound
from accounts.models import Project
from accounts.pages.base import own_path
from accounts.queries import member_for
from accounts.services import fingerprint_of
from orderchainer.core.db.planning import planned_for_values
from orderchainer.core.errors import Invalid
from orderchainer.core.http.filters import NOBODY
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.filters import read_filters
from orderchainer.core.web.page import SeeOther
from orders import queries
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.bulk import asking
from orders.lifecycle import OPEN_MOVES, Status
from orders.models import BulkChange, Order
from orders.models.views import MAX_QUERY_LENGTH
from orders.pages.base import OfOrders, incomplete
from orders.pages.filters import OrderListFilter
from orders.pages.shown import order_address

# The parameter that names the change whose result a page shows.
BULK = "bulk"


class BulkForm(forms.Form):
    """What to do, and with which orders: some by their numbers, or all that filters select."""

    action = forms.ChoiceField(choices=BulkChange.Action.choices)
    key = forms.CharField(max_length=64)
    status = forms.ChoiceField(choices=Status.choices, required=False)
    # A member, by UUID, or nobody.
    assignee = forms.CharField(max_length=64, required=False)
    all = forms.BooleanField(required=False)
    query = forms.CharField(max_length=MAX_QUERY_LENGTH, required=False, strip=False)
    next = forms.CharField(required=False)
    # The `mark_of` the orders that the question before was about, if there was one.
    confirmed = forms.CharField(max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        """Forget what the bar offers for the other action: it sends all that it shows."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        others = "status" if cleaned.get("action") == BulkChange.Action.ASSIGN else "assignee"
        return {**cleaned, others: ""}


class _Unconfirmed(Exception):  # a reason to ask, and no error
    """Nobody was asked yet whether to change these orders."""


class BulkPage(OfOrders):
    """Moves or assigns the selected orders. Only the bar of another page sends this form."""

    template_name = "orders/bulk_confirm.html"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": HANDLE_ORDERS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask first if there is no way back, else do it. Then go back to where the form was."""
        form = BulkForm(self.request.POST)
        if not form.is_valid():
            raise incomplete(form)
        asked = form.cleaned_data
        selected = {} if asked["all"] else selected_in(self.request.POST)
        back = own_path(asked["next"]) or reverse(
            "orders", kwargs={"project_id": self.its_project.uuid}
        )
        if _needs_care(asked) and not asked["confirmed"]:
            return self._ask_first(asked, selected, back)
        try:
            change = self._request(asked, selected)
        except _Unconfirmed:
            return self._ask_first(asked, selected, back)
        asking.begin_bulk_change(change)
        return SeeOther(_with_result(back, change))

    def _request(self, asked: Mapping[str, Any], selected: Mapping[int, int | None]) -> BulkChange:
        wanted: Any = {
            "project": self.its_project,
            "by": self.person,
            "orders": lambda: self._confirmed(asked, selected),
            "key": asked["key"],
            "digest": fingerprint_of(
                [asked[name] for name in ("action", "status", "assignee", "all", "query")]
                + sorted(map(str, selected.items()))
            ),
        }
        if asked["action"] == BulkChange.Action.MOVE:
            return asking.request_bulk_move(status=asked["status"], **wanted)
        if asked["assignee"] == NOBODY:
            return asking.request_bulk_assignment(assignee=None, **wanted)
        try:
            assignee = member_for(self.its_project, asked["assignee"]).user
        except MemberNotFound:
            raise Invalid({"assignee": ["Choose a member."]}, "Choose a member.") from None
        return asking.request_bulk_assignment(assignee=assignee, **wanted)

    def _confirmed(
        self, asked: Mapping[str, Any], selected: Mapping[int, int | None]
    ) -> Mapping[int, int | None]:
        """Return the orders. Raises `_Unconfirmed` if others match than at the question."""
        orders = self._all(asked["query"]) if asked["all"] else selected
        if _needs_care(asked) and mark_of(orders) != asked["confirmed"]:
            raise _Unconfirmed
        return orders

    def _all(self, query: str) -> dict[int, int | None]:
        """Return the orders that the filters select, one more than allowed at most.

        A filter that we do not understand would select more than the person saw.
        """
        orders = Order.objects.filter(project=self.its_project)
        filters, found = read_filters(
            OrderListFilter, QueryDict(query), orders, request=self.request
        )
        if filters.notes:
            words = " ".join(filters.notes)
            raise Invalid({"query": [words]}, words)
        with planned_for_values(bool(filters)):
            ids = found.order_by().values_list("pk", flat=True)[: asking.MAX_ORDERS + 1]
            return dict.fromkeys(ids)

    def _ask_first(
        self, asked: Mapping[str, Any], selected: Mapping[int, int | None], back: str
    ) -> HttpResponse:
        orders = self._all(asked["query"]) if asked["all"] else selected
        if not orders:
            raise Invalid({"order": ["Select at least one order."]}, "Select at least one order.")
        sent = [
            (name, value)
            for name, values in self.request.POST.lists()
            for value in values
            if name not in {"csrfmiddlewaretoken", "confirmed"}
        ]
        return self.show(
            {
                "count": len(orders),
                "mark": mark_of(orders),
                "asked": asked,
                "was": _number_in(asked["confirmed"].partition("-")[0]),
                "sent": sent,
                "back": back,
                "is_final": bool(asked["status"]) and not OPEN_MOVES[asked["status"]],
            }
        )


class BulkResultPage(OfOrders):
    """How far a change has come. A page that shows it asks again until it is over."""

    template_name = "orders/bulk_result.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; nothing if it is forgotten."""
        change = queries.bulk_change_for(self.person, self.its_project, self.kwargs["change_id"])
        return self.show(result_of(self.its_project, change))


def mark_of(orders: Collection[int]) -> str:
    """Return what tells these orders from any others: how many they are, and a digest of them."""
    return f"{len(orders)}-{fingerprint_of(sorted(orders))}"


def selected_in(posted: QueryDict) -> dict[int, int | None]:
    """Return the orders that are ticked, each with the version that the page showed: `12-3`.

    Without one, as in `12`, the order may have changed meanwhile.
    """
    selected: dict[int, int | None] = {}
    for text in posted.getlist("order"):
        number_text, dash, version_text = text.partition("-")
        number, version = _number_in(number_text), _number_in(version_text)
        if not 0 < number <= MAX_ID or (dash and not version):
            raise Invalid({"order": ["This is not the number of an order."]})
        selected[number] = version or None
    return selected


def bulk_bar_of(page: OfOrders, *, shown: int, total: int) -> dict[str, Any]:
    """Return what the bar of a page needs besides its `people`, and the result of the last change.

    The page shows so many of the `total` orders that match. One statement if the address names a
    change.
    """
    if not page.may(HANDLE_ORDERS):
        return {}
    project = page.its_project
    change = change_in(page.request, page)
    return {
        "bulk_shown": shown,
        "bulk_total": total,
        "bulk_statuses": Status.values,
        "bulk_back": _without_result(page.request),
        "selected": set(change.numbers()) if change else set(),
        **result_of(project, change),
    }


def change_in(request: HttpRequest, page: OfOrders) -> BulkChange | None:
    """Return the change that the address of a page names."""
    number = _number_in(request.GET.get(BULK, ""))
    return queries.bulk_change_for(page.person, page.its_project, number) if number else None


def result_of(project: Project, change: BulkChange | None) -> dict[str, Any]:
    """Return a change as pages show it."""
    return {
        "bulk": change,
        "bulk_refusals": [
            (each["order"], order_address(project, each["order"]), each["reason"])
            for each in (change.refusals if change else ())
        ],
    }


def _needs_care(asked: Mapping[str, Any]) -> bool:
    """Tell whether to ask first: all that match may be many, and some moves have no way back."""
    return bool(asked["all"] or (asked["status"] and not OPEN_MOVES[asked["status"]]))


def _without_result(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop(BULK, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _with_result(path: str, change: BulkChange) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode({BULK: change.pk})}"


def _number_in(text: str) -> int:
    """Return a number, or 0 for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
