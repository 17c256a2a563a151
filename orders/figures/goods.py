"""Which products earned most."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, ExpressionWrapper, F, Max, QuerySet, Sum, When
from django.db.models.functions import Round

from accounts.models import Project
from orderchainer.core.days import Span
from orderchainer.core.db.amounts import SumOfAmounts
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS, as_written
from orders.figures.selecting import EVERYTHING, Selection, placed_in
from orders.figures.summaries import EARNING
from orders.models import OrderItem

MAX_SHOWN = 10


@dataclass(frozen=True)
class Product:
    """A product in the orders that earn. `revenue` is its price times its quantity, added up.

    It has neither the shipping nor the discounts of whole orders.
    """

    name: str
    sku: str
    quantity: int
    revenue: Decimal


def top_products(
    project: Project, span: Span, *, currency: str, selection: Selection = EVERYTHING
) -> Sequence[Product]:
    """Return the products with most revenue in `currency`, in one statement.

    Items with the same SKU are one product, and of the others those with the same name. Its name
    is the last one in the alphabet, if it had several.
    """
    orders = placed_in(project, span, selection).filter(
        currency=currency, status__in=EARNING, is_test=False
    )
    price = ExpressionWrapper(
        F("unit_price") * F("quantity"),
        output_field=DecimalField(max_digits=COLUMN_DIGITS + 10, decimal_places=COLUMN_DECIMALS),
    )
    found: QuerySet[Any, Any] = (
        OrderItem.objects.filter(order__in=orders)
        .order_by()
        .values(key=Case(When(sku="", then="name"), default="sku"), code=F("sku"))
        .annotate(
            # Not the name of a field, which GROUP BY would take for the column.
            shown_name=Max("name"),
            pieces=Sum("quantity"),
            amount=SumOfAmounts(price),
            # SQLite writes exact sums as text, which it cannot sort.
            rank=Round(Sum(price), precision=COLUMN_DECIMALS),
        )
        .order_by("-rank", "key", "code")[:MAX_SHOWN]
    )
    return [
        Product(
            name=row["shown_name"],
            sku=row["code"],
            quantity=row["pieces"],
            revenue=as_written(row["amount"], currency),
        )
        for row in found
    ]
