"""What the schema says of the hub's operations on products, categories and files."""

from accounts.errors import RoleNotEnough
from catalog.access import MANAGE_CATALOG

MAY_NOT = RoleNotEnough(MANAGE_CATALOG.name)
