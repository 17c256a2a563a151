"""Moving an order to another status: which moves there are, what one brings, and doing it."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from accounts.access import Operation
from accounts.pages.base import own_path
from accounts.services import answer_once, fingerprint_of
from orderchainer.core.errors import DomainError, Stale
from orderchainer.core.web.forms import VersionField
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.page import SeeOther
from orderchainer.core.web.tags import A_MINUTE, ago, exactly
from orders import queries, services
from orders.access import HANDLE_ORDERS
from orders.errors import OrderNotFound
from orders.lifecycle import EventType, Status
from orders.models import Order
from orders.pages.base import OfOrders, read_posted, unless_overtaken
from orders.pages.consequences import consequences_of
from orders.pages.history import entries_of
from orders.pages.listing import numbers_in
from orders.pages.shown import is_final, order_address, shown_order


class MoveForm(forms.Form):
    """Where to, which version the page showed, and where to go afterwards.

    `sure` says that somebody was asked. A script sends a `key`, so that it can try again.
    """

    status = forms.ChoiceField(choices=Status.choices)
    version = VersionField()
    next = forms.CharField(required=False)
    sure = forms.BooleanField(required=False)
    key = forms.CharField(required=False, max_length=64)


class MovesPage(OfOrders):
    """The moves of an order. With `to`, the page asks whether to make that one."""

    template_name = "orders/moves.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": HANDLE_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the moves, or what the wanted one brings. Scripts get the menu or the dialog."""
        asked = self.request.GET
        row = queries.numbered_row_in_project(
            self.its_project, self.kwargs["number"], viewer=self.person
        )
        order = shown_order(self.its_project, row)
        context = {
            "order": order,
            "version": asked.get("version", "") or order.version,
            "next": own_path(asked.get("next", "")) or "",
        }
        is_part = wants_fragment(self.request)
        wanted = asked.get("to", "")
        if wanted not in Status.values:
            return self.show(context, template="orders/menu.html" if is_part else "")
        impact = services.foresee_move(self.person, order.number, wanted)
        return self.show(
            {
                **context,
                "wanted": wanted,
                "is_final": is_final(wanted),
                "consequences": consequences_of(self.its_project, impact),
            },
            template="orders/asking_dialog.html" if is_part else "orders/asking.html",
        )


class MovesDoor(OfOrders):
    """Leads the buttons of a board or a list, which only know a number, to the order's moves."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": HANDLE_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go there, or to the board if no order is named."""
        asked = self.request.GET
        for number in numbers_in({"ids": asked.get("order", "")}):
            next_ = urlencode({"next": asked.get("next", "")})
            return SeeOther(f"{order_address(self.its_project, number)}/moves?{next_}")
        return SeeOther(reverse("order-board", kwargs={"project_id": self.its_project.uuid}))


class MovePage(OfOrders):
    """Moves an order, for the forms of other pages."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": HANDLE_ORDERS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Move it, and go back to where the form was. Scripts get a sentence, and a way back."""
        sent = read_posted(MoveForm, self.request.POST)
        number = queries.number_in_project(self.its_project, self.kwargs["number"])
        if is_final(sent["status"]) and not sent["sure"]:
            return SeeOther(self._asking(number, sent))
        try:
            was = self._move(number, sent)
        except Stale as exc:
            raise Stale(_who_was_faster(number) or exc.message) from exc
        words = f"#{number} is {sent['status']} now."
        if wants_fragment(self.request):
            return self._moved(number, words, was)
        messages.success(self.request, words)
        return SeeOther(own_path(sent["next"]) or order_address(self.its_project, number))

    def explain(self, exc: DomainError) -> Mapping[str, Any]:
        """Offer the moves that are open instead, besides the orders in the way."""
        told = super().explain(exc)
        moves = exc.data.get("open_moves")
        if self.project is None or not moves:
            return told
        try:
            row = queries.numbered_row_in_project(
                self.project, self.kwargs["number"], viewer=self.person
            )
        except OrderNotFound:
            # Somebody has deleted it since the refusal.
            return told
        next_ = own_path(self.request.POST.get("next", "")) or ""
        return {
            **told,
            "ways_on": "orders/open_moves.html",
            "order": shown_order(self.project, row),
            "open_moves": moves,
            "next": next_,
        }

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the order. A script shows the refusal at the order itself."""
        return {} if wants_fragment(self.request) else super().way_out(exc)

    def _asking(self, number: int, sent: Mapping[str, Any]) -> str:
        moves = f"{order_address(self.its_project, number)}/moves"
        asked = {"to": sent["status"], "version": sent["version"], "next": sent["next"]}
        return f"{moves}?{urlencode(asked)}"

    def _move(self, number: int, sent: Mapping[str, Any]) -> str:
        """Move the order, and return the status that it had."""
        wanted: str = sent["status"]
        was: list[str] = [wanted]
        unchanged = unless_overtaken(sent["version"], wanted=wanted)

        def require(order: Order) -> None:
            was[0] = str(order.status)
            unchanged(order)

        def work() -> str:
            services.update_order(
                order_id=number, by=self.person, fields={"status": wanted}, precondition=require
            )
            return was[0]

        if not sent["key"]:
            return work()
        # The key outlives the page: the second answer says the same as the first.
        fingerprint = fingerprint_of([self.request.path, {"status": [wanted]}])
        kept: str = answer_once(
            user=self.person, key=sent["key"], fingerprint=fingerprint, work=work
        ).value
        return kept

    def _moved(self, number: int, words: str, was: str) -> HttpResponse:
        """Say what happened. If the way back is open, offer it."""
        row = queries.numbered_row_in_project(self.its_project, number, viewer=self.person)
        order = shown_order(self.its_project, row)
        is_open = any(move.status == was and not move.closed for move in order.moves)
        context = {"order": order, "words": words, "undo": was if is_open else ""}
        return self.show(context, template="orders/moved.html")


def _who_was_faster(number: int) -> str:
    """Say what somebody did to the order just now, or nothing if its history does not tell."""
    events, _ = queries.latest_events(number, limit=1)
    for event in events:
        age = (timezone.now() - event.created_at).total_seconds()
        when = f"{max(0, int(age))} s ago" if age < A_MINUTE else ago(age)
        when = when or exactly(event.created_at)
        (entry,) = entries_of([event], {})
        by = entry.by
        if event.type == EventType.STATUS_CHANGED:
            did = f"moved #{number} to {event.data['new_status']}"
        else:
            did = f"changed #{number}"
        return f"{by or 'Somebody'} {did} {when}, so nothing was done."
    return ""
