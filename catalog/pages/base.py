"""What the merchant's pages of the catalogue share."""

from collections.abc import Mapping

from django.urls import reverse

from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from catalog.models import Product
from catalog.pages.shown import product_address
from catalog.queries.inventory import product_for
from orderchainer.core.errors import DomainError


class OfCatalog(WorkspacePage):
    """A page of a project's products or categories.

    It follows no events: the stream tells of orders and not of products.
    """

    is_live = False

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    def product(self) -> Product:
        """Return the product that the path names. Raises `ProductNotFound`."""
        product = product_for(self.its_project, self.kwargs["product_id"])
        product.project = self.its_project
        return product

    def address(self, name: str, **arguments: object) -> str:
        """Return the address of another page of this project."""
        return reverse(name, kwargs={"project_id": self.its_project.uuid, **arguments})

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the product, or to the list."""
        if self.project is None:
            return super().way_out(exc)
        if "product_id" in self.kwargs and exc.code != "product_not_found":
            product_id = self.kwargs["product_id"]
            return {
                "label": "Back to the product",
                "href": product_address(self.project, product_id),
            }
        return {"label": "All products", "href": self.address("products")}
