"""The orders of the list as a file."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.http.response import HttpResponseBase

from accounts.access import Operation
from orderchainer.core.errors import Invalid
from orderchainer.core.http.downloads import csv_download
from orderchainer.core.web.filters import read_filters
from orders import queries
from orders.access import VIEW_ORDERS
from orders.models import Order, OrderQuerySet
from orders.pages.base import OfOrders
from orders.pages.filters import OrderListFilter


class ExportPage(OfOrders):
    """Sends the orders that the list shows, on all its pages, as a CSV file."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Stream the file while the rows are read. It has an order of its own.

        A file cannot say which filter was left out, so one that makes no sense is refused.
        """
        orders = Order.objects.filter(project=self.its_project)
        filters, found = read_filters(
            OrderListFilter, self.request.GET, orders, request=self.request
        )
        if filters.notes:
            raise Invalid({"filters": list(filters.notes)}, " ".join(filters.notes))
        parts = queries.export_orders(
            cast(OrderQuerySet, found).order_by(), is_narrowed=bool(filters)
        )
        return csv_download(self.request, parts, filename="orders.csv")
