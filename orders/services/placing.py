"""Placing an order."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db import transaction

from accounts.locks import hold_role
from accounts.models import Project, User
from accounts.queries import require_operation
from catalog.models import Product
from orderchainer.core.errors import Invalid
from orders.access import HANDLE_ORDERS
from orders.errors import OrderBlocked
from orders.lifecycle import ALLOWED_WHILE_BLOCKED, EventType, Status, Wait, is_ignored
from orders.locks import lock_orders
from orders.models import Order
from orders.services.amounts import settle_new
from orders.services.assigning import require_carer
from orders.services.chains import require_reach, set_dependencies, waive_ignored
from orders.services.fields import OrderFields, contact_of, require_dates
from orders.services.items import (
    AnyItemDraft,
    ItemDraft,
    StockItemDraft,
    title_of,
    total_of,
    write_items,
)
from orders.services.readiness import what_readiness_brings
from orders.services.selling import open_sale
from orders.stream.recording import event, record


@transaction.atomic
def create_order(
    *,
    by: User,
    fields: OrderFields,
    dependencies: Sequence[int] = (),
    items: Sequence[AnyItemDraft] = (),
    owner: User | None = None,
    project: Project | None = None,
    provider: str = Order.Provider.API,
) -> Order:
    """Create an order of `owner`, or of `by`, in the owner's personal project or the given one.

    Without a title, its items name it. `fields` can name its currency. Otherwise it is the currency
    of the products that it is sold from, or the project's. Items with a `product_id` take stock:
    all of them or none. Only users who handle the project's orders may sell from its stock.

    An order that has to wait may only have a status that a blocked order may have. An order that
    nothing holds up is ready at once, even if its dependencies were done before it existed. Records
    `order_created`, then `order_ready` and the activation if they follow.

    Raises `UnknownDependencies`, `OrderBlocked`, `MayNotCareForOrders` and `SaleNotAllowed`. Raises
    `InsufficientStock`, which lists every product of which there is too little. Raises `Invalid`
    for an unknown product or currency, or an amount that its currency does not allow, such as one
    with too many decimals.
    """
    owner = owner or by
    project = project or Project.objects.get(personal_owner=owner)
    require_dates(fields)
    if assignee := fields.get("assignee"):
        require_carer(project.pk, assignee)
    # Locks are taken in the same sequence everywhere: orders, then products.
    locked = lock_dependencies(dependencies)
    sale = open_sale(items, project=project, currency=fields.get("currency"), by=by)
    fields, drafts = settle_new({"currency": sale.currency, **fields}, sale.items)
    if not fields.get("title"):
        fields = {**fields, "title": _title_for(drafts)}
    order = Order(owner=owner, project=project, provider=provider, **fields)
    if order.status == Status.FULFILLED and order.fulfilled_at is None:
        order.fulfilled_at = order.status_changed_at
    if drafts:
        order.total_price = total_of(drafts, fields.get("total_price"), order.currency)
    place(order, by=by, dependencies=dependencies, locked=locked, items=drafts)
    sale.take_stock(order)
    return order


@transaction.atomic
def create_order_in_project(
    *,
    by: User,
    project: Project,
    fields: OrderFields,
    dependencies: Sequence[int] = (),
    items: Sequence[AnyItemDraft] = (),
) -> Order:
    """Create an order by hand, as somebody who handles the project's orders and will own this one.

    The role stays as it is until the transaction ends. Raises `ProjectNotFound` and `RoleNotEnough`
    to users who may not do this (any more), and what `create_order` raises.
    """
    hold_role(by, project.pk)
    require_operation(by, project, HANDLE_ORDERS)
    return create_order(
        by=by,
        project=project,
        provider=Order.Provider.MANUAL,
        fields=fields,
        dependencies=dependencies,
        items=items,
    )


@transaction.atomic
def take_order(
    *,
    by: User,
    customer: User | None,
    items: Sequence[StockItemDraft],
    fields: OrderFields,
) -> Order:
    """Create an order for a caller from the stock of the project that sells the first product.

    It belongs to the account of the `customer`, whose name and address in `fields` may be left out;
    without an account it belongs to `by`, while they are a member of the project. Raises `Invalid`
    without a known product, and what `create_order` raises.
    """
    first = Product.objects.filter(pk__in=[item.product_id for item in items[:1]])
    product = first.select_related("project").first()
    if product is None:
        raise Invalid({"items": ["Pick at least one product."]})
    known = contact_of(customer, fields) if customer else {}
    typed = {name: value for name, value in fields.items() if value}
    return create_order(
        by=by,
        owner=customer,
        project=product.project,
        provider=Order.Provider.MANUAL,
        fields=cast(OrderFields, {**known, **typed}),
        items=items,
    )


def _title_for(items: Sequence[ItemDraft]) -> str:
    if not items:
        raise Invalid({"title": ["Give the order a title, or items from which we make one."]})
    return title_of([item.name for item in items])


def lock_dependencies(dependencies: Sequence[int]) -> dict[int, Order]:
    """Lock the orders that a new order should wait for. Return those that exist, by id.

    None of them can be deleted or completed before others can see that the new order waits for it.
    No cycle can close, because nothing waits for an order that does not exist yet.
    """
    return lock_orders(dependencies) if dependencies else {}


def place(
    order: Order,
    *,
    by: User,
    dependencies: Sequence[int],
    locked: Mapping[int, Order],
    items: Sequence[ItemDraft],
    **facts: Any,
) -> None:
    """Store a new order with everything that belongs to it, in the caller's transaction.

    `locked` are the dependencies that exist. Records the events of `create_order` and raises its
    refusals. The first event carries `facts` besides its usual data.
    """
    wanted = sorted(set(dependencies))
    require_reach(wanted, locked, order=order, by=by)
    waits = {pk: Wait(str(locked[pk].status)) for pk in wanted}
    blockers = [
        pk
        for pk, wait in waits.items()
        if wait.holds and not is_ignored(wait.status, order.failure_policy)
    ]
    if blockers and order.status not in ALLOWED_WHILE_BLOCKED:
        raise OrderBlocked(None, order.status, blockers, sorted(ALLOWED_WHILE_BLOCKED))

    order.save(force_insert=True)
    set_dependencies(order, add=wanted, remove=[])
    write_items(order, items)
    waits = waive_ignored(order, waits)
    first = event(EventType.CREATED, order, by=by, dependencies=wanted, **facts)
    status = order.status
    follows = what_readiness_brings(order, old_status=None, old_waits={}, waits=waits)
    if order.status != status:
        order.save(update_fields=["status", "status_changed_at"])
    record([first, *follows])
