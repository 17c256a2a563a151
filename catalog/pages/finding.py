"""What the command palette finds in the catalogue."""

from collections.abc import Iterator

from django.db.models import Q

from accounts.models import Project, User
from catalog.pages.shown import product_address
from catalog.queries import inventory
from orderchainer.core.web.palette import FINDERS, MOST_OF_A_KIND, Finder, Found


def find_products(_person: User, project: Project, text: str) -> Iterator[Found]:
    """Find products by name and SKU."""
    products = inventory.products_of(project).filter(
        Q(name__icontains=text) | Q(sku__icontains=text)
    )
    rows = products.order_by("name", "pk").values_list("uuid", "name", "sku")[:MOST_OF_A_KIND]
    for uuid, name, sku in rows:
        yield Found(f"{name}, {sku}" if sku else name, product_address(project, uuid), "tag")


FINDERS.add("products", Finder("view_catalog", place=30, find=find_products))
