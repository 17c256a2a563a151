"""What the catalogue registers with core; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from catalog import access  # noqa: F401 (registers its operations)
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.documented import THINGS, ErrorField, register_error_fields
from orderchainer.core.http.surfaces import HUB, SHOP, register_prefixes
from orderchainer.core.web.looks import LOOKS, Look
from orderchainer.core.web.navigation import NAVIGATION, Item

register_prefixes(SHOP, "/api/products", "/api/categories")

AREAS.add("catalog", "categories, products and their stock")

THINGS.add("products", "What is sold, for customers and for those who run the project.")
THINGS.add("categories", "The tree of categories for products.")
register_error_fields(
    HUB,
    shortages=ErrorField(
        "objects",
        "The products with too little stock.",
        shown_by="catalog.api.hub.serializers.ShortageOutput",
    ),
    rows=ErrorField(
        "objects",
        "The rows of a file that cannot be imported; only the first ones if there are many.",
        shown_by="catalog.api.hub.serializers.ImportedRowOutput",
    ),
)

SECTIONS.add("catalog", Section(place=20))

NAVIGATION.add(
    "products",
    Item("Products", "tag", "view_catalog", place=30, key="p", also=("categories",)),
)

LOOKS.add("in stock", Look("circle-check", "green"))
LOOKS.add("low", Look("triangle-alert", "amber"))
LOOKS.add("sold out", Look("ban", "red"))
LOOKS.add("for sale", Look("store", "green"))
LOOKS.add("not for sale", Look("circle-dashed", "slate"))
