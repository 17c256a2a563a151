"""Reading orders from requests, and how they appear in the schema."""

from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers

from orderchainer.core.http.envelope import EnvelopeChanges, EnvelopeInput, refusals
from orderchainer.core.http.fields import (
    DECIMALS_WRITTEN,
    AmountField,
    StrictCharField,
    WebURLField,
)
from orders.lifecycle import Status

# The statuses that the document allows. Other surfaces can set the others.
WRITABLE = (Status.ACTIVE, Status.DRAFT)


def price_refused(decimals: int) -> str:
    """Return the document's words about a price, for a currency with this many decimals."""
    return f"Price must be a valid number with up to {decimals} decimal places"


# For refusals before the currency is known.
PRICE_REFUSED = price_refused(2)


class PriceField(AmountField):
    """An amount of money, in text as the document writes it or as a number."""

    default_error_messages: ClassVar = {
        **refusals("Price"),
        "invalid": PRICE_REFUSED,
    }

    def to_internal_value(self, data: Any) -> Decimal:
        """Read the amount. Raises ValidationError with the document's words."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            self.fail("invalid")


class StatusField(serializers.ChoiceField):
    """A status that this surface can set."""

    default_error_messages: ClassVar = {
        **refusals("Status"),
        "invalid_choice": 'Status must be either "active" or "draft"',
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[str(status) for status in WRITABLE], **kwargs)


def _title(**kwargs: Any) -> StrictCharField:
    return StrictCharField(max_length=255, error_messages=refusals("Title"), **kwargs)


def _link(**kwargs: Any) -> WebURLField:
    words = "Link must be a valid URL that begins with http:// or https://"
    return WebURLField(refusal=words, error_messages=refusals("Link", invalid=words), **kwargs)


class EnvelopeOrderInput(EnvelopeInput):
    """A new order. Every field is required."""

    title = _title()
    price = PriceField()
    link = _link()
    status = StatusField()


class EnvelopeOrderChanges(EnvelopeChanges):
    """Changes of an order. You may send it back as you read it."""

    ignored: ClassVar = frozenset({"updatedAt"})
    fixed: ClassVar = frozenset({"orderId", "createdAt"})

    title = _title(required=False)
    price = PriceField(required=False)
    link = _link(required=False)
    status = StatusField(required=False)


# --- what is answered, for the schema ---------------------------------------------------------


class EnvelopeOrderData(serializers.Serializer[Any]):
    """An order."""

    orderId = serializers.UUIDField()
    title = serializers.CharField()
    price = serializers.CharField(help_text=f"The order's total. {DECIMALS_WRITTEN}")
    link = serializers.CharField(help_text="Empty if the order has none.")
    status = serializers.ChoiceField(choices=Status.choices)
    createdAt = serializers.CharField(help_text="UTC, with milliseconds and `Z`.")
    updatedAt = serializers.CharField(help_text="UTC, with milliseconds and `Z`.")


class EnvelopeOrderAnswer(serializers.Serializer[Any]):
    """An order in its envelope."""

    success = serializers.BooleanField(help_text="Always true.")
    # DRF removes declared fields from the class, so this one does not replace its own `data`.
    data = EnvelopeOrderData()  # type: ignore[assignment]


class EnvelopeOrderDoneAnswer(EnvelopeOrderAnswer):
    """An order in its envelope, with a message."""

    message = serializers.CharField()


class Pagination(serializers.Serializer[Any]):
    """Which page of a list this is."""

    total = serializers.IntegerField(help_text="How many rows there are in all.")
    skip = serializers.IntegerField()
    limit = serializers.IntegerField()


class EnvelopeOrdersAnswer(serializers.Serializer[Any]):
    """A page of the caller's orders in its envelope."""

    success = serializers.BooleanField(help_text="Always true.")
    data = EnvelopeOrderData(many=True)  # type: ignore[assignment]
    pagination = Pagination()
