"""Paths of the shop. Links use the spelling without a trailing slash, but for the shop itself."""

from django.urls import path

from catalog.pages.shop import CataloguePage, ProductPage

urlpatterns = [
    path("shop", CataloguePage.as_view()),
    path("shop/", CataloguePage.as_view(), name="shop"),
    path("shop/products/<int:product_id>/", ProductPage.as_view()),
    path("shop/products/<int:product_id>", ProductPage.as_view(), name="shop-product-page"),
]
