"""What a move of an order would bring, before anybody makes it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from orderchainer.core.web.fragments import part_wanted
from orders import queries
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.errors import MoveRefused, OrderNotFound
from orders.lifecycle import ALLOWED_WHILE_BLOCKED, GONE_WRONG, OPEN_MOVES, WAITING, Status
from orders.pages.base import OfOrders, known_number
from orders.pages.consequences import consequences_of
from orders.pages.looking import WHAT_IFS, Choice, what_ifs
from orders.pages.shown import order_address
from orders.services import foresee_move
from orders.services.foreseeing import Impact

_BUTTONS = {Status.CANCELLED: "Cancel #{}", Status.COMPLETED: "Complete #{}"}


class ImpactPage(OfOrders):
    """What happens if an order fails, is cancelled, is completed or moves somewhere else.

    The page of the order shows its part in a dialog.
    """

    template_name = "orders/impact.html"
    parts = ("impact",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        project = self.its_project
        asked = self.request.GET.get("to", "")
        to = Status(asked) if asked in Status.values else None
        impact = self._foreseen(to) if to else None
        if impact is None:
            order = queries.numbered_order_in_project(project, self.kwargs["number"])
            status = Status(order.status)
            to = to or next(iter(what_ifs(status)), None)
            impact = self._foreseen(to) if to in OPEN_MOVES[status] else None
        else:
            order, status = impact.order, impact.was
        shown = {
            "number": order.pk,
            "name": str(order),
            "order_url": order_address(project, order.pk),
            "to": to,
            "words": WHAT_IFS.get(to, f"moves to {to}") if to else "moves",
            "in_dialog": part_wanted(self.request, self.parts) is not None,
            "choices": [
                Choice(f"It {WHAT_IFS[move]}", f"{self.request.path}?to={move}", move == to)
                for move in what_ifs(status)
            ],
        }
        if impact is None or to is None:
            there = f", so it cannot become {to}" if to else ""
            return self.show({**shown, "refusal": f"#{order.pk} is {status}{there}."})
        may_be_closed = status in WAITING and to not in ALLOWED_WHILE_BLOCKED
        return self.show(
            {
                **shown,
                "consequences": consequences_of(project, impact),
                "is_final": not OPEN_MOVES[to],
                "is_danger": to in GONE_WRONG,
                "may_move": self.may(HANDLE_ORDERS) and not may_be_closed,
                "version": order.version,
                "button": _BUTTONS.get(to, f"Move #{{}} to {to}").format(order.pk),
            }
        )

    def _foreseen(self, to: Status) -> Impact | None:
        """Return what the move would bring, or None if it is not open. Raises `OrderNotFound`.

        It reads the order too, so the page need not.
        """
        try:
            impact = foresee_move(self.person, known_number(self.kwargs["number"]), to)
        except MoveRefused:
            return None
        if impact.order.project_id != self.its_project.pk:
            raise OrderNotFound
        return impact
