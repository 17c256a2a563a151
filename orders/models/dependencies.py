"""Which order waits for which."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from orders.lifecycle import DONE, GONE_WRONG, FailurePolicy


class OrderDependencyQuerySet(models.QuerySet["OrderDependency"]):
    """Edges of the graph of orders."""

    def holding_up(self) -> OrderDependencyQuerySet:
        """Keep the edges that hold their order up.

        An edge stops doing so once the dependency is done, or has gone wrong and the waiting order
        ignores that.
        """
        return self.exclude(depends_on__status__in=DONE).exclude(
            depends_on__status__in=GONE_WRONG,
            order__failure_policy=FailurePolicy.IGNORE,
        )


class OrderDependency(models.Model):
    """`order` waits for `depends_on`."""

    order = models.ForeignKey(
        "orders.Order",
        on_delete=models.CASCADE,
        related_name="dependency_edges",
        db_index=False,
    )
    # PROTECT: an order that others wait for cannot be deleted. The foreign key enforces it too.
    depends_on = models.ForeignKey(
        "orders.Order",
        on_delete=models.PROTECT,
        related_name="dependent_edges",
        db_index=False,
    )

    objects = OrderDependencyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "order dependencies"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "depends_on"], name="dependency_unique"
            ),
            models.CheckConstraint(
                condition=~Q(order=F("depends_on")), name="dependency_not_on_itself"
            ),
        ]
        indexes: ClassVar = [
            # We walk edges both ways; the unique constraint's index serves the other way.
            models.Index(
                fields=["depends_on", "order"], name="dependency_by_depends_on"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.order_id} waits for #{self.depends_on_id}"
