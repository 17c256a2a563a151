"""The request bodies of a project's orders, and the answers as the schema shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, ClassVar, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from orderchainer.core.http.fields import (
    DECIMALS_WRITTEN,
    AmountField,
    BoundedListField,
    ListedChoiceField,
    StrictCharField,
    StrictSerializer,
    StrictUUIDField,
    WebURLField,
)
from orderchainer.core.money import MAX_AMOUNT
from orders.api import words
from orders.errors import MayNotCareForOrders, UnknownProducts
from orders.lifecycle import EventType, FailurePolicy, Status
from orders.models import Order
from orders.models.dependencies import MAX_DEPENDENCIES, MAX_REASON_LENGTH
from orders.services import ItemDraft, OrderFields, StockItemDraft
from orders.services.items import MAX_ITEMS, MAX_QUANTITY

# What the hub calls the fields of an order.
NAMES: Mapping[str, str] = {
    "total_price": "total",
    "fulfilled_at": "fulfilled_date",
    "ordered_at": "order_date",
}
# The names in a refusal that differ from the services' names.
NAMES_IN_ERRORS: Mapping[str, str] = {
    **NAMES,
    **dict.fromkeys(("customer_name", "customer_email", "customer_phone"), "customer"),
}


@extend_schema_field({"type": "number", "minimum": 0, "maximum": float(MAX_AMOUNT)})
class NumberField(AmountField):
    """An amount as a JSON number; text is accepted as well."""


class HubItemInput(StrictSerializer):
    """A line of an order."""

    ignored: ClassVar = frozenset({"product_id"})

    name = StrictCharField(max_length=255)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)
    price = NumberField(help_text="Of one, with no more decimals than the currency has.")
    sku = StrictCharField(max_length=64, required=False, allow_blank=True)

    def to_internal_value(self, data: Any) -> ItemDraft:
        """Read one line."""
        return _draft_of(self.read(data))

    def read(self, data: Any) -> dict[str, Any]:
        """Return the fields of one line."""
        line: dict[str, Any] = super().to_internal_value(data)
        return line


def _draft_of(line: dict[str, Any]) -> ItemDraft:
    return ItemDraft(
        name=line["name"],
        unit_price=line["price"],
        quantity=line["quantity"],
        sku=line.get("sku", ""),
    )


@dataclass(frozen=True)
class SoldItem:
    """An item to sell from stock, as the hub names it. What it leaves open, the product decides."""

    product: UUID
    quantity: int
    name: str = ""
    sku: str = ""
    price: Decimal | None = None

    def draft(self, product_id: int) -> StockItemDraft:
        """Return the item with the product's number."""
        return StockItemDraft(product_id, self.quantity, self.name, self.sku, self.price)


class HubNewItemInput(HubItemInput):
    """A line of a new order. With a `product_id` it takes stock; the rest may then be left out."""

    ignored: ClassVar = frozenset()

    name = StrictCharField(
        max_length=255, required=False, help_text="Without it, the name of the product."
    )
    price = NumberField(required=False, help_text="Without it, the price of the product.")
    product_id = StrictUUIDField(
        required=False, allow_null=True, help_text="A product of the project, to sell from stock."
    )

    def to_internal_value(self, data: Any) -> ItemDraft | SoldItem:  # type: ignore[override]
        """Read one line."""
        line = self.read(data)
        if product := line.pop("product_id", None):
            return SoldItem(product, **line)
        if missing := {"name", "price"} - line.keys():
            needed = ["This field is required for an item that is not sold from stock."]
            raise serializers.ValidationError(dict.fromkeys(sorted(missing), needed))
        return _draft_of(line)


class HubCustomerInput(StrictSerializer):
    """The customer of an order. Null is the same as empty."""

    name = StrictCharField(max_length=255, required=False, allow_blank=True, allow_null=True)
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, allow_null=True
    )
    phone = StrictCharField(max_length=32, required=False, allow_blank=True, allow_null=True)


def _moment(help_text: str, *, allow_null: bool = False) -> serializers.DateTimeField:
    return serializers.DateTimeField(
        required=False,
        allow_null=allow_null,
        default_timezone=UTC,
        help_text=(
            f"{help_text} From the year 1900 to a day in the future. Without a zone it is UTC."
        ),
    )


class HubOrderChanges(StrictSerializer):
    """`PATCH /api/v1/orders/{project_id}/{order_id}`."""

    ignored: ClassVar = frozenset({"updated_at", "ready", "open_moves", "source_details"})
    fixed: ClassVar = frozenset(
        {"id", "project_id", "number", "external_id", "provider", "order_date", "is_test"}
    )
    together: ClassVar = frozenset({"items", "total"})

    status = ListedChoiceField(choices=Status.choices, required=False)
    fulfilled_date = _moment(
        "When it was fulfilled. Without it, an order that becomes fulfilled gets the current time.",
        allow_null=True,
    )
    title = StrictCharField(max_length=255, required=False)
    notes = StrictCharField(
        max_length=5000, required=False, allow_blank=True, trim_whitespace=False
    )
    customer = HubCustomerInput(required=False)
    shipping_address = StrictCharField(max_length=1000, required=False, allow_blank=True)
    link = WebURLField(required=False, allow_blank=True)
    items = HubItemInput(many=True, required=False, max_length=MAX_ITEMS)  # type: ignore[call-arg]  # of the list
    total = NumberField(
        required=False,
        help_text=words.WHOLE_TOTAL,
    )
    currency = StrictCharField(required=False, help_text=words.CURRENCY)
    assignee = StrictUUIDField(
        required=False,
        allow_null=True,
        help_text="A member who may handle the project's orders, or null.",
    )
    dependencies = BoundedListField(
        child=StrictUUIDField(),
        max_length=MAX_DEPENDENCIES,
        required=False,
        help_text=words.DEPENDENCIES,
    )
    auto_activate = serializers.BooleanField(
        required=False,
        help_text=words.AUTO_ACTIVATE,
    )
    failure_policy = ListedChoiceField(
        choices=FailurePolicy.choices,
        required=False,
        help_text=words.FAILURE_POLICY,
    )

    @property
    def order_fields(self) -> OrderFields:
        """What the body sets, under the names that services have for it."""
        ours = {name: inner for inner, name in NAMES.items()}
        others = {"customer", "items", "dependencies", "assignee"}
        fields: dict[str, Any] = {
            ours.get(name, name): value
            for name, value in self.validated_data.items()
            if name not in others
        }
        for name, value in self.validated_data.get("customer", {}).items():
            fields[f"customer_{name}"] = value or ""
        if "assignee" in self.validated_data:
            fields["assignee"] = _member_named(self.validated_data["assignee"])
        return cast(OrderFields, fields)


def _member_named(user_id: UUID | None) -> User | None:
    """Return the user with that id. Raises `Invalid`; the service checks the membership."""
    if user_id is None:
        return None
    user = User.objects.filter(uuid=user_id).first()
    if user is None:
        raise MayNotCareForOrders
    return user


class HubOrderInput(HubOrderChanges):
    """`POST /api/v1/orders/{project_id}`."""

    ignored: ClassVar = frozenset()
    fixed: ClassVar = frozenset()

    title = StrictCharField(
        max_length=255, required=False, help_text="Without it, the items name the order."
    )
    items = HubNewItemInput(many=True, required=False, max_length=MAX_ITEMS)  # type: ignore[call-arg]  # of the list
    order_date = _moment("When it was placed; without it, now.")

    def drafts(self, product_ids: Mapping[UUID, int]) -> list[ItemDraft | StockItemDraft]:
        """Return the items with the numbers of their products. Raises `UnknownProducts`."""
        items: list[ItemDraft | SoldItem] = self.validated_data.get("items", [])
        unknown = {
            place: item.product
            for place, item in enumerate(items, start=1)
            if isinstance(item, SoldItem) and item.product not in product_ids
        }
        if unknown:
            raise UnknownProducts(unknown)
        return [
            item.draft(product_ids[item.product]) if isinstance(item, SoldItem) else item
            for item in items
        ]

    @property
    def products(self) -> list[UUID]:
        """The products that the items name."""
        items = self.validated_data.get("items", [])
        return [item.product for item in items if isinstance(item, SoldItem)]


class HubWaiverInput(StrictSerializer):
    """Which dependency an order need not wait for, and why."""

    dependency = StrictUUIDField(help_text=words.WAIVED_DEPENDENCY)
    reason = StrictCharField(
        max_length=MAX_REASON_LENGTH,
        help_text=words.REASON,
    )


# --- what is answered, for the schema ---------------------------------------------------------


class NumberOutput(serializers.FloatField):
    """An amount as a JSON number."""


def _amount(help_text: str) -> NumberOutput:
    return NumberOutput(help_text=f"{help_text} {DECIMALS_WRITTEN}")


class HubItemOutput(serializers.Serializer[Any]):
    """A line of an order."""

    name = serializers.CharField()
    quantity = serializers.IntegerField()
    price = _amount("The price of one.")
    sku = serializers.CharField()
    product_id = serializers.UUIDField(
        allow_null=True, help_text="The product that it was sold from; null without one."
    )


class HubAssigneeOutput(serializers.Serializer[Any]):
    """The member who cares for an order."""

    id = serializers.UUIDField()
    name = serializers.CharField(help_text="The e-mail address of somebody who gave no name.")


class HubCustomerOutput(serializers.Serializer[Any]):
    """The customer of an order."""

    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class HubOrderOutput(serializers.Serializer[Any]):
    """An order of a project."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    external_id = serializers.CharField(
        allow_null=True, help_text="Its id at the provider; null if it was made here."
    )
    provider = serializers.ChoiceField(choices=Order.Provider.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    customer = HubCustomerOutput()
    items = HubItemOutput(many=True)
    total = _amount("What it costs.")
    currency = serializers.CharField(help_text="ISO 4217.")
    order_date = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    number = serializers.IntegerField(
        help_text="The number by which other surfaces, events and error messages name the order."
    )
    title = serializers.CharField()
    fulfilled_date = serializers.CharField(allow_null=True, help_text="Null if it is not known.")
    updated_at = serializers.CharField()
    dependencies = serializers.ListField(
        child=serializers.UUIDField(), help_text="The orders that it depends on."
    )
    ready = serializers.BooleanField(help_text=words.READY)
    is_test = serializers.BooleanField(help_text="Test orders count in no revenue.")
    open_moves = serializers.ListField(
        child=serializers.ChoiceField(choices=Status.choices),
        help_text="The statuses that it can take next.",
    )
    link = serializers.CharField()
    notes = serializers.CharField()
    shipping_address = serializers.CharField()
    auto_activate = serializers.BooleanField()
    failure_policy = serializers.ChoiceField(choices=FailurePolicy.choices)
    assignee = HubAssigneeOutput(
        allow_null=True, help_text="The member who cares for it; null if nobody does."
    )
    source_details = serializers.DictField(
        child=serializers.CharField(),
        help_text="What only this provider says of an order, such as its own status.",
    )


class HubChainNodeOutput(serializers.Serializer[Any]):
    """An order in a chain. The title is null if you may not see the order."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    ready = serializers.BooleanField()
    blockers = serializers.ListField(child=serializers.UUIDField())


class HubChainEdgeOutput(serializers.Serializer[Any]):
    """`order` depends on `depends_on`."""

    order = serializers.UUIDField()
    depends_on = serializers.UUIDField()
    waived = serializers.BooleanField(help_text=words.EDGE_WAIVED)


class HubChainOutput(serializers.Serializer[Any]):
    """Every order that an order waits for, directly or not, and every order that waits for it."""

    order_id = serializers.UUIDField()
    nodes = HubChainNodeOutput(many=True)
    edges = HubChainEdgeOutput(many=True)
    topological_order = serializers.ListField(child=serializers.UUIDField())
    critical_path = serializers.ListField(
        child=serializers.UUIDField(),
        help_text=words.CRITICAL_PATH,
    )
    truncated = serializers.BooleanField(help_text=words.CHAIN_TRUNCATED)
    edges_truncated = serializers.BooleanField(help_text=words.EDGES_TRUNCATED)


class HubBlockerOwnerOutput(serializers.Serializer[Any]):
    """The owner of a blocker."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()


class HubBlockerOutput(serializers.Serializer[Any]):
    """An order that blocks others. Title and owner are null if you may not see the order."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    since = serializers.CharField(help_text=words.SINCE)
    owner = HubBlockerOwnerOutput(allow_null=True)


class HubWaiverOutput(serializers.Serializer[Any]):
    """A dependency that was waived. The title is null if you may not see the order."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    waived_at = serializers.CharField()
    waived_by = serializers.UUIDField(allow_null=True, help_text=words.WAIVED_BY)
    reason = serializers.CharField()


class HubBlockersOutput(serializers.Serializer[Any]):
    """Why an order is waiting."""

    order_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.choices)
    waiting = serializers.BooleanField()
    blockers = HubBlockerOutput(many=True, help_text=words.DIRECT_BLOCKERS)
    root_blockers = HubBlockerOutput(
        many=True,
        help_text=words.ROOT_BLOCKERS,
    )
    waived = HubWaiverOutput(many=True, help_text=words.WAIVED)
    truncated = serializers.BooleanField(help_text=words.BLOCKERS_TRUNCATED)


class HubEventOutput(serializers.Serializer[Any]):
    """Something that happened to an order. The ids in `data` are numbers."""

    event_id = serializers.UUIDField()
    position = serializers.IntegerField(
        allow_null=True,
        help_text="The position in the stream; null for a moment after the change.",
    )
    type = serializers.ChoiceField(choices=EventType.choices)
    order_id = serializers.UUIDField()
    actor_id = serializers.UUIDField(
        allow_null=True, help_text="The user who did it; null if nobody did."
    )
    created_at = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field, not the property


class SalesOutput(serializers.Serializer[Any]):
    """The figures in one currency."""

    total_orders = serializers.IntegerField()
    total_revenue = _amount("What they earned.")
    average_order_value = _amount("`total_revenue` divided by `total_orders`, rounded half up.")


class OrdersSummaryOutput(serializers.Serializer[Any]):
    """The figures of a project's orders in a period."""

    period_days = serializers.IntegerField()
    total_orders = serializers.IntegerField(
        help_text="All orders except drafts, in all currencies."
    )
    total_revenue = _amount(
        "What the orders in `currency` earned, without drafts, cancelled, failed and test orders."
    )
    orders_by_status = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="How many orders have each status that occurs, drafts and tests included.",
    )
    average_order_value = _amount("`total_revenue` divided by `total_orders`, rounded half up.")
    currency = serializers.CharField(
        help_text="The project's currency if an order has it, else the one that most orders have."
    )
    by_currency = serializers.DictField(
        child=SalesOutput(), help_text="The figures in each currency that occurs."
    )
    start_date = serializers.DateField(help_text="The first day.")
    end_date = serializers.DateField(help_text="The last day: today.")
    timezone = serializers.CharField(
        help_text="The project's time zone, in which days begin and end."
    )
