"""What members of a project may do with its catalog."""

from accounts.access import EVERYBODY, MANAGERS, changing, viewing

VIEW_CATALOG = viewing("view_catalog", EVERYBODY, model="catalog.product")
MANAGE_CATALOG = changing("manage_catalog", MANAGERS, staff_permission="catalog.change_product")
