"""What an order waits for: letting go of one order, and taking that back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase

from accounts.access import Operation
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.forms import VersionField
from orderchainer.core.web.page import SeeOther
from orderchainer.core.web.undo import Undo, say_with_undo
from orders import queries, services
from orders.access import HANDLE_ORDERS
from orders.models import Order, OrderDependency
from orders.pages.base import OfOrders, read_posted, unless_overtaken
from orders.pages.shown import order_address


class _DependencyForm(forms.Form):
    """Which of the orders that it waits for, and the version that the page showed."""

    dependency = forms.IntegerField(min_value=1, max_value=MAX_ID)
    version = VersionField()


class WaiveForm(_DependencyForm):
    """Why the order need not wait. The service says what a reason must be."""

    reason = forms.CharField(required=False, strip=False)


class EdgeForm(_DependencyForm):
    """Whether the order shall wait for the other one."""

    wait = forms.BooleanField(required=False)


class WaivePage(OfOrders):
    """Lets an order go on without one that it waits for. Only its page leads here."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": HANDLE_ORDERS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Waive the dependency. There is no way back."""
        asked = read_posted(WaiveForm, self.request.POST)
        number = queries.number_in_project(self.its_project, self.kwargs["number"])
        services.waive_dependency(
            order_id=number,
            dependency_id=asked["dependency"],
            reason=asked["reason"],
            by=self.person,
            precondition=unless_overtaken(
                asked["version"], or_if=lambda order: _is_waived(order, asked["dependency"])
            ),
        )
        words = f"#{number} no longer waits for #{asked['dependency']}."
        messages.success(self.request, words)
        return SeeOther(order_address(self.its_project, number))


def _is_waived(order: Order, dependency: int) -> bool:
    edges = OrderDependency.objects.filter(order=order, depends_on=dependency)
    return edges.filter(waived_at__isnull=False).exists()


class DependencyPage(OfOrders):
    """Takes away an order from those that an order waits for, or adds it again."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": HANDLE_ORDERS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Change what the order waits for, unless it is so already."""
        asked = read_posted(EdgeForm, self.request.POST)
        number = queries.number_in_project(self.its_project, self.kwargs["number"])
        other, waits = asked["dependency"], asked["wait"]
        awaited = queries.awaited_by(number)
        url = order_address(self.its_project, number)
        if (other in awaited) == waits:
            # A form that is sent twice finds it so.
            return SeeOther(url)
        # If the order has the version of the page, it waits for the same orders as just now.
        order = services.update_order(
            order_id=number,
            by=self.person,
            fields={},
            dependencies=[*awaited, other] if waits else [pk for pk in awaited if pk != other],
            precondition=unless_overtaken(asked["version"]),
        )
        words = "waits for" if waits else "no longer waits for"
        back = {"dependency": other, "version": order.version, "wait": "" if waits else "on"}
        say_with_undo(self.request, f"#{number} {words} #{other}.", Undo(f"{url}/dependency", back))
        return SeeOther(url)
