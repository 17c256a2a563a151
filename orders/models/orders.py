"""An order, and who may see it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Expression
from django.db.models.functions import Coalesce, JSONObject, NullIf, Replace
from django.db.models.lookups import IsNull
from django.utils import timezone

from accounts.access import Operation, roles_that_may, staff_may
from accounts.models import Membership, Project, User
from orderchainer.core.days import Span
from orderchainer.core.db.texts import LowerAscii
from orderchainer.core.ids import MAX_ID
from orderchainer.core.money import (
    COLUMN_DECIMALS,
    COLUMN_DIGITS,
    DEFAULT_CURRENCY,
    IS_CODE,
    ZERO,
)
from orders.access import VIEW_ORDERS
from orders.graph import WaitsById
from orders.lifecycle import (
    DONE,
    GONE_WRONG,
    WAITING,
    ChainState,
    FailurePolicy,
    Status,
    customers_moves,
    open_moves,
)
from orders.models.dependencies import OrderDependency

MAX_EXTERNAL_ID_LENGTH = 64


# What people write in a phone number besides its digits.
_BETWEEN_DIGITS = " +-()./"


def digits_of(number: Expression) -> Expression:
    """Return the number without what people write between its digits, in SQL."""
    for sign in _BETWEEN_DIGITS:
        number = Replace(number, Value(sign), Value(""))
    return number


DIGITS_OF_CUSTOMER = digits_of(Coalesce(NullIf("customer_phone", Value("")), "phone_number"))


def customer_key_of(email: str, phone: str) -> str:
    """Return the `customer_key` of an order with this e-mail address and phone number."""
    lower = str.maketrans(ascii_uppercase, ascii_lowercase)
    return email.translate(lower) or phone.translate(str.maketrans("", "", _BETWEEN_DIGITS))


def customer_has(text: str) -> Q:
    """Match orders with `text` in the customer's name, e-mail address or phone number."""
    return (
        Q(customer_name__icontains=text)
        | Q(customer_email__icontains=text)
        | Q(customer_phone__icontains=text)
    )


def order_has(text: str) -> Q:
    """Match orders with `text` as number, or within the title, external id or customer."""
    found = Q(title__icontains=text) | Q(external_id__icontains=text) | customer_has(text)
    digits = text.strip().removeprefix("#")
    if digits.isascii() and digits.isdecimal() and int(digits) <= MAX_ID:
        found |= Q(pk=int(digits))
    return found


class OrderQuerySet(models.QuerySet["Order"]):
    """Who may see which orders, and what each waits for."""

    def owned_by(self, user: User) -> OrderQuerySet:
        """Keep the orders that `user` owns."""
        return self.filter(owner=user)

    def of_customer(self, text: str) -> OrderQuerySet:
        """Keep the orders with `text` in the customer's name, e-mail address or phone number."""
        return self.filter(customer_has(text))

    def found_by(self, text: str) -> OrderQuerySet:
        """Keep the orders with `text` as number, or within the title, external id or customer."""
        return self.filter(order_has(text))

    def placed_within(self, period: Span) -> OrderQuerySet:
        """Keep the orders that were placed in the period: by `ordered_at`, not `created_at`."""
        return self.filter(ordered_at__gte=period.start, ordered_at__lt=period.end)

    def visible_to(self, user: User) -> OrderQuerySet:
        """Keep the orders that `user` owns, or may see as a member of the project or as staff."""
        return self.visible_to_viewer(user.pk, sees_all=staff_may(user, VIEW_ORDERS))

    def visible_to_viewer(self, user_id: int, *, sees_all: bool) -> OrderQuerySet:
        """Like `visible_to`, for callers who know whether the user sees all orders, as staff."""
        return self if sees_all else self.filter(_seen_by(user_id))

    def with_visible(self, user_id: int, *, sees_all: bool) -> OrderQuerySet:
        """Annotate `is_visible`: whether `visible_to_viewer` would keep the order."""
        seen = Value(True) if sees_all else _seen_by(user_id)
        return self.annotate(is_visible=ExpressionWrapper(seen, output_field=models.BooleanField()))

    def with_ready(self) -> OrderQuerySet:
        """Annotate `ready`: whether no dependency holds the order up.

        Use it to filter. To show it, `with_waits` is cheaper.
        """
        return self.annotate(
            ready=ExpressionWrapper(
                ~Q(status__in=WAITING) | IsNull(_one_holding_edge(), True),
                output_field=models.BooleanField(),
            )
        )

    def with_holds(self) -> OrderQuerySet:
        """Annotate `is_held`, and `is_blocked`: held by an order that failed or was cancelled.

        Only of orders that wait; see `state_in_chain`. Use it to count.
        """
        held, blocked = IsNull(_one_holding_edge(), False), IsNull(_one_edge_gone_wrong(), False)
        return self.annotate(
            is_held=ExpressionWrapper(held, output_field=models.BooleanField()),
            is_blocked=ExpressionWrapper(blocked, output_field=models.BooleanField()),
        )

    def in_chain_states(self, states: Collection[str]) -> OrderQuerySet:
        """Keep the orders of which the chain says one of these; see `state_in_chain`."""
        held = IsNull(_one_holding_edge(), False)
        blocked = IsNull(_one_edge_gone_wrong(), False)
        conditions = {
            ChainState.READY: Q(~held),
            ChainState.WAITS: Q(held) & Q(~blocked),
            ChainState.BLOCKED: Q(blocked),
        }
        either = Q()
        for state in states:
            either |= conditions[ChainState(state)]
        return self.filter(either, status__in=WAITING) if either else self.none()

    def with_waits(self) -> OrderQuerySet:
        """Annotate `waits`: a `Wait` for each order that it depends on, by ascending id."""
        edges = OrderDependency.objects.filter(order=OuterRef("pk"))
        return self.annotate(
            waits=WaitsById(
                edges.order_by("depends_on_id").values(
                    item=JSONObject(
                        id="depends_on_id",
                        status=_status_of("depends_on_id"),
                        waived=Case(When(waived_at=None, then=0), default=1),
                    )
                )
            )
        )


def _status_of(column: str) -> Subquery:
    """Return the status of the order that `column` names.

    PostgreSQL looks it up by the primary key. It might turn a join into a scan of all orders, once
    for each row of the outer query, while the table is new and has no statistics.
    """
    return Subquery(Order.objects.filter(pk=OuterRef(column)).values("status")[:1])


def _one_holding_edge() -> Subquery:
    """Return an edge that holds the outer order up, if it waits at all; NULL without one.

    An EXISTS would say the same, but to answer it PostgreSQL may first hash all edges.
    """
    edges = OrderDependency.objects.filter(order=OuterRef("pk"), waived_at=None)
    holding = edges.alias(status=_status_of("depends_on_id")).exclude(status__in=DONE)
    return Subquery(holding.values("pk")[:1])


def _one_edge_gone_wrong() -> Subquery:
    """Return an edge to an order that failed or was cancelled, unless waived; NULL without one."""
    edges = OrderDependency.objects.filter(order=OuterRef("pk"), waived_at=None)
    wrong = edges.alias(status=_status_of("depends_on_id")).filter(status__in=GONE_WRONG)
    return Subquery(wrong.values("pk")[:1])


def _seen_by(user_id: int) -> Q:
    return Q(owner=user_id) | Q(Exists(_memberships(user_id, VIEW_ORDERS)))


def _memberships(user_id: int, operation: Operation) -> models.QuerySet[Membership]:
    """Return the membership that lets the user do `operation` in the project of the outer order."""
    return Membership.objects.filter(
        user=user_id,
        project=OuterRef("project"),
        project__is_active=True,
        role__in=roles_that_may(operation),
    )


class Order(models.Model):
    """One order, from any channel."""

    class Provider(models.TextChoices):
        """The channel that an order came from."""

        API = "api"
        MANUAL = "manual"
        STOREFRONT = "storefront"
        SHOPIFY = "shopify"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,
    )
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    # Who of the project's members cares for it; see `orders.services.assigning`.
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The member who cares for it.",
    )
    title = models.CharField(max_length=255)
    description = models.TextField(max_length=10_000, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    auto_activate = models.BooleanField(
        default=False,
        help_text="Become active as soon as the order is pending and waits for nothing.",
    )
    failure_policy = models.CharField(
        max_length=6, choices=FailurePolicy.choices, default=FailurePolicy.HOLD
    )
    # The dependency whose failure made this order fail. When that one is tried again, this one
    # comes back too, unless a user has changed it since; any change by a user clears this.
    failed_along_with = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    provider = models.CharField(
        max_length=16, choices=Provider.choices, default=Provider.API, editable=False
    )
    external_id = models.CharField(max_length=MAX_EXTERNAL_ID_LENGTH, blank=True)
    is_test = models.BooleanField(
        default=False, editable=False, help_text="A test order counts in no revenue."
    )

    # What the source of a mirrored order told last; empty for every other order. See
    # `orders.services.mirroring`.
    source_updated_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The source's moment of what it told last."
    )
    source_status = models.CharField(
        max_length=10, choices=Status.choices, blank=True, editable=False
    )
    # Of all that it told, to notice another state of the same moment.
    source_digest = models.CharField(
        max_length=32, blank=True, default="", db_default="", editable=False
    )
    source_title = models.CharField(max_length=255, blank=True, editable=False)
    source_notes = models.TextField(max_length=5000, blank=True, editable=False)
    source_details = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="More of the source's own words, by name.",
    )
    # When the customer's data was erased. From then on the source cannot bring it back.
    customer_erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    total_price = models.DecimalField(
        max_digits=COLUMN_DIGITS,
        decimal_places=COLUMN_DECIMALS,
        default=ZERO,
        validators=[MinValueValidator(ZERO)],
    )
    currency = models.CharField(max_length=3, default=DEFAULT_CURRENCY, help_text="ISO 4217")
    link = models.URLField(max_length=2048, blank=True)

    customer_name = models.CharField(max_length=255, blank=True)
    customer_email = models.EmailField(max_length=254, blank=True)
    customer_phone = models.CharField(max_length=32, blank=True)
    shipping_address = models.TextField(max_length=1000, blank=True)
    phone_number = models.CharField(max_length=32, blank=True)
    # The customer's number without what people write between its digits, to find their orders.
    customer_digits = models.GeneratedField(
        expression=DIGITS_OF_CUSTOMER,
        output_field=models.CharField(max_length=32),
        db_persist=True,
    )
    # Who the customer is, to count customers: the e-mail address, without one the digits, or empty.
    customer_key = models.GeneratedField(
        expression=Coalesce(NullIf(LowerAscii("customer_email"), Value("")), DIGITS_OF_CUSTOMER),
        output_field=models.CharField(max_length=254),
        db_persist=True,
    )
    notes = models.TextField(max_length=5000, blank=True)

    ordered_at = models.DateTimeField(default=timezone.now)
    status_changed_at = models.DateTimeField(default=timezone.now, editable=False)
    fulfilled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    # How often the row changed; the ETag is made from it.
    version = models.PositiveIntegerField(default=1, editable=False)

    dependencies: models.ManyToManyField[Order, OrderDependency] = models.ManyToManyField(
        "self",
        through="OrderDependency",
        through_fields=("order", "depends_on"),
        symmetrical=False,
        related_name="dependents",
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # The lists of one owner's orders, oldest first: all of them, or those with one status.
            models.Index(fields=["owner", "id"], name="order_by_owner"),
            models.Index(fields=["owner", "status", "id"], name="order_by_owner_status"),
            # The same lists by age: imports and mirrored orders do not come in its sequence.
            models.Index(fields=["owner", "created_at", "id"], name="order_by_owner_age"),
            models.Index(
                fields=["project", "customer_digits"],
                condition=~Q(customer_digits=""),
                name="order_by_customers_number",
            ),
            # The list of a project's orders, newest first. The fields after the id are there for
            # its filters and for the statistics, which then read no row of the table.
            models.Index(
                fields=[
                    "project",
                    "ordered_at",
                    "id",
                    "status",
                    "provider",
                    "is_test",
                    "currency",
                    "total_price",
                ],
                name="order_by_project_date",
            ),
            # A project's customers, each with their orders. The fields after the moment are there
            # for the figures of customers, which then read no row of the table and sort nothing.
            models.Index(
                fields=[
                    "project",
                    "customer_key",
                    "ordered_at",
                    "id",
                    "status",
                    "is_test",
                    "currency",
                    "total_price",
                ],
                name="order_by_customer",
            ),
            # What is to be shipped and what was sold lately, in all projects.
            models.Index(fields=["status", "ordered_at"], name="order_by_status_date"),
            # A column of the board: those that have been in a status for the longest time first.
            models.Index(
                fields=["project", "status", "status_changed_at", "id"],
                name="order_by_project_status",
            ),
            # A project's orders by when they got done, for reports.
            models.Index(
                "project",
                Coalesce("fulfilled_at", "status_changed_at"),
                "id",
                condition=Q(status__in=sorted(DONE), is_test=False),
                name="order_by_done",
            ),
            models.Index(
                fields=["assignee", "project", "status"],
                condition=Q(assignee__isnull=False),
                name="order_by_assignee",
            ),
            # Mirrored orders by the name that their source gave them, such as #1001.
            models.Index(
                fields=["project", "title"],
                condition=~Q(external_id=""),
                name="order_by_outside_name",
            ),
            models.Index(
                fields=["failed_along_with"],
                condition=Q(failed_along_with__isnull=False),
                name="order_by_failed_along_with",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "provider", "external_id"],
                condition=~Q(external_id=""),
                name="order_unique_by_external_id",
            ),
            models.CheckConstraint(
                condition=Q(source_updated_at=None, source_status="")
                | (
                    Q(source_updated_at__isnull=False, source_status__in=Status.values)
                    & ~Q(external_id="")
                ),
                name="order_mirrored_has_source",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="order_status_known"
            ),
            models.CheckConstraint(
                condition=Q(failure_policy__in=FailurePolicy.values),
                name="order_failure_policy_known",
            ),
            models.CheckConstraint(
                condition=Q(failed_along_with=None) | Q(status=Status.FAILED),
                name="order_failed_along_only_while_failed",
            ),
            models.CheckConstraint(
                condition=Q(total_price__gte=0), name="order_total_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=IS_CODE), name="order_currency_is_a_code"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="order_title_not_empty"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @property
    def is_mirrored(self) -> bool:
        """Whether a source outside tells us about the order; see `orders.services.mirroring`."""
        return self.source_updated_at is not None

    def open_moves(self, *, blocked: bool = False) -> Sequence[Status]:
        """Return the statuses that the order can take next; fewer if it is `blocked`."""
        return open_moves(self.status, blocked=blocked)

    def customers_moves(self) -> Sequence[Status]:
        """Return the moves open to its storefront customer: cancelling, until it is shipped."""
        return customers_moves(self.status)
