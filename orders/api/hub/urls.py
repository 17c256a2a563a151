"""Paths under `/api/v1/orders`, spelt as the hub document spells them."""

from django.urls import path

from orders.api.hub.views import (
    BlockersView,
    ChainView,
    EventsView,
    OneOrderView,
    OrdersView,
    SummaryView,
    WaiverView,
)

urlpatterns = [
    path("orders/<str:project_id>", OrdersView.as_view(), name="hub-orders"),
    path(
        "orders/<str:project_id>/stats/summary",
        SummaryView.as_view(),
        name="hub-orders-summary",
    ),
    path(
        "orders/<str:project_id>/<str:order_id>",
        OneOrderView.as_view(),
        name="hub-order",
    ),
    path(
        "orders/<str:project_id>/<str:order_id>/chain",
        ChainView.as_view(),
        name="hub-order-chain",
    ),
    path(
        "orders/<str:project_id>/<str:order_id>/blockers",
        BlockersView.as_view(),
        name="hub-order-blockers",
    ),
    path(
        "orders/<str:project_id>/<str:order_id>/waive",
        WaiverView.as_view(),
        name="hub-order-waive",
    ),
    path(
        "orders/<str:project_id>/<str:order_id>/events",
        EventsView.as_view(),
        name="hub-order-events",
    ),
]
