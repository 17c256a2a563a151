"""Paths of the checkout and of a customer's orders. Links use no trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from orders.pages.checkout import CheckoutPage
from orders.pages.purchases import CancelPage, PurchasesPage, TrackingPage

# By the names of their URLs.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "shop-checkout": ("shop/checkout", CheckoutPage),
    "shop-orders": ("shop/orders", PurchasesPage),
    "shop-order": ("shop/orders/<int:number>", TrackingPage),
    "shop-order-cancel": ("shop/orders/<int:number>/cancel", CancelPage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [path(f"{at}{slash}", page.as_view(), name=name) for name, (at, page) in _PAGES.items()]


# `reverse` uses the last path with a name.
urlpatterns = [*_pages("/"), *_pages("")]
