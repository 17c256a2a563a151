"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from orders.pages import finding  # noqa: F401 (registers what the palette finds)
from orders.pages.assigning import AssignPage
from orders.pages.board import BoardPage, OrderCardsPage
from orders.pages.bulk import BulkPage, BulkResultPage
from orders.pages.chain import ChainOverview, ChainPage
from orders.pages.dependencies import DependencyPage, WaivePage
from orders.pages.editing import EditOrderPage, NewOrderPage
from orders.pages.exporting import ExportPage
from orders.pages.impact import ImpactPage
from orders.pages.listing import OrderRowsPage, OrdersPage
from orders.pages.moving import MovePage, MovesDoor, MovesPage
from orders.pages.of_product import ProductOrdersPage
from orders.pages.one import OrderPage
from orders.pages.picking import PickPage, PickProductPage
from orders.pages.short import ShortLinkPage
from orders.pages.views import DeleteViewPage, EditViewPage, NewViewPage, UpdateViewPage

# By the names of their URLs, below the path of the project.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "orders": ("orders", OrdersPage),
    "order-rows": ("orders/rows", OrderRowsPage),
    "orders-export": ("orders/export", ExportPage),
    "order-board": ("board", BoardPage),
    "order-cards": ("orders/cards", OrderCardsPage),
    "order-pick": ("orders/pick", PickPage),
    "order-pick-product": ("orders/pick-product", PickProductPage),
    "order-moves-door": ("orders/moves", MovesDoor),
    "order-new": ("orders/new", NewOrderPage),
    "order-bulk": ("orders/bulk", BulkPage),
    "order-bulk-result": ("orders/bulk/<int:change_id>", BulkResultPage),
    "order-view-new": ("orders/views/new", NewViewPage),
    "order-view-edit": ("orders/views/<int:view_id>/edit", EditViewPage),
    "order-view-update": ("orders/views/<int:view_id>/update", UpdateViewPage),
    "order-view-delete": ("orders/views/<int:view_id>/delete", DeleteViewPage),
    "order-edit": ("orders/<int:number>/edit", EditOrderPage),
    "order-page": ("orders/<int:number>", OrderPage),
    "order-chain": ("orders/<int:number>/chain", ChainPage),
    "order-chain-overview": ("orders/<int:number>/chain/overview", ChainOverview),
    "order-waive": ("orders/<int:number>/waive", WaivePage),
    "order-dependency": ("orders/<int:number>/dependency", DependencyPage),
    "order-assign": ("orders/<int:number>/assign", AssignPage),
    "product-orders": ("products/<str:product_id>/orders", ProductOrdersPage),
    "order-impact": ("orders/<int:number>/impact", ImpactPage),
    "order-moves": ("orders/<int:number>/moves", MovesPage),
    "order-move": ("orders/<int:number>/move", MovePage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [
        path(f"app/<str:project_id>/{at}{slash}", page.as_view(), name=name)
        for name, (at, page) in _PAGES.items()
    ]


# `reverse` uses the last path with a name.
urlpatterns = [
    *_pages("/"),
    *_pages(""),
    path("o/<int:number>/", ShortLinkPage.as_view()),
    path("o/<int:number>", ShortLinkPage.as_view(), name="short-order"),
]
