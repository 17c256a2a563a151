"""What orders add up to: one definition of each figure, for statistics, reports and exports.

- An order **counts** unless it is a draft. Cancelled, failed and test orders count.
- It **earns** its total if it counts and is not cancelled, failed or a test.
- It belongs to the day on which it was placed (`ordered_at`), in the project's time zone.
- Amounts are exact and in major units. Amounts of different currencies are never added.
- It is **done** when it is fulfilled or completed: at `fulfilled_at`, or without it when it got
  its status.

`docs/figures.md` has each figure with its formula and an example.
"""

from orders.figures.breakdowns import (
    Breakdown,
    Day,
    Part,
    breakdown_of,
    by_hour,
    by_hour_of_week,
    by_weekday,
)
from orders.figures.buyers import Customer, Customers, customers_of
from orders.figures.chains import Chains, chains_of, completed_chains
from orders.figures.deliveries import Deliveries, deliveries_of
from orders.figures.goods import Product, top_products
from orders.figures.progress import (
    Throughput,
    Waiting,
    lead_times,
    throughput_of,
    times_by_status,
    waiting_of,
    working_times,
)
from orders.figures.selecting import EVERYTHING, Selection
from orders.figures.summaries import (
    EARNING,
    NOT_COUNTED,
    Sales,
    Summary,
    Tally,
    average_of,
    groups_of,
    summaries_of,
    summary_of,
)

__all__ = [
    "EARNING",
    "EVERYTHING",
    "NOT_COUNTED",
    "Breakdown",
    "Chains",
    "Customer",
    "Customers",
    "Day",
    "Deliveries",
    "Part",
    "Product",
    "Sales",
    "Selection",
    "Summary",
    "Tally",
    "Throughput",
    "Waiting",
    "average_of",
    "breakdown_of",
    "by_hour",
    "by_hour_of_week",
    "by_weekday",
    "chains_of",
    "completed_chains",
    "customers_of",
    "deliveries_of",
    "groups_of",
    "lead_times",
    "summaries_of",
    "summary_of",
    "throughput_of",
    "times_by_status",
    "top_products",
    "waiting_of",
    "working_times",
]
