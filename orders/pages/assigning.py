"""Saying who cares for an order."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http.response import HttpResponseBase

from accounts.access import Operation
from accounts.models import User
from accounts.pages.base import own_path
from orderchainer.core.errors import Stale
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.page import SeeOther
from orderchainer.core.web.undo import Undo, say_with_undo
from orders import queries, services
from orders.access import HANDLE_ORDERS
from orders.errors import MayNotCareForOrders
from orders.models import Order
from orders.pages.base import OfOrders, read_posted
from orders.pages.shown import order_address


class AssignForm(forms.Form):
    """Who shall care for the order, by the id of a user; empty for nobody.

    `was` is who cared for it when the page was read. `me` is the button that takes the order.
    """

    assignee = forms.CharField(required=False, max_length=64)
    was = forms.CharField(required=False, max_length=64)
    me = forms.BooleanField(required=False)
    next = forms.CharField(required=False)


class AssignPage(OfOrders):
    """Assigns an order. Only a form of another page leads here."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": HANDLE_ORDERS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Assign it, and go back to where the form was."""
        asked = read_posted(AssignForm, self.request.POST)
        number = queries.number_in_project(self.its_project, self.kwargs["number"])
        assignee = self.person if asked["me"] else _user_named(asked["assignee"])
        services.assign_order(
            order_id=number,
            assignee=assignee,
            by=self.person,
            precondition=_unless_somebody_else_was_faster(asked["was"], assignee),
        )
        who = "nobody" if assignee is None else assignee.name or assignee.email
        words = "you" if assignee == self.person else who
        url = order_address(self.its_project, number)
        back = {
            "assignee": asked["was"],
            "was": str(assignee.uuid) if assignee else "",
            "next": asked["next"],
        }
        say_with_undo(
            self.request, f"#{number} is assigned to {words}.", Undo(f"{url}/assign", back)
        )
        return SeeOther(own_path(asked["next"]) or url)


def _user_named(user_id: str) -> User | None:
    """Return the user with that id; None for an empty one. The service checks the membership."""
    if not user_id:
        return None
    uuid = uuid_in(user_id)
    user = User.objects.filter(uuid=uuid).first() if uuid else None
    if user is None:
        raise MayNotCareForOrders
    return user


def _unless_somebody_else_was_faster(was: str, wanted: User | None) -> services.Precondition:
    """Return a check that the order is still assigned to whom the page showed.

    If it is assigned to `wanted` already, that is fine: a form that is sent twice finds it so.
    """

    def require_same(order: Order) -> None:
        now = order.assignee
        if now != wanted and (str(now.uuid) if now else "") != was:
            who = (now.name or now.email) if now else "nobody"
            msg = f"#{order.pk} has been assigned to {who} since you opened the page."
            raise Stale(msg)

    return require_same
