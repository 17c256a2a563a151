"""What orders add up to: the figures that statistics and reports show as well."""

from collections.abc import Mapping
from typing import Any

from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tools.parameters import Parameters, number_in
from integrations.assistant.tools.showing import amount
from orderchainer.core.days import days_up_to_today
from orders.access import VIEW_ORDERS
from orders.figures import Sales, summary_of

MAX_DAYS = 3650
MAX_CURRENCIES = 10


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return the figures of the last days. Takes one statement."""
    days = number_in(parameters, "days", least=1, most=MAX_DAYS, default=30)
    summary = summary_of(asker.project, days_up_to_today(days, asker.project.zone))
    return {
        "period_days": days,
        "first_day": summary.period.first.isoformat(),
        "last_day": summary.period.last.isoformat(),
        "total_orders": summary.total_orders,
        "orders_by_status": dict(summary.orders_by_status),
        "currency": summary.currency,
        "total_revenue": amount(summary.total_revenue, summary.currency),
        "average_order_value": amount(summary.average_order_value, summary.currency),
        "by_currency": [_sales(each) for each in [*summary.by_currency.values()][:MAX_CURRENCIES]],
    }


def _sales(sales: Sales) -> dict[str, Any]:
    return {
        "currency": sales.currency,
        "total_orders": sales.total_orders,
        "total_revenue": amount(sales.total_revenue, sales.currency),
    }


TOOL = Tool(
    name="order_statistics",
    description="Returns how many orders there were in the last days and what they earned. Drafts "
    "do not count; cancelled, failed and test orders count and earn nothing. Amounts of different "
    "currencies are never added.",
    parameters={
        "type": "object",
        "properties": {
            "days": {
                "type": "integer",
                "description": f"How many days back, today included; 30 if missing, at most "
                f"{MAX_DAYS}.",
            }
        },
    },
    operation=VIEW_ORDERS,
    area="orders",
    run=run,
)
