"""The schemas of payloads, by type of report. `docs/figures.md` says what each figure means."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from orderchainer.core.http.fields import DECIMALS_WRITTEN
from orders.api.hub.serializers import NumberOutput, SalesOutput
from reports.builders.sales import WEEKDAYS


def _amount(help_text: str) -> NumberOutput:
    return NumberOutput(help_text=f"{help_text} {DECIMALS_WRITTEN}")


def _counts(help_text: str) -> serializers.DictField:
    return serializers.DictField(child=serializers.IntegerField(), help_text=help_text)


class SpreadOutput(serializers.Serializer[Any]):
    """How durations are spread, in seconds. Without durations all but the count is null."""

    count = serializers.IntegerField()
    average = serializers.FloatField(allow_null=True)
    p50 = serializers.FloatField(allow_null=True, help_text="Half of them are at most this long.")
    p90 = serializers.FloatField(allow_null=True, help_text="Nine tenths are at most this long.")


# --- Sales ------------------------------------------------------------------------------------


class PartOutput(serializers.Serializer[Any]):
    """A part of the orders."""

    total_orders = serializers.IntegerField(help_text="Orders except drafts, in all currencies.")
    total_revenue = _amount("What those in `currency` earned.")


class ProviderSalesOutput(PartOutput):
    """The orders of a channel."""

    provider = serializers.CharField()


class SalesDayOutput(PartOutput):
    """The orders of a day."""

    date = serializers.DateField()
    average_orders_7_days = NumberOutput(help_text="A day's orders, on average of seven days.")
    average_revenue_7_days = _amount("A day's revenue, on average of the seven days until this.")


class WeekdaySalesOutput(PartOutput):
    """The orders of a day of the week."""

    weekday = serializers.ChoiceField(choices=WEEKDAYS)


class HourSalesOutput(PartOutput):
    """The orders of an hour of the day."""

    hour = serializers.IntegerField(min_value=0, max_value=23)


class ProductSalesOutput(serializers.Serializer[Any]):
    """A product in the orders that earn."""

    name = serializers.CharField()
    sku = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField()
    total_revenue = _amount("Its prices times quantities, without shipping and discounts.")


class CustomerSalesOutput(PartOutput):
    """A customer."""

    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)


class CustomersOutput(serializers.Serializer[Any]):
    """How many customers placed orders."""

    total = serializers.IntegerField()
    new = serializers.IntegerField(help_text="Their first order in this project.")
    returning = serializers.IntegerField()


class CountChangeOutput(serializers.Serializer[Any]):
    """How a count changed against the period before."""

    before = serializers.IntegerField()
    change = serializers.IntegerField()
    change_percent = NumberOutput(allow_null=True, help_text="Null if there was nothing before.")


class AmountChangeOutput(serializers.Serializer[Any]):
    """How an amount changed against the period before, in `currency`."""

    before = _amount("What it was.")
    change = _amount("The difference.")
    change_percent = NumberOutput(allow_null=True, help_text="Null if there was nothing before.")


class TrendOutput(serializers.Serializer[Any]):
    """The period before, which is as long, and how this one differs from it.

    If this one was not over, it is the same part of the period before.
    """

    start_date = serializers.DateField()
    end_date = serializers.DateField()
    until = serializers.DateTimeField(
        allow_null=True, help_text="Where that part ends; null for the whole period."
    )
    total_orders = CountChangeOutput()
    total_revenue = AmountChangeOutput()
    average_order_value = AmountChangeOutput()


class SalesPayload(serializers.Serializer[Any]):
    """The payload of a `sales` report."""

    total_orders = serializers.IntegerField(
        help_text="All orders except drafts, in all currencies."
    )
    total_revenue = _amount("What the orders in `currency` earned.")
    average_order_value = _amount("`total_revenue` divided by `total_orders`.")
    currency = serializers.CharField()
    orders_by_status = _counts("How many orders have each status that occurs, drafts included.")
    by_currency = serializers.DictField(child=SalesOutput())
    by_provider = ProviderSalesOutput(many=True)
    by_day = SalesDayOutput(many=True, help_text="Every day of the period.")
    by_weekday = WeekdaySalesOutput(many=True)
    by_hour = HourSalesOutput(many=True)
    top_products = ProductSalesOutput(many=True)
    top_customers = CustomerSalesOutput(many=True)
    customers = CustomersOutput()
    trend = TrendOutput()
    chains_completed = serializers.IntegerField()


# --- Messages ---------------------------------------------------------------------------------


class VolumeOutput(serializers.Serializer[Any]):
    """How much was written."""

    total_messages = serializers.IntegerField()
    inbound = serializers.IntegerField()
    outbound = serializers.IntegerField()
    ai_generated = serializers.IntegerField(help_text="Messages that the assistant suggested.")


class MessagesDayOutput(VolumeOutput):
    """How much was written on a day."""

    date = serializers.DateField()


class AgentOutput(serializers.Serializer[Any]):
    """How much a member wrote."""

    user_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    messages = serializers.IntegerField()
    conversations = serializers.IntegerField()


class MessagesPayload(VolumeOutput):
    """The payload of a `messages` report."""

    unread = serializers.IntegerField()
    conversations = serializers.IntegerField()
    by_provider = _counts("How many messages each channel had.")
    by_status = _counts("How many messages have each status that occurs.")
    by_day = MessagesDayOutput(many=True, help_text="Every day of the period.")
    first_response_seconds = SpreadOutput()
    unanswered = serializers.IntegerField(
        help_text="Waits of customers without an answer in the period."
    )
    ai_share_percent = serializers.FloatField(
        help_text="How many per cent of the outbound messages the assistant suggested."
    )
    by_agent = AgentOutput(many=True)


# --- Performance ------------------------------------------------------------------------------


class ThroughputOutput(serializers.Serializer[Any]):
    """What came in and what got done on a day."""

    date = serializers.DateField()
    orders_placed = serializers.IntegerField()
    orders_done = serializers.IntegerField()


class LengthOutput(serializers.Serializer[Any]):
    """How many orders chains have on their longest path."""

    average = serializers.FloatField(allow_null=True)
    p50 = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)


class ChainsOutput(serializers.Serializer[Any]):
    """The chains whose final order got done."""

    completed = serializers.IntegerField()
    length = LengthOutput()
    longest = serializers.IntegerField()
    critical_path_seconds = SpreadOutput(
        help_text="From the first order of the critical path until the final one was done."
    )


class HealthOutput(serializers.Serializer[Any]):
    """How a part of the machinery worked."""

    total = serializers.IntegerField()
    by_state = _counts("How many have each state that occurs.")
    lag_seconds = SpreadOutput(help_text="How long those that ended well took.")


class AssistantOutput(serializers.Serializer[Any]):
    """How much the assistant was used."""

    calls = serializers.IntegerField()
    tokens = serializers.IntegerField()
    cost_usd = NumberOutput(help_text="In USD, as far as the prices are known.")
    average_cost_usd = NumberOutput(help_text="The cost of a call.")


class PerformancePayload(serializers.Serializer[Any]):
    """The payload of a `performance` report. Test orders are not in it."""

    orders_placed = serializers.IntegerField()
    orders_done = serializers.IntegerField()
    by_day = ThroughputOutput(many=True, help_text="Every day of the period.")
    lead_time_seconds = SpreadOutput(help_text="From when an order was placed until it was done.")
    status_seconds = serializers.DictField(
        child=SpreadOutput(), help_text="How long orders had each status before they left it."
    )
    waiting_seconds = SpreadOutput(help_text="How long orders waited for others to be done.")
    blocked_by = _counts("How often orders were blocked, by the status of what blocked them.")
    chains = ChainsOutput()
    syncs = HealthOutput(help_text="Syncs with providers.")
    webhooks = HealthOutput(help_text="What providers posted to us.")
    deliveries = HealthOutput(help_text="Events on their way to subscribers such as Discord.")
    assistant = AssistantOutput()


PAYLOADS: Mapping[str, type[serializers.Serializer[Any]]] = {
    "sales": SalesPayload,
    "messages": MessagesPayload,
    "performance": PerformancePayload,
}
