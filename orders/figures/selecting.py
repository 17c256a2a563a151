"""Which orders a figure is about."""

from dataclasses import dataclass

from accounts.models import Project
from orderchainer.core.days import Span
from orders.models import Order, OrderQuerySet


@dataclass(frozen=True)
class Selection:
    """Only some of a project's orders. A part that is empty leaves nothing out."""

    providers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    currency: str = ""
    # A part of the customer's name, e-mail address or phone number.
    customer: str = ""

    def narrow(self, orders: OrderQuerySet) -> OrderQuerySet:
        """Keep the orders that are selected."""
        if self.providers:
            orders = orders.filter(provider__in=self.providers)
        if self.statuses:
            orders = orders.filter(status__in=self.statuses)
        if self.currency:
            orders = orders.filter(currency=self.currency)
        if self.customer:
            orders = orders.of_customer(self.customer)
        return orders


EVERYTHING = Selection()


def selected_in(project: Project, selection: Selection = EVERYTHING) -> OrderQuerySet:
    """Return the project's orders that are selected, in no order."""
    return selection.narrow(Order.objects.filter(project=project)).order_by()


def placed_in(project: Project, span: Span, selection: Selection = EVERYTHING) -> OrderQuerySet:
    """Return those of `selected_in` that were placed in the span."""
    return selected_in(project, selection).placed_within(span)
