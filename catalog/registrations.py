"""What the catalog declares: its paths, its operations and its area of scopes."""

from accounts.scopes import AREAS
from catalog import access  # noqa: F401 (registers its operations)
from orderchainer.core.http.surfaces import SHOP, register_prefixes

register_prefixes(SHOP, "/api/products", "/api/categories")

AREAS.add("catalog", "categories, products and their stock")
