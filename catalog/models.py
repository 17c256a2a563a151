"""Categories, products and the ledger of their stock."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q, Subquery
from django.utils import timezone

from accounts.models import Project, User
from orderchainer.core.money import (
    COLUMN_DECIMALS,
    COLUMN_DIGITS,
    DEFAULT_CURRENCY,
    IS_CODE,
    ZERO,
)


class Category(models.Model):
    """A category, inside another one or at the top level."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="categories", db_index=False
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255)
    # The place among its siblings; those with the same position are sorted by name.
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "categories"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "slug"], name="category_unique_by_slug"),
            models.CheckConstraint(condition=~Q(name=""), name="category_named"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="category_not_in_itself"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    """Which products are on sale, and how to lock products."""

    def on_sale(self) -> ProductQuerySet:
        """Keep the products that the storefront sells: active ones of its project."""
        # A subquery, not a join, so that the list walks one project's index in its order.
        storefront = Project.objects.filter(is_storefront=True, is_active=True)
        return self.filter(is_active=True, project=Subquery(storefront.values("pk")[:1]))

    def locked(self) -> ProductQuerySet:
        """Lock these rows, sorted by id, until the transaction ends.

        FOR NO KEY UPDATE still lets others insert ledger rows and order items that refer to a
        product. With FOR UPDATE, two checkouts that have inserted such rows would deadlock.
        """
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")


def picture_path(_product: Product, filename: str) -> str:
    """Return where to store a product's picture: under a random name."""
    return f"products/{uuid.uuid4().hex}{PurePosixPath(filename).suffix}"


class Product(models.Model):
    """Something that a project sells. `stock` is always the sum of its ledger."""

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
        max_digits=COLUMN_DIGITS,
        decimal_places=COLUMN_DECIMALS,
        validators=[MinValueValidator(ZERO)],
    )
    currency = models.CharField(
        max_length=3,
        default=DEFAULT_CURRENCY,
        help_text="ISO 4217",
    )
    image = models.ImageField(upload_to=picture_path, blank=True)
    featured = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    stock = models.PositiveIntegerField(
        default=0, editable=False, help_text="On hand. Only the ledger changes it."
    )
    # For filters and indexes, which must not contain `stock` itself (see Meta.indexes).
    in_stock = models.GeneratedField(
        expression=Q(stock__gt=0),  # type: ignore[arg-type]  # a condition is an expression
        output_field=models.BooleanField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    # How often the row changed, its stock included; the ETag is made from it.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "sku"], name="product_unique_by_sku"),
            models.UniqueConstraint(fields=["project", "slug"], name="product_unique_by_slug"),
            models.CheckConstraint(condition=Q(stock__gte=0), name="product_stock_not_negative"),
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=Q(currency__regex=IS_CODE), name="product_currency_is_a_code"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="product_named"),
            models.CheckConstraint(condition=~Q(sku=""), name="product_has_sku"),
        ]
        # No index contains `stock`, so PostgreSQL writes no index when a checkout takes stock.
        # This makes checkouts 1.5 times as fast. `include` has the columns that lists filter by,
        # so that an index alone is enough to count them.
        indexes: ClassVar = [
            # The storefront's list in each of its sortings, and the list of one category.
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
        """Whether the storefront sells it, like `on_sale`; reads its project."""
        return self.is_active and self.project.is_storefront and self.project.is_active

    @property
    def is_in_stock(self) -> bool:
        """Whether at least one is in stock."""
        return self.stock > 0


class StockMovement(models.Model):
    """One row of the ledger: a change of a product's stock, and why. It never changes.

    The sum of a product's rows is its stock. The sum of the rows of a product and an order is what
    the order holds of it, as a negative number; zero once everything was given back.
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
    # The order that took it or gave it back. A plain id, because orders are a higher app and the
    # ledger outlives them.
    order_id = models.BigIntegerField(null=True, blank=True)
    note = models.CharField(max_length=255, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
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
                condition=~Q(reason="sold", change__gt=0) & ~Q(reason="returned", change__lt=0),
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
