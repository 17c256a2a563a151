"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from catalog.pages import finding  # noqa: F401 (registers what the palette finds)
from catalog.pages.categories import CategoriesPage, DeleteCategoryPage, EditCategoryPage
from catalog.pages.editing import EditProductPage, NewProductPage, PicturePage
from catalog.pages.listing import ProductsPage
from catalog.pages.one import ForSalePage, ProductPage
from catalog.pages.stock import StockPage
from catalog.pages.transfers import ExportPage, ImportPage

# By the names of their URLs, below the path of the project.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "products": ("products", ProductsPage),
    # Before the page of a product, whose UUID could be any word.
    "products-import": ("products/import", ImportPage),
    "products-export": ("products/export", ExportPage),
    "categories": ("categories", CategoriesPage),
    "category-edit": ("categories/<int:category_id>", EditCategoryPage),
    "category-delete": ("categories/<int:category_id>/delete", DeleteCategoryPage),
    "product-new": ("products/new", NewProductPage),
    "product-page": ("products/<str:product_id>", ProductPage),
    "product-edit": ("products/<str:product_id>/edit", EditProductPage),
    "product-picture": ("products/<str:product_id>/picture", PicturePage),
    "product-stock": ("products/<str:product_id>/stock", StockPage),
    "product-for-sale": ("products/<str:product_id>/for-sale", ForSalePage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [
        path(f"app/<str:project_id>/{at}{slash}", page.as_view(), name=name)
        for name, (at, page) in _PAGES.items()
    ]


# `reverse` uses the last path with a name.
urlpatterns = [*_pages("/"), *_pages("")]
