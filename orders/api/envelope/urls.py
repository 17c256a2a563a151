"""Paths under `/api/order`, spelt as the envelope document spells them."""

from django.urls import path

from orders.api.envelope.views import OrderViewSet

urlpatterns = [
    path(
        "order",
        OrderViewSet.as_view({"get": "list", "post": "create"}),
        name="envelope-orders",
    ),
    path(
        # `str`, so that anything but a UUID is an order that does not exist (404).
        "order/<str:order_id>",
        OrderViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="envelope-order",
    ),
]
