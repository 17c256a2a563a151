"""Paths under `/api/v1/products` and `/api/v1/categories`, spelt as the hub's others are."""

from django.urls import path

from catalog.api.hub.views.categories import CategoriesView, OneCategoryView
from catalog.api.hub.views.files import ExportView, ImportView
from catalog.api.hub.views.products import (
    OneProductView,
    PictureView,
    ProductsView,
    StockView,
)

urlpatterns = [
    path(
        "products/<str:project_id>",
        ProductsView.as_view(),
        name="hub-products",
    ),
    # Before `<str:product_id>`, which would match these words too.
    path(
        "products/<str:project_id>/import",
        ImportView.as_view(),
        name="hub-products-import",
    ),
    path(
        "products/<str:project_id>/export",
        ExportView.as_view(),
        name="hub-products-export",
    ),
    path(
        "products/<str:project_id>/<str:product_id>",
        OneProductView.as_view(),
        name="hub-product",
    ),
    path(
        "products/<str:project_id>/<str:product_id>/image",
        PictureView.as_view(),
        name="hub-product-image",
    ),
    path(
        "products/<str:project_id>/<str:product_id>/stock",
        StockView.as_view(),
        name="hub-product-stock",
    ),
    path(
        "categories/<str:project_id>",
        CategoriesView.as_view(),
        name="hub-categories",
    ),
    path(
        "categories/<str:project_id>/<int:category_id>",
        OneCategoryView.as_view(),
        name="hub-category",
    ),
]
