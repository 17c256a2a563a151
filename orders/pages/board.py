"""The board: a project's orders in columns, one for each status."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse

from accounts.access import Operation
from orderchainer.core.http.filters import planned_for_filters
from orderchainer.core.web.filters import read_filters
from orderchainer.core.web.fragments import part_wanted
from orders import queries
from orders.access import HANDLE_ORDERS, SAVE_VIEWS, SHARE_VIEWS, VIEW_ORDERS
from orders.models import Order, OrderQuerySet, SavedView
from orders.pages.base import OfOrders
from orders.pages.bulk import bulk_bar_of
from orders.pages.columns import FOLDED, SHOWN, columns_of, limits_in
from orders.pages.filters import OrderListFilter
from orders.pages.listing import left_out, numbers_in
from orders.pages.narrowing import VIEW, narrowing_of
from orders.pages.shown import shown_card
from orders.queries.boards import COLUMNS

# What a script asks for to show more of one column: the id of its element.
PARTS = {f"column-{status}": str(status) for status in COLUMNS}


class BoardPage(OfOrders):
    """The board."""

    template_name = "orders/board.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the columns of the orders that the address selects, or one of them."""
        project, asked = self.its_project, self.request.GET
        orders = Order.objects.filter(project=project)
        filters, selected = read_filters(OrderListFilter, asked, orders, request=self.request)
        found: OrderQuerySet = selected.order_by()  # type: ignore[assignment]
        part = part_wanted(self.request, PARTS)
        statuses = [PARTS[part]] if part else [*COLUMNS, *FOLDED]
        with planned_for_filters(self.request, OrderListFilter):
            columns = columns_of(
                project,
                found,
                filters,
                limits_in(asked.getlist(SHOWN)),
                view=asked.get(VIEW, ""),
                statuses=statuses,
            )
        context = {"narrows": bool(filters), "may_handle": self.may(HANDLE_ORDERS)}
        if part:
            return self.show({**context, "column": columns[0]}, template="orders/column.html")
        cards = reverse("order-cards", kwargs={"project_id": project.uuid})
        return self.show(
            {
                **context,
                "columns": columns,
                "narrowing": narrowing_of(self, filters, layout=SavedView.Layout.BOARD),
                "may_save": self.may(SAVE_VIEWS),
                "may_share": self.may(SHARE_VIEWS),
                **bulk_bar_of(
                    self,
                    shown=sum(len(column.cards) for column in columns),
                    total=sum(column.count for column in columns),
                ),
                "cards_url": f"{cards}?{filters.query}" if filters else cards,
            }
        )


class OrderCardsPage(OfOrders):
    """Some cards again: those whose orders have changed."""

    template_name = "orders/cards.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the cards of the orders that `ids` names, and how many each column has now.

        Those that the filters of the board leave out say so.
        """
        project = self.its_project
        cards = queries.cards_by_id(project, numbers_in(self.request.GET))
        orders = Order.objects.filter(project=project)
        filters, selected = read_filters(
            OrderListFilter, self.request.GET, orders, request=self.request
        )
        found: OrderQuerySet = selected.order_by()  # type: ignore[assignment]
        with planned_for_filters(self.request, OrderListFilter):
            counts = queries.counts_by_status(found)
        return self.show(
            {
                "cards": [shown_card(project, card) for card in cards.values()],
                "unmatched": left_out(found, cards) if filters else (),
                "counts": counts.items(),
                "may_handle": self.may(HANDLE_ORDERS),
            }
        )
