"""Stores orders of a shop in the project that is connected to it."""

from accounts.models import Membership, User
from integrations.models import Integration
from integrations.services import report_trouble
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.client import NoAccess
from integrations.shopify.fetching import fetch_order
from integrations.shopify.mapping import Unmappable
from orderchainer.core.outbox import Drop, GiveUp
from orders.errors import OutsideOrderRefused
from orders.services import Mirrored, OutsideOrder, mirror_order


def owner_for(integration: Integration) -> User:
    """Return who owns the orders of a shop: the person who connected it, while they are a member.

    After that person has left, return the longest-standing owner of the project.
    """
    members = Membership.objects.filter(
        project=integration.project_id, user__is_active=True
    ).select_related("user")
    connected_by = members.filter(user=integration.connected_by_id).first()
    if connected_by is not None:
        return connected_by.user
    owners = members.filter(role=Membership.Role.OWNER)
    owner = owners.order_by("pk").first()
    if owner is None:
        raise GiveUp("The project has no active owner, so nobody could own its orders.")
    return owner.user


def store(integration: Integration, told: OutsideOrder, owner: User) -> Mirrored:
    """Create or change the order in the project. Raises `OutsideOrderRefused`."""
    return mirror_order(
        project=integration.project, owner=owner, provider=integration.provider, told=told
    )


def store_or_give_up(integration: Integration, told: OutsideOrder) -> None:
    """Create or change the order in the project. Raises `GiveUp` if it cannot be stored."""
    try:
        store(integration, told, owner_for(integration))
    except OutsideOrderRefused as exc:
        raise GiveUp(str(exc)) from exc


def fetch_and_store(integration: Integration, order_id: int) -> None:
    """Ask the shop for one order and store it. Raises `Drop` if the shop has no such order."""
    try:
        told = fetch_order(AdminApi(integration), order_id)
    except NoAccess as exc:
        report_trouble(integration=integration, reason=str(exc))
        raise
    except Unmappable as exc:
        raise GiveUp(str(exc)) from exc
    if told is None:
        raise Drop("The shop has no such order any more.")
    store_or_give_up(integration, told)
