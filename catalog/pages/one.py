"""One product: how many there are and why, what it is, and what can be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.access import Operation
from accounts.models import Project
from catalog import services
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.models import Product, StockMovement
from catalog.pages.base import OfCatalog
from catalog.pages.forms import PictureForm, StockForm
from catalog.pages.shown import shown_product
from catalog.queries.inventory import movements_of, tree_of
from orderchainer.core.errors import Invalid
from orderchainer.core.web.page import SeeOther

# How many rows of the ledger a page shows.
LEDGER_SIZE = 20

Reason = StockMovement.Reason
_REASONS = {
    Reason.INITIAL: "First stock",
    Reason.RECEIVED: "Received",
    Reason.ADJUSTED: "Adjusted",
    Reason.IMPORTED: "Imported",
    Reason.SOLD: "Sold",
    Reason.RETURNED: "Returned",
}


@dataclass(frozen=True)
class ShownMovement:
    """A row of the ledger. `order` and `order_url` name the order that took it or gave it back."""

    change: str
    reason: str
    by: str
    order: str
    order_url: str
    note: str
    at: datetime


def shown_movement(project: Project, movement: StockMovement) -> ShownMovement:
    """Return a row of the ledger as pages show it. Load its user beforehand."""
    by, number = movement.by, movement.order_id
    return ShownMovement(
        change=f"{movement.change:+,d}",
        reason=_REASONS[Reason(movement.reason)],
        by=(by.name or by.email) if by else "",
        order=f"#{number}" if number else "",
        # Orders are a higher app. We know the name of its page, and nothing else.
        order_url=reverse("order-page", kwargs={"project_id": project.uuid, "number": number})
        if number
        else "",
        note=movement.note,
        at=movement.created_at,
    )


class ProductPage(OfCatalog):
    """The page of one product."""

    template_name = "catalog/product.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_CATALOG}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the product."""
        project, product = self.its_project, self.product()
        paths = {shelf.category.pk: shelf.path for shelf in tree_of(project)}
        page = Paginator(movements_of(product), LEDGER_SIZE).get_page(self.request.GET.get("page"))
        may_manage = self.may(MANAGE_CATALOG)
        return self.show(
            {
                "product": shown_product(project, product, paths),
                "facts": _facts_of(product),
                "description": product.description,
                "created_at": product.created_at,
                "page": page,
                "movements": [shown_movement(project, row) for row in page.object_list],
                "may_manage": may_manage,
                "stock_form": StockForm() if may_manage else None,
                "picture_form": PictureForm() if may_manage else None,
            }
        )


def _facts_of(product: Product) -> list[tuple[str, str]]:
    return [("SKU", product.sku), ("Address", product.slug)]


class ForSalePage(OfCatalog):
    """Takes a product off sale, or puts it on sale again. Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_CATALOG}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do what the button says, and go back to the product."""
        wanted = {"yes": True, "no": False}.get(self.request.POST.get("for_sale", ""))
        if wanted is None:
            words = "This form is incomplete. Open the product again."
            raise Invalid({"for_sale": ["Must be yes or no."]}, words)
        product = services.update_product(product=self.product(), changes={"is_active": wanted})
        said = "is for sale" if wanted else "is no longer for sale"
        messages.success(self.request, f"{product.name} {said}.")
        return SeeOther(self.address("product-page", product_id=product.uuid))
