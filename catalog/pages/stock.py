"""Changing the stock of a product by hand."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from catalog import services
from catalog.access import MANAGE_CATALOG
from catalog.errors import InsufficientStock
from catalog.pages.base import OfCatalog
from catalog.pages.forms import StockForm
from catalog.pages.shown import product_address, shown_stock
from orderchainer.core.errors import Invalid
from orderchainer.core.web.forms import FormPage


class StockPage(OfCatalog, FormPage):
    """Adds or removes stock, for a reason. Sending the form twice changes the stock once."""

    template_name = "catalog/stock.html"
    button = "Adjust stock"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_CATALOG, "POST": MANAGE_CATALOG}

    def form(self, **posted: Any) -> StockForm:
        """Return the form."""
        return StockForm(**posted)

    def act(self, form: StockForm) -> None:
        """Change the stock. The form asks for a difference, so others may change it meanwhile."""
        product = self.product()
        typed = form.cleaned_data

        def work() -> int:
            changed = services.adjust_stock(
                product_id=product.pk,
                change=typed["change"],
                reason=typed["reason"],
                note=typed["note"],
                by=self.person,
            )
            return changed.stock

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        try:
            left: int = answer_once(
                user=self.person,
                key=typed["key"],
                fingerprint=fingerprint_of([self.request.path, sent]),
                work=work,
            ).value
        except InsufficientStock as exc:
            available = exc.shortages[0].available
            raise Invalid({"change": [f"There are only {available:,}."]}) from exc
        messages.success(self.request, f"{product.name}: {shown_stock(left).words}.")

    def done(self) -> str:
        """Go to the product."""
        return product_address(self.its_project, self.kwargs["product_id"])

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the product as it is now."""
        product = self.product()
        return {
            "name": product.name,
            "stock": shown_stock(product.stock),
            "cancel": self.done(),
        }
