"""The back office of orders, assembled from its parts."""

from django.contrib import admin

from orders.admin.chain import ChainPage
from orders.admin.deleting import OrderDeletion
from orders.admin.order_list import OrderList, move_to
from orders.admin.order_page import OrderPage
from orders.admin.waiving import WaivingPage
from orders.lifecycle import Status
from orders.models import Order


@admin.register(Order)
class OrderAdmin(OrderList, OrderPage, ChainPage, WaivingPage, OrderDeletion):
    """Orders. The services create, change, move and delete them; the pages show their refusals."""

    icon = "account_tree"
    is_main = True
    actions_detail = ("chain", "waive")
    actions = (*(move_to(status) for status in Status), "delete_selected")
