"""Paths under `/api/orders/`, spelt as the chain document spells them."""

from django.urls import path

from orders.api.chain.views import OrderViewSet

urlpatterns = [
    path("", OrderViewSet.as_view({"get": "list", "post": "create"}), name="orders"),
    path(
        "<int:order_id>",
        OrderViewSet.as_view(
            {
                "get": "retrieve",
                "put": "update",
                "patch": "partial_update",
                "delete": "destroy",
            }
        ),
        name="order",
    ),
    path(
        "<int:order_id>/chain",
        OrderViewSet.as_view({"get": "chain"}),
        name="order-chain",
    ),
    path(
        "<int:order_id>/blockers",
        OrderViewSet.as_view({"get": "blockers"}),
        name="order-blockers",
    ),
    path(
        "<int:order_id>/waive",
        OrderViewSet.as_view({"post": "waive"}),
        name="order-waive",
    ),
    path(
        "<int:order_id>/events",
        OrderViewSet.as_view({"get": "events"}),
        name="order-events",
    ),
]
