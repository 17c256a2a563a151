"""Paths under `/api/products/` and `/api/categories/`, spelt as the shop document spells them."""

from django.urls import path

from catalog.api.shop.views import CategoriesView, ProductViewSet

urlpatterns = [
    path("products/", ProductViewSet.as_view({"get": "list"}), name="shop-products"),
    path(
        "products/<int:product_id>/",
        ProductViewSet.as_view({"get": "retrieve"}),
        name="shop-product",
    ),
    path("categories/", CategoriesView.as_view(), name="shop-categories"),
]
