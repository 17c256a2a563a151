"""Proof that each order holds the stock it sold, and that orders that went wrong hold none."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum

from catalog.models import StockMovement
from orders.lifecycle import GONE_WRONG

# One statement, so it sees one moment. Between two statements an order could change.
_WRONG_HOLDS = """
    SELECT order_id, product_id, SUM(held), SUM(due) FROM (
        SELECT order_id, product_id, -change AS held, 0 AS due
            FROM catalog_stockmovement WHERE order_id IS NOT NULL
        UNION ALL
        SELECT item.order_id, item.product_id, 0, item.quantity
            FROM orders_orderitem item JOIN orders_order placed ON placed.id = item.order_id
            WHERE item.product_id IS NOT NULL AND placed.status NOT IN ({wrong})
    ) AS moved
    GROUP BY order_id, product_id
    HAVING SUM(held) <> SUM(due)
    ORDER BY order_id, product_id
"""


@dataclass(frozen=True)
class WrongHold:
    """An order that holds more or less of a product than it should.

    `due` is what it should hold; 0 if the order was deleted.
    """

    order_id: int
    product_id: int
    held: int
    due: int


def wrong_holds() -> list[WrongHold]:
    """Return every order that did not take what it sold, or did not give back what it should."""
    wrong = sorted(GONE_WRONG)
    sql = _WRONG_HOLDS.format(wrong=", ".join(["%s"] * len(wrong)))
    with connection.cursor() as cursor:
        cursor.execute(sql, wrong)
        return [WrongHold(*map(int, row)) for row in cursor.fetchall()]


def held_by(order_id: int) -> dict[int, int]:
    """Return how many of each product the order holds, by product id; 0 if it gave them back."""
    rows = StockMovement.objects.filter(order_id=order_id).values_list("product_id")
    return {pk: -total for pk, total in rows.annotate(Sum("change")).order_by("product_id")}
