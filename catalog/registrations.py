"""What the catalog declares to the ground; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from catalog import access  # noqa: F401 (registers its operations)
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.documented import THINGS
from orderchainer.core.http.surfaces import SHOP, register_prefixes

register_prefixes(SHOP, "/api/products", "/api/categories")

AREAS.add("catalog", "categories, products and their stock")

THINGS.add("products", "What is sold, for customers and for those who run the project.")
THINGS.add("categories", "The tree that products stand in.")

SECTIONS.add("catalog", Section(place=20))
