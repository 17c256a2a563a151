"""What the pages of orders share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from orderchainer.core.errors import DomainError, Invalid, Stale
from orderchainer.core.ids import MAX_ID
from orders import queries
from orders.errors import OrderNotFound
from orders.models import Order
from orders.pages.shown import order_address
from orders.services import Precondition


class OfOrders(WorkspacePage):
    """A page of orders. A refusal that names other orders links to them."""

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    def explain(self, exc: DomainError) -> Mapping[str, Any]:
        """Link to the orders that the refusal names, as far as they are in this project."""
        named = exc.data.get("blockers") or exc.data.get("dependents")
        if self.project is None or not named:
            return {}
        titles = queries.titles_in_project(self.project, list(cast(Iterable[int], named)))
        return {
            "blockers": [
                (f"#{number} {title}", order_address(self.project, number))
                for number, title in sorted(titles.items())
            ]
        }

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the order, or to the list."""
        if self.project is None:
            return super().way_out(exc)
        if (number := self.kwargs.get("number")) and exc.code != "order_not_found":
            return {"label": f"Back to #{number}", "href": order_address(self.project, number)}
        return {
            "label": "All orders",
            "href": reverse("orders", kwargs={"project_id": self.project.uuid}),
        }


def known_number(number: int) -> int:
    """Return the number if an order can have it. Raises `OrderNotFound`."""
    if not 0 < number <= MAX_ID:
        raise OrderNotFound
    return number


def incomplete(form: forms.BaseForm) -> Invalid:
    """Return the refusal of a form that only the buttons of another page send."""
    return Invalid(
        {name: [str(each) for each in errors] for name, errors in form.errors.items()},
        "This form is incomplete. Go back, reload the page and try again.",
    )


def read_posted(form: type[forms.Form], posted: QueryDict) -> dict[str, Any]:
    """Return what a form that only the buttons of another page send has sent. Raises `Invalid`."""
    sent = form(posted)
    if not sent.is_valid():
        raise incomplete(sent)
    return sent.cleaned_data


def unless_overtaken(
    version: str, *, wanted: str = "", or_if: Callable[[Order], bool] = lambda _: False
) -> Precondition:
    """Return a check that the order still has the version that a form was made from.

    An order that has the status `wanted` already is fine, and so is one of which `or_if` says that
    nothing is left to do: a form that is sent twice finds it so.
    """

    def require_unchanged(order: Order) -> None:
        if str(order.version) != version and order.status != wanted and not or_if(order):
            msg = (
                f"Somebody has changed order #{order.pk} since you opened the page, so nothing was "
                f"done. It is {order.status} now."
            )
            raise Stale(msg)

    return require_unchanged
