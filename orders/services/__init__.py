"""Every write to orders: one public function per thing that a user or the system can do."""

from orders.services.changing import Precondition, assign_order, move_order, update_order
from orders.services.checkout import check_out
from orders.services.deleting import delete_order
from orders.services.erasing import blank_customer, forget_erased_customers
from orders.services.fields import OrderFields
from orders.services.foreseeing import Impact, foresee_move
from orders.services.items import ItemDraft, StockItemDraft
from orders.services.mirroring import (
    Mirrored,
    Outcome,
    cancel_deleted_order,
    mirror_order,
)
from orders.services.outside import OutsideOrder
from orders.services.placing import create_order, create_order_in_project, take_order
from orders.services.views import ViewFields, change_view, delete_view, save_view
from orders.services.waiving import waive_dependency

__all__ = [
    "Impact",
    "ItemDraft",
    "Mirrored",
    "OrderFields",
    "Outcome",
    "OutsideOrder",
    "Precondition",
    "StockItemDraft",
    "ViewFields",
    "assign_order",
    "blank_customer",
    "cancel_deleted_order",
    "change_view",
    "check_out",
    "create_order",
    "create_order_in_project",
    "delete_order",
    "delete_view",
    "foresee_move",
    "forget_erased_customers",
    "mirror_order",
    "move_order",
    "save_view",
    "take_order",
    "update_order",
    "waive_dependency",
]
