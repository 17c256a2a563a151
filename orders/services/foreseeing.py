"""What a move of an order would bring, decided by the rule that moves follow, and not stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from accounts.access import staff_may
from accounts.models import User
from orderchainer.core.db.among import among
from orders.access import VIEW_ORDERS
from orders.errors import MoveRefused, OrderNotFound
from orders.graph import only
from orders.lifecycle import (
    GONE_WRONG,
    WAITING,
    EventType,
    Status,
    Wait,
    blockers_among,
    is_ignored,
)
from orders.models import Order, OrderItem
from orders.services.chains import Edge, Propagation, decide, edges_of, reach_of

# How many orders of a group, and how many products, are named.
MAX_NAMED = 10

_READ = (
    *("id", "uuid", "title", "status", "failure_policy", "auto_activate"),
    *("owner_id", "project_id", "failed_along_with_id", "version"),
)


@dataclass(frozen=True)
class Affected:
    """An order that a move reaches.

    `title` and `project_id` are None if the viewer may not see the order.
    """

    id: int
    title: str | None
    project_id: int | None


@dataclass(frozen=True)
class Group:
    """The orders with the same fate, by number. The first of them are named."""

    ids: list[int]
    first: list[Affected]

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.ids)


@dataclass(frozen=True)
class GivenBack:
    """How many of a product would be in stock again."""

    sku: str
    name: str
    quantity: int


@dataclass(frozen=True)
class Impact:
    """What becomes of the orders that a move reaches.

    The `order` has the new status already, and `was` is its status now. Each other order is in one
    group. `held_up` are those that wait then, also if they wait already. For those that `go_on`,
    nothing changes.
    """

    order: Order
    was: Status
    status: str
    fail_along: Group
    held_up: Group
    go_on: Group
    become_ready: Group
    become_active: Group
    come_back: Group
    gives_back: list[GivenBack]


def foresee_move(user: User, order_id: int, status: str) -> Impact:
    """Tell what follows if an order that `user` may see moves to `status`. Changes nothing.

    It does not matter whether something holds the order up now. Takes three statements at most. The
    products are those of the orders that the user may see. Raises `OrderNotFound` and
    `MoveRefused`.
    """
    reach = reach_of(order_id, status)
    walk = only(order_id) | reach if reach else only(order_id)
    rows = (
        Order.objects.filter(walk.orders())
        .with_visible(user.pk, sees_all=staff_may(user, VIEW_ORDERS))
        .only(*_READ)
        .order_by("pk")
    )
    orders = {order.pk: order for order in rows}
    visible = {pk for pk, order in orders.items() if order.is_visible}  # type: ignore[attr-defined]  # annotated
    if order_id not in visible:
        raise OrderNotFound
    root = orders[order_id]
    was = str(root.status)
    if status not in root.open_moves():
        raise MoveRefused(order_id, was, status, root.open_moves())
    root.status = status
    others = [pk for pk in orders if pk != order_id]
    edges = edges_of(others) if others else []
    decided = decide(root, was, orders, edges)
    groups = _groups(decided, orders, edges)

    def affected(pk: int) -> Affected:
        if pk not in visible:
            return Affected(pk, None, None)
        return Affected(pk, orders[pk].title, orders[pk].project_id)

    def group(name: str) -> Group:
        ids = groups.get(name, [])
        return Group(ids, [affected(pk) for pk in ids[:MAX_NAMED]])

    is_given_back = status in GONE_WRONG and was not in GONE_WRONG
    return Impact(
        order=root,
        was=Status(was),
        status=status,
        fail_along=group("fail_along"),
        held_up=group("held_up"),
        go_on=group("go_on"),
        become_ready=group("become_ready"),
        become_active=group("become_active"),
        come_back=group("come_back"),
        gives_back=_given_back(visible & {order_id, *decided.failed}) if is_given_back else [],
    )


def _groups(
    decided: Propagation, orders: Mapping[int, Order], edges: Sequence[Edge]
) -> dict[str, list[int]]:
    """Return the ids of each group, ascending. `orders` have the statuses after the move."""
    waits: dict[int, dict[int, Wait]] = {}
    for edge in edges:
        order = orders[edge.order_id]
        dependency = orders.get(edge.depends_on_id)
        now = str(dependency.status) if dependency else edge.status
        is_waived = edge.is_waived or is_ignored(now, order.failure_policy)
        waits.setdefault(edge.order_id, {})[edge.depends_on_id] = Wait(now, is_waived)
    fates: dict[int, str] = {}
    for told in decided.events:
        if told.type == EventType.READY and told.order_id is not None:
            fates[told.order_id] = "become_ready"
    fates |= dict.fromkeys(decided.failed, "fail_along")
    fates |= dict.fromkeys(decided.returned, "come_back")
    fates |= dict.fromkeys(decided.activated, "become_active")
    groups: dict[str, list[int]] = {}
    for pk, order in orders.items():
        if pk == decided.root.pk:
            continue
        is_held = order.status in WAITING and blockers_among(order.status, waits.get(pk, {}))
        fate = fates.get(pk) or ("held_up" if is_held else "go_on")
        groups.setdefault(fate, []).append(pk)
    return groups


def _given_back(order_ids: Collection[int]) -> list[GivenBack]:
    """Return what orders that hold stock would give back, the most first."""
    sold = (
        OrderItem.objects.filter(order_id__in=among(order_ids), product__isnull=False)
        .values_list("product__sku", "product__name")
        .annotate(quantity=Sum("quantity"))
        .order_by("-quantity", "product__sku")
    )
    return [GivenBack(*row) for row in sold[:MAX_NAMED]]
