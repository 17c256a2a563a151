"""Reads of orders that are more than a filter."""

from orders.queries.attention import Waiting, waiting_in_project
from orders.queries.boards import (
    Card,
    assignee_in,
    board_of,
    cards_by_id,
    counts_by_status,
    customer_in,
)
from orders.queries.bulk import bulk_change_for
from orders.queries.carers import Carer, carers_of
from orders.queries.chains import (
    Blocker,
    BlockerOwner,
    Blockers,
    Chain,
    ChainEdge,
    ChainNode,
    Waiver,
    blockers_for,
    blockers_of,
    chain_for,
)
from orders.queries.exporting import export_orders
from orders.queries.for_pages import (
    awaited_by,
    number_in_project,
    numbered_order_in_project,
    numbered_row_in_project,
    numbered_rows_in_project,
    titles_in_project,
)
from orders.queries.forecasts import MIN_HISTORY, Forecast, forecast_of
from orders.queries.history import deletion_of, history_for, latest_events
from orders.queries.naming import orders_like, orders_named
from orders.queries.pictures import (
    MAX_NAMED,
    MAX_WAYS,
    Detail,
    Picture,
    overview_for,
    picture_for,
)
from orders.queries.projects import (
    ids_by_uuid,
    listed_in_project,
    order_id_in_project,
    row_in_project,
)
from orders.queries.purchases import purchase_for, purchases_of
from orders.queries.rows import Page, page_of, row_by_uuid, row_for
from orders.queries.single import order_for, order_id_for
from orders.queries.views import view_for, views_for
from orders.queries.whereabouts import Whereabouts, whereabouts_of

__all__ = [
    "MAX_NAMED",
    "MAX_WAYS",
    "MIN_HISTORY",
    "Blocker",
    "BlockerOwner",
    "Blockers",
    "Card",
    "Carer",
    "Chain",
    "ChainEdge",
    "ChainNode",
    "Detail",
    "Forecast",
    "Page",
    "Picture",
    "Waiting",
    "Waiver",
    "Whereabouts",
    "assignee_in",
    "awaited_by",
    "blockers_for",
    "blockers_of",
    "board_of",
    "bulk_change_for",
    "cards_by_id",
    "carers_of",
    "chain_for",
    "counts_by_status",
    "customer_in",
    "deletion_of",
    "export_orders",
    "forecast_of",
    "history_for",
    "ids_by_uuid",
    "latest_events",
    "listed_in_project",
    "number_in_project",
    "numbered_order_in_project",
    "numbered_row_in_project",
    "numbered_rows_in_project",
    "order_for",
    "order_id_for",
    "order_id_in_project",
    "orders_like",
    "orders_named",
    "overview_for",
    "page_of",
    "picture_for",
    "purchase_for",
    "purchases_of",
    "row_by_uuid",
    "row_for",
    "row_in_project",
    "titles_in_project",
    "view_for",
    "views_for",
    "waiting_in_project",
    "whereabouts_of",
]
