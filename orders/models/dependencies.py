"""Which order waits for which."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from orders.lifecycle import DONE, WAITING

MAX_REASON_LENGTH = 500
# The most dependencies that one request may name.
MAX_DEPENDENCIES = 1000
# Why the policy `ignore` waives a dependency.
IGNORED = "It failed or was cancelled, and the order ignores that."


class OrderDependencyQuerySet(models.QuerySet["OrderDependency"]):
    """Edges of the graph of orders."""

    def holding_up(self) -> OrderDependencyQuerySet:
        """Keep the edges that hold their order up.

        Only draft and pending orders wait. An edge stops holding once the dependency is done, and
        once the edge is waived.
        """
        return self.filter(order__status__in=WAITING, waived_at=None).exclude(
            depends_on__status__in=DONE
        )

    def waive(self, *, by: User | None = None, reason: str = IGNORED) -> int:
        """Waive the edges that are not waived yet, for good; return how many they were.

        Without `by`, the failure policy did it.
        """
        return self.filter(waived_at=None).update(
            waived_at=timezone.now(), waived_by=by, waiver_reason=reason
        )


class OrderDependency(models.Model):
    """`order` waits for `depends_on`, unless the edge is waived."""

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

    # Once waived, an edge never holds the order up again, whatever becomes of the dependency.
    waived_at = models.DateTimeField(null=True, blank=True, editable=False)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="Empty if the failure policy waived it.",
    )
    waiver_reason = models.CharField(max_length=MAX_REASON_LENGTH, blank=True, editable=False)

    objects = OrderDependencyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "order dependencies"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "depends_on"], name="dependency_unique"),
            models.CheckConstraint(
                condition=~Q(order=F("depends_on")), name="dependency_not_on_itself"
            ),
            models.CheckConstraint(
                condition=Q(waived_at=None, waived_by=None, waiver_reason="")
                | (Q(waived_at__isnull=False) & ~Q(waiver_reason="")),
                name="dependency_waived_with_a_reason",
            ),
        ]
        indexes: ClassVar = [
            # We walk edges both ways; the unique constraint's index serves the other way.
            models.Index(fields=["depends_on", "order"], name="dependency_by_depends_on"),
        ]

    def __str__(self) -> str:
        return f"#{self.order_id} waits for #{self.depends_on_id}"
