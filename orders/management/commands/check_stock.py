"""`manage.py check_stock`: proves that no unit was sold twice and none was lost."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.queries.inventory import stock_differences
from orders.holds import wrong_holds


class Command(BaseCommand):
    """Compare stock, ledger and orders. Changes nothing."""

    help = (
        "Checks that each product's stock is the sum of its ledger, and that each order holds what "
        "it sold, or nothing if it failed, was cancelled or deleted. Lists what is wrong and "
        "exits with 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check."""
        differences, holds = stock_differences(), wrong_holds()
        if not differences and not holds:
            self.stdout.write("Stock, ledger and orders agree.")
            return
        if differences:
            self._table(
                ("product", "stock", "ledger"),
                [(row.product_id, row.stock, row.ledger) for row in differences],
            )
        if holds:
            self._table(
                ("order", "product", "holds", "should hold"),
                [(row.order_id, row.product_id, row.held, row.due) for row in holds],
            )
        msg = f"Products: {len(differences)} wrong. Holds of orders: {len(holds)} wrong."
        raise CommandError(msg)

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write a table, each column as wide as its longest cell."""
        lines = [tuple(map(str, row)) for row in (head, *rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        self.stdout.write("")
