"""The latest orders with a product: a panel on the page of the product."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from catalog.queries.inventory import product_for
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.fragments import wants_fragment
from orders.access import VIEW_ORDERS
from orders.pages.base import OfOrders
from orders.pages.shown import shown_order
from orders.queries.of_products import latest_with_product

# How many orders the panel shows.
MAX_ORDERS = 10


class ProductOrdersPage(OfOrders):
    """The panel, or without JavaScript a page with it."""

    template_name = "orders/of_product_page.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the latest orders with the product. Raises `ProductNotFound`."""
        project = self.its_project
        product = product_for(project, self.kwargs["product_id"])
        rows, has_more = latest_with_product(project, product, limit=MAX_ORDERS)
        return self.show(
            {
                "product": product,
                "orders": [
                    (
                        shown_order(project, row),
                        sum(
                            line["quantity"]
                            for line in row["lines"]
                            if uuid_in(line["product"]) == product.uuid
                        ),
                    )
                    for row in rows
                ],
                "has_more": has_more,
            },
            template="orders/of_product.html" if wants_fragment(self.request) else "",
        )
