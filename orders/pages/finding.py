"""What the command palette finds among orders: orders themselves, and saved views."""

from collections.abc import Iterator

from django.db.models import Case, Value, When

from accounts.models import Project, User
from orderchainer.core.ids import MAX_ID
from orderchainer.core.web.looks import LOOKS
from orderchainer.core.web.palette import FINDERS, MOST_OF_A_KIND, Finder, Found
from orders import queries
from orders.models import Order
from orders.models.orders import order_has
from orders.pages.narrowing import address_of
from orders.pages.shown import order_address


def find_orders(_person: User, project: Project, text: str) -> Iterator[Found]:
    """Find orders by number, title, external id and customer.

    `#12` finds that order alone, and for `12` it comes first.
    """
    orders = Order.objects.filter(project=project).order_by("-ordered_at", "-id")
    number = _number_in(text.removeprefix("#"))
    if number is None:
        orders = orders.filter(order_has(text))
    elif text.startswith("#"):
        orders = orders.filter(pk=number)
    else:
        is_it = Case(When(pk=number, then=Value(0)), default=Value(1))
        orders = orders.filter(order_has(text)).order_by(is_it, "-ordered_at", "-id")
    rows = orders.values_list("pk", "title", "status")[:MOST_OF_A_KIND]
    for pk, title, status in rows:
        yield Found(f"#{pk} {title}", order_address(project, pk), LOOKS[status].icon)


def _number_in(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) < 20
    return int(text) if is_number and int(text) <= MAX_ID else None


def find_views(person: User, project: Project, text: str) -> Iterator[Found]:
    """Find saved views by their names."""
    matching = (
        view
        for view in queries.views_for(person, project)
        if text.casefold() in view.name.casefold()
    )
    for view, _place in zip(matching, range(MOST_OF_A_KIND), strict=False):
        yield Found(f"{view.name}, view", address_of(project, view), "filter")


FINDERS.add("orders", Finder("view_orders", place=10, find=find_orders))
FINDERS.add("views", Finder("view_orders", place=20, find=find_views))
