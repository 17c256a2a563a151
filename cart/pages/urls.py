"""Paths of the cart's pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from cart.pages.cart import AddPage, CartPage, QuantityPage, RemovePage

# By the names of their URLs.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "shop-cart": ("shop/cart", CartPage),
    "shop-cart-add": ("shop/products/<int:product_id>/add", AddPage),
    "shop-cart-item": ("shop/cart/items/<int:item_id>", QuantityPage),
    "shop-cart-remove": ("shop/cart/items/<int:item_id>/remove", RemovePage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [path(f"{at}{slash}", page.as_view(), name=name) for name, (at, page) in _PAGES.items()]


# `reverse` uses the last path with a name.
urlpatterns = [*_pages("/"), *_pages("")]
