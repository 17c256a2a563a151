"""Orders of a team for the tests of pages, and how to read what pages show."""

import re
from typing import Any

from accounts.tests.projects import Team
from orders.models import Order
from orders.services import OrderFields, create_order_in_project

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"


def place(team: Team, *waits_for: Order, **fields: Any) -> Order:
    """Create an order of the team that waits for `waits_for`."""
    items = fields.pop("items", ())
    return create_order_in_project(
        by=team.owner,
        project=team.project,
        fields=OrderFields(**{"title": "An order", **fields}),  # type: ignore[typeddict-item]
        dependencies=[order.pk for order in waits_for],
        items=items,
    )


def address(team: Team, *parts: object) -> str:
    """Return the address of a page of the team's project."""
    return "/".join(["/app", str(team.project.uuid), *map(str, parts)])


def text_of(response: Any) -> str:
    """Return the page as HTML."""
    html: str = response.content.decode()
    return html


def numbers_on(response: Any) -> list[int]:
    """Return the numbers of the rows or cards of a page, from above."""
    return [int(each) for each in re.findall(r'id="order-(\d+)" ?', text_of(response))]
