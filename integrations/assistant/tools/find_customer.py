"""Customers: those who wrote, and those who ordered."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Max

from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tools.parameters import Parameters, needed_text_in
from integrations.assistant.tools.reaching import sees_orders
from integrations.assistant.tools.showing import MAX_TEXT_LENGTH, cut, local, without_gaps
from notifications.access import VIEW_MESSAGES
from notifications.queries import contact_rows_of, contacts_found, contacts_of
from orderchainer.core.days import days_up_to_today
from orderchainer.core.db.prepared import Row
from orders.models import Order

MAX_CUSTOMERS = 8
MAX_ADDRESSES = 5
MAX_SEARCH_LENGTH = 200
# A search has to read every order that is not older.
DAYS = 730


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return the people who fit. Takes four statements at most, whatever there is."""
    search = needed_text_in(parameters, "search", most=MAX_SEARCH_LENGTH)
    contacts = contacts_found(contacts_of(asker.project), search, project=asker.project).order_by(
        "-id"
    )
    return {
        "customers": [_contact(row) for row in contact_rows_of(contacts)[:MAX_CUSTOMERS]],
        "customers_of_orders": _of_orders(asker, search),
    }


def _contact(row: Row) -> dict[str, Any]:
    places = [
        without_gaps(
            {
                "over": place["channel"],
                "phone": place["phone"] or (place["number"] and f"+{place['number']}"),
                "username": place["username"],
            }
        )
        for place in row["places"][:MAX_ADDRESSES]
    ]
    told = {
        "contact_id": str(row["uuid"]),
        "name": cut(row["name"]),
        "language": row["language"],
        "notes": cut(row["notes"], MAX_TEXT_LENGTH),
        "is_blocked": row["is_blocked"],
        "wants_no_notices": row["stopped_at"] is not None,
        "reached_over": places,
    }
    return without_gaps(told)


def _of_orders(asker: Asker, search: str) -> list[dict[str, Any]]:
    """Return customers as orders name them; none for somebody who may not see orders."""
    if not sees_orders(asker):
        return []
    period = days_up_to_today(DAYS, asker.project.zone)
    orders = Order.objects.filter(project=asker.project).placed_within(period)
    people = (
        orders.of_customer(search)
        .order_by()
        .values("customer_name", "customer_email", "customer_phone")
        .annotate(orders=Count("*"), newest=Max("ordered_at"), number=Max("pk"))
        .order_by("-newest", "-number")
    )
    return [
        without_gaps(
            {
                "name": cut(row["customer_name"]),
                "email": row["customer_email"],
                "phone": row["customer_phone"],
                "orders": row["orders"],
                "newest_order_at": local(row["newest"], asker.project),
                "newest_order_number": row["number"],
            }
        )
        for row in people[:MAX_CUSTOMERS]
    ]


TOOL = Tool(
    name="find_customer",
    description="Finds customers by a part of their name, phone number, username or e-mail "
    "address: `customers` are people with whom the shop has talked, `customers_of_orders` are "
    "named by orders of the last two years. The same person may be in both.",
    parameters={
        "type": "object",
        "properties": {
            "search": {
                "type": "string",
                "description": "A part of a name, phone number, username or e-mail address.",
            }
        },
        "required": ["search"],
    },
    operation=VIEW_MESSAGES,
    area="messages",
    run=run,
)
