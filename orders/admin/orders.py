"""The back office of orders, assembled from its parts."""

from django.contrib import admin

from orders.admin.by_phone import PhonePage
from orders.admin.chain import ChainPage
from orders.admin.customers import CustomerPage
from orders.admin.deleting import OrderDeletion
from orders.admin.order_list import OrderList, move_to
from orders.admin.order_page import OrderPage
from orders.admin.waiving import WaivingPage
from orders.lifecycle import Status
from orders.models import Order


@admin.register(Order)
class OrderAdmin(
    OrderList, OrderPage, ChainPage, WaivingPage, CustomerPage, PhonePage, OrderDeletion
):
    """Orders. The services create, change, move and delete them; the pages show their refusals."""

    icon = "account_tree"
    is_main = True
    actions_list = ("by_phone",)
    actions_detail = ("chain", "waive", "open_customer")
    # What staff do most often comes first.
    actions = (
        *(move_to(status) for status in sorted(Status, key=lambda it: it != Status.SHIPPED)),
        "delete_selected",
    )
