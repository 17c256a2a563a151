"""The request bodies of orders, and the answers as the schema shows them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from orderchainer.core.http.fields import (
    DECIMALS_WRITTEN,
    AmountField,
    BoundedListField,
    IdField,
    ListedChoiceField,
    StrictCharField,
    StrictSerializer,
    WebURLField,
)
from orders.api import words
from orders.lifecycle import EventType, FailurePolicy, Status
from orders.models import Order
from orders.models.dependencies import MAX_DEPENDENCIES, MAX_REASON_LENGTH
from orders.services import ItemDraft
from orders.services.items import MAX_ITEMS, MAX_QUANTITY


def _dependencies() -> BoundedListField:
    return BoundedListField(
        child=IdField(),
        max_length=MAX_DEPENDENCIES,
        required=False,
        help_text=words.DEPENDENCIES,
    )


def _auto_activate() -> serializers.BooleanField:
    return serializers.BooleanField(
        required=False,
        help_text=words.AUTO_ACTIVATE,
    )


def _failure_policy() -> ListedChoiceField:
    return ListedChoiceField(
        choices=FailurePolicy.choices,
        required=False,
        help_text=words.FAILURE_POLICY,
    )


class ItemInput(StrictSerializer):
    """A line of an order. `price` is another name for `unit_price`."""

    ignored: ClassVar = frozenset({"total_price", "product_id"})
    aliases: ClassVar = {"price": "unit_price"}

    name = serializers.CharField(max_length=255)
    sku = serializers.CharField(max_length=64, required=False, allow_blank=True)
    unit_price = AmountField(help_text="With no more decimals than the currency has.")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)

    def to_internal_value(self, data: Any) -> ItemDraft:
        """Read one line."""
        return ItemDraft(**super().to_internal_value(data))


class CustomerInput(StrictSerializer):
    """The customer of an order."""

    name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=32, required=False, allow_blank=True)


# The names in a refusal that differ from the services' names.
NAMES_IN_ERRORS = dict.fromkeys(("customer_name", "customer_email", "customer_phone"), "customer")


class OrderChanges(StrictSerializer):
    """The fields of an order, all optional. `price` is another name for `total_price`."""

    ignored: ClassVar = frozenset({"updated_at", "ready"})
    aliases: ClassVar = {"price": "total_price"}
    fixed: ClassVar = frozenset({"id", "uuid", "created_at", "owner_id", "provider", "external_id"})
    together: ClassVar = frozenset({"items", "total_price", "price"})

    title = serializers.CharField(max_length=255, required=False)
    description = serializers.CharField(
        max_length=10_000, required=False, allow_blank=True, trim_whitespace=False
    )
    status = ListedChoiceField(choices=Status.choices, required=False)
    dependencies = _dependencies()
    auto_activate = _auto_activate()
    failure_policy = _failure_policy()
    items = ItemInput(many=True, required=False, max_length=MAX_ITEMS)  # type: ignore[call-arg]  # of the list
    total_price = AmountField(
        required=False,
        help_text=words.WHOLE_TOTAL,
    )
    currency = StrictCharField(required=False, help_text=words.CURRENCY)
    link = WebURLField(required=False, allow_blank=True)
    customer = CustomerInput(required=False)
    shipping_address = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    phone_number = serializers.CharField(max_length=32, required=False, allow_blank=True)
    notes = serializers.CharField(
        max_length=5000, required=False, allow_blank=True, trim_whitespace=False
    )

    def to_internal_value(self, data: Any) -> Any:
        """Read the fields, and name the customer's fields as the order does."""
        fields = super().to_internal_value(data)
        for name, value in fields.pop("customer", {}).items():
            fields[f"customer_{name}"] = value
        return fields


class OrderInput(OrderChanges):
    """A new order, which needs a title."""

    title = serializers.CharField(max_length=255)


class CheckoutInput(StrictSerializer):
    """Where to send the order. The cart has the products and their prices."""

    shipping_address = serializers.CharField(max_length=1000)
    phone_number = serializers.CharField(max_length=32)
    notes = serializers.CharField(
        max_length=5000, required=False, allow_blank=True, trim_whitespace=False
    )
    dependencies = _dependencies()
    auto_activate = _auto_activate()
    failure_policy = _failure_policy()


class WaiverInput(StrictSerializer):
    """Which dependency an order need not wait for, and why."""

    dependency = IdField(help_text=words.WAIVED_DEPENDENCY)
    reason = serializers.CharField(
        max_length=MAX_REASON_LENGTH,
        help_text=words.REASON,
    )


_OF_ORDERS_ALONE = (
    OrderInput().fields.keys() | OrderInput.ignored | OrderInput.fixed | OrderInput.aliases.keys()
) - CheckoutInput().fields.keys()


def is_checkout(data: object) -> bool:
    """Return whether a body is a checkout: it has no field that only other orders have.

    A client that forgets the title of an order therefore does not buy its cart by accident.
    """
    return isinstance(data, Mapping) and not data.keys() & _OF_ORDERS_ALONE


# --- what is answered, for the schema ---------------------------------------------------------


class ItemOutput(serializers.Serializer[Any]):
    """A line of an order."""

    name = serializers.CharField()
    sku = serializers.CharField()
    unit_price = serializers.CharField(help_text=DECIMALS_WRITTEN)
    quantity = serializers.IntegerField()
    total_price = serializers.CharField(help_text="`unit_price` times `quantity`.")
    product_id = serializers.IntegerField(
        required=False,
        help_text="The product of the storefront, if it was sold from there.",
    )


class CustomerOutput(serializers.Serializer[Any]):
    """The customer of an order."""

    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()


class OrderOutput(serializers.Serializer[Any]):
    """An order. Moments are UTC, in seconds, without a zone."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    created_at = serializers.CharField(help_text="As `2024-02-14T12:00:00`, UTC.")
    updated_at = serializers.CharField(help_text="As `2024-02-14T12:00:00`, UTC.")
    owner_id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    dependencies = serializers.ListField(child=serializers.IntegerField())
    auto_activate = serializers.BooleanField()
    failure_policy = serializers.ChoiceField(choices=FailurePolicy.choices)
    ready = serializers.BooleanField(help_text=words.READY)
    items = ItemOutput(many=True)
    total_price = serializers.CharField(help_text=DECIMALS_WRITTEN)
    currency = serializers.CharField(help_text="ISO 4217.")
    link = serializers.CharField()
    customer = CustomerOutput()
    shipping_address = serializers.CharField()
    phone_number = serializers.CharField()
    notes = serializers.CharField()
    provider = serializers.ChoiceField(choices=Order.Provider.choices)
    external_id = serializers.CharField()


class DeletedOutput(serializers.Serializer[Any]):
    """A sentence that says what was deleted."""

    message = serializers.CharField()


class ChainNodeOutput(serializers.Serializer[Any]):
    """An order in a chain. Title and owner are null if you may not see the order."""

    id = serializers.IntegerField()
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    owner_id = serializers.IntegerField(allow_null=True)
    ready = serializers.BooleanField()
    blockers = serializers.ListField(child=serializers.IntegerField())


class ChainEdgeOutput(serializers.Serializer[Any]):
    """`order` depends on `depends_on`."""

    order = serializers.IntegerField()
    depends_on = serializers.IntegerField()
    waived = serializers.BooleanField(help_text=words.EDGE_WAIVED)


class ChainOutput(serializers.Serializer[Any]):
    """Every order that an order waits for, directly or not, and every order that waits for it."""

    order_id = serializers.IntegerField()
    nodes = ChainNodeOutput(many=True)
    edges = ChainEdgeOutput(many=True)
    topological_order = serializers.ListField(child=serializers.IntegerField())
    critical_path = serializers.ListField(
        child=serializers.IntegerField(),
        help_text=words.CRITICAL_PATH,
    )
    truncated = serializers.BooleanField(help_text=words.CHAIN_TRUNCATED)
    edges_truncated = serializers.BooleanField(help_text=words.EDGES_TRUNCATED)


class BlockerOwnerOutput(serializers.Serializer[Any]):
    """The owner of a blocker."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()


class BlockerOutput(serializers.Serializer[Any]):
    """An order that blocks others. Title and owner are null if you may not see the order."""

    id = serializers.IntegerField()
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    since = serializers.CharField(help_text=words.SINCE)
    owner = BlockerOwnerOutput(allow_null=True)


class WaiverOutput(serializers.Serializer[Any]):
    """A dependency that was waived. The title is null if you may not see the order."""

    id = serializers.IntegerField()
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    waived_at = serializers.CharField(help_text="As `2024-02-14T12:00:00`, UTC.")
    waived_by = serializers.IntegerField(allow_null=True, help_text=words.WAIVED_BY)
    reason = serializers.CharField()


class BlockersOutput(serializers.Serializer[Any]):
    """Why an order is waiting."""

    order_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)
    waiting = serializers.BooleanField()
    blockers = BlockerOutput(many=True, help_text=words.DIRECT_BLOCKERS)
    root_blockers = BlockerOutput(
        many=True,
        help_text=words.ROOT_BLOCKERS,
    )
    waived = WaiverOutput(many=True, help_text=words.WAIVED)
    truncated = serializers.BooleanField(help_text=words.BLOCKERS_TRUNCATED)


class EventOutput(serializers.Serializer[Any]):
    """Something that happened to an order."""

    event_id = serializers.UUIDField()
    position = serializers.IntegerField(
        allow_null=True,
        help_text="The position in the stream; null for a moment after the change.",
    )
    type = serializers.ChoiceField(choices=EventType.choices)
    order_id = serializers.IntegerField()
    actor_id = serializers.IntegerField(
        allow_null=True, help_text="Who did it; null if the chain did it."
    )
    created_at = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field, not the property
