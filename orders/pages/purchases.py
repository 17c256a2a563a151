"""The orders of a customer in the shop: the list, one order with its progress, and cancelling."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from catalog.pages.storefront import CustomerPage
from catalog.queries.pictures import glimpses_of
from orderchainer.core.errors import DomainError
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.live import PERSON_FEED, Live, live_of
from orderchainer.core.web.page import SeeOther
from orders import queries, services
from orders.errors import CustomerMayOnlyCancel, GoodsGone
from orders.lifecycle import HAS_LEFT, Status, customers_moves
from orders.pages.progress import line_of, steps_of, story_of, words_for
from orders.pages.questions import ways_to_ask

PAGE_SIZE = 20
# More events than a customer's order ever has.
MAX_EVENTS = 100


def purchase_address(number: int) -> str:
    """Return the address at which a customer follows an order."""
    return reverse("shop-order", kwargs={"number": number})


class OwnOrdersPage(CustomerPage):
    """A page of a customer's orders that follows the events of them."""

    live: Live | None = None

    def admit(self) -> HttpResponseBase | None:
        """Find out who asks, and where the events stand, before anything else is read."""
        answer = super().admit()
        if not wants_fragment(self.request):
            self.live = live_of(PERSON_FEED, self.person.pk)
        return answer

    def frame(self) -> Mapping[str, Any]:
        """Return the frame, and where to listen."""
        return {**super().frame(), "live": self.live}

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the order, or to all of them."""
        if self.session is None:
            return super().way_out(exc)
        number = self.kwargs.get("number")
        if number and exc.code != "order_not_found":
            return {"label": "Back to your order", "href": purchase_address(number)}
        return {"label": "Your orders", "href": reverse("shop-orders")}


class PurchasesPage(OwnOrdersPage):
    """What somebody has bought, newest first."""

    template_name = "shop/orders.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a page of the orders."""
        before = self.request.GET.get("before", "")
        is_number = before.isascii() and before.isdecimal() and len(before) < 20
        rows, has_older = queries.purchases_of(
            self.person, limit=PAGE_SIZE, before=min(int(before), MAX_ID) if is_number else None
        )
        orders = [
            {**row, "url": purchase_address(row["id"]), "words": words_for(row["status"])}
            for row in rows
        ]
        older = rows[-1]["id"] if has_older else None
        return self.show({"orders": orders, "older": older, "is_past": is_number})


class TrackingPage(OwnOrdersPage):
    """One order: how far it is, what is in it, where it goes, and what happened to it."""

    template_name = "shop/order.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the order."""
        row = queries.purchase_for(self.person, self.kwargs["number"])
        events, _ = queries.latest_events(row["id"], limit=MAX_EVENTS)
        glimpses = glimpses_of(
            line["product_id"] for line in row["lines"] if line["product_id"] is not None
        )
        return self.show(
            {
                "order": row,
                "url": purchase_address(row["id"]),
                "words": words_for(row["status"]),
                "steps": steps_of(row, events),
                "entries": list(story_of(events, self.person, self.shop.name)),
                "lines": [line_of(line, glimpses) for line in row["lines"]],
                "ways_to_ask": ways_to_ask(row["id"]),
                "may_cancel": bool(customers_moves(row["status"])),
            }
        )


class CancelPage(OwnOrdersPage):
    """Asks whether to cancel an order, and cancels it."""

    template_name = "shop/cancel.html"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask. Raises a refusal if it is too late."""
        row = queries.purchase_for(self.person, self.kwargs["number"])
        if row["status"] in HAS_LEFT:
            raise GoodsGone(row["id"], row["status"])
        if not customers_moves(row["status"]):
            raise CustomerMayOnlyCancel(row["id"], ())
        return self.show({"order": row, "url": purchase_address(row["id"])})

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Cancel it, and show the order."""
        number = queries.purchase_for(self.person, self.kwargs["number"])["id"]
        services.move_order(order_id=number, status=Status.CANCELLED, by=self.person)
        messages.success(self.request, f"Your order #{number} is cancelled.")
        return SeeOther(purchase_address(number))
