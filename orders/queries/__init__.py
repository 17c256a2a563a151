"""Reads of orders that are more than a filter."""

from orders.queries.chains import (
    Blocker,
    BlockerOwner,
    Blockers,
    Chain,
    ChainEdge,
    ChainNode,
    Waiver,
    blockers_for,
    chain_for,
)
from orders.queries.history import history_for
from orders.queries.naming import orders_named
from orders.queries.projects import (
    ids_by_uuid,
    listed_in_project,
    order_id_in_project,
    row_in_project,
)
from orders.queries.rows import Page, page_of, row_by_uuid, row_for
from orders.queries.single import order_for, order_id_for

__all__ = [
    "Blocker",
    "BlockerOwner",
    "Blockers",
    "Chain",
    "ChainEdge",
    "ChainNode",
    "Page",
    "Waiver",
    "blockers_for",
    "chain_for",
    "history_for",
    "ids_by_uuid",
    "listed_in_project",
    "order_for",
    "order_id_for",
    "order_id_in_project",
    "orders_named",
    "page_of",
    "row_by_uuid",
    "row_for",
    "row_in_project",
]
