"""Paths under `/api/cart/`, spelt as the shop document spells them."""

from django.urls import path

from cart.api.shop.views import CartViewSet

urlpatterns = [
    path("", CartViewSet.as_view({"get": "retrieve", "delete": "clear"}), name="cart"),
    path("items/", CartViewSet.as_view({"post": "add"}), name="cart-items"),
    path(
        "items/<int:item_id>/",
        CartViewSet.as_view({"patch": "change", "delete": "remove"}),
        name="cart-item",
    ),
]
