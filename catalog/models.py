"""What a project sells: categories, products, and the ledger of their stock."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import PurePosixPath
from typing import ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Subquery
from django.utils import timezone

from accounts.models import Project, User


class Category(models.Model):
    """A shelf, within another or at the top."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="categories", db_index=False
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255)
    # Among its siblings; equal ones stand by name.
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "categories"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "slug"], name="category_unique_by_slug"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="category_named"),
            models.CheckConstraint(
                condition=~Q(parent=F("id")), name="category_not_in_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    """Products, and how to hold them still."""

    def on_sale(self) -> ProductQuerySet:
        """Keep what the storefront sells: active products of its project."""
        # Not a join: the list walks an index of one project, in that index's order.
        storefront = Project.objects.filter(is_storefront=True, is_active=True)
        return self.filter(
            is_active=True, project=Subquery(storefront.values("pk")[:1])
        )

    def locked(self) -> ProductQuerySet:
        """Lock these rows, in the order of their ids, until the transaction ends.

        FOR NO KEY UPDATE: a ledger row or an order's line that refers to a product takes a lock on its
        key, and under FOR UPDATE two checkouts that both have one would wait for each other.
        """
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")


def picture_path(_product: Product, filename: str) -> str:
    """Return where a product's picture is stored: a name that nobody chose."""
    return f"products/{uuid.uuid4().hex}{PurePosixPath(filename).suffix}"


class Product(models.Model):
    """Something that is sold. `stock` is what its ledger adds up to, at every moment."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="products", db_index=False
    )
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        db_index=False,
    )
    sku = models.CharField(max_length=64, verbose_name="SKU")
    slug = models.SlugField(max_length=255)
    name = models.CharField(max_length=255)
    description = models.TextField(max_length=10_000, blank=True)
    price = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.00"))],
    )
    currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$")],
        help_text="ISO 4217",
    )
    image = models.ImageField(upload_to=picture_path, blank=True)
    featured = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    stock = models.PositiveIntegerField(
        default=0, editable=False, help_text="On hand; changed by the ledger alone."
    )
    # For filters and their indexes, which stock itself must stay out of (see Meta.indexes).
    in_stock = models.GeneratedField(
        expression=Q(stock__gt=0),  # type: ignore[arg-type]  # a condition is an expression
        output_field=models.BooleanField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    # Counts the changes of the row, those of its stock too; the entity tag is made of it.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "sku"], name="product_unique_by_sku"
            ),
            models.UniqueConstraint(
                fields=["project", "slug"], name="product_unique_by_slug"
            ),
            models.CheckConstraint(
                condition=Q(stock__gte=0), name="product_stock_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="product_named"),
            models.CheckConstraint(condition=~Q(sku=""), name="product_has_sku"),
        ]
        # None holds `stock`: PostgreSQL then writes no index at all while a checkout takes some of it, which
        # makes that half as fast again. `include` is what a list is filtered by, so that it can be counted
        # from the index alone.
        indexes: ClassVar = [
            # The storefront's list in each of its orders, and one shelf of it.
            models.Index(
                fields=["project", "id"],
                include=["in_stock", "featured", "price"],
                condition=Q(is_active=True),
                name="product_on_sale",
            ),
            models.Index(
                fields=["category", "id"],
                include=["project", "in_stock", "featured", "price"],
                condition=Q(is_active=True),
                name="product_on_shelf",
            ),
            models.Index(
                fields=["project", "price", "id"],
                include=["in_stock", "featured"],
                condition=Q(is_active=True),
                name="product_by_price",
            ),
            models.Index(
                fields=["project", "name", "id"],
                condition=Q(is_active=True),
                name="product_by_name",
            ),
            models.Index(
                fields=["project", "created_at", "id"],
                condition=Q(is_active=True),
                name="product_by_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"

    @property
    def is_on_sale(self) -> bool:
        """Whether the storefront sells it, as `on_sale` has it; reads its project."""
        return self.is_active and self.project.is_storefront and self.project.is_active

    @property
    def is_in_stock(self) -> bool:
        """Whether one could be had at this moment."""
        return self.stock > 0


class StockMovement(models.Model):
    """One change of a product's stock, and why: the ledger. Written once, never changed.

    The sum over a product is its stock; the sum over a product and an order is what that order holds of
    it, as a negative number, and zero once it has given everything back.
    """

    class Reason(models.TextChoices):
        """Why stock changed."""

        INITIAL = "initial"
        RECEIVED = "received"
        ADJUSTED = "adjusted"
        IMPORTED = "imported"
        SOLD = "sold"
        RETURNED = "returned"

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="movements", db_index=False
    )
    change = models.IntegerField()
    reason = models.CharField(max_length=10, choices=Reason.choices)
    # The order that took it or gave it back. A plain id: orders stand above, and the ledger outlives them.
    order_id = models.BigIntegerField(null=True, blank=True)
    note = models.CharField(max_length=255, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(change=0), name="movement_moves"),
            models.CheckConstraint(
                condition=Q(reason__in=["sold", "returned"], order_id__isnull=False)
                | (~Q(reason__in=["sold", "returned"]) & Q(order_id=None)),
                name="movement_of_an_order_names_it",
            ),
            models.CheckConstraint(
                condition=~Q(reason="sold", change__gt=0)
                & ~Q(reason="returned", change__lt=0),
                name="movement_goes_its_way",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["product", "id"], name="movement_by_product"),
            models.Index(
                fields=["order_id", "product"],
                condition=Q(order_id__isnull=False),
                name="movement_by_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change:+d} of product {self.product_id}: {self.reason}"
