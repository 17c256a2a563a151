"""What is answered about usage: bodies, and their schemas."""

from typing import Any

import orjson
from rest_framework import serializers

from integrations.assistant.figures import Figures
from orderchainer.core.days import Period
from orderchainer.core.http.surfaces import Body
from orders.figures import Deliveries
from reports.api.hub.payloads import AssistantOutput
from reports.builders.performance import assistant_body
from reports.payloads import write
from reports.usage.figures import Calls
from reports.usage.telling import payload_of


def project_usage_body(
    calls: Calls, deliveries: Deliveries, assistant: Figures, period: Period
) -> Body:
    """Write how much a project is used."""
    return {
        **payload_of(calls, period),
        "deliveries": {"total": deliveries.total, "by_state": dict(deliveries.by_state)},
        "assistant": orjson.Fragment(write(assistant_body(assistant))),
    }


class UserCallsOutput(serializers.Serializer[Any]):
    """The calls of a user."""

    user_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    calls = serializers.IntegerField()


class TokenCallsOutput(serializers.Serializer[Any]):
    """The calls with an API token."""

    token_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    user_id = serializers.UUIDField(allow_null=True)
    calls = serializers.IntegerField()


class DayCallsOutput(serializers.Serializer[Any]):
    """The calls of a day."""

    date = serializers.DateField()
    calls = serializers.IntegerField()


class ApiUsageOutput(serializers.Serializer[Any]):
    """Calls of the API."""

    period_days = serializers.IntegerField()
    start_date = serializers.DateField()
    end_date = serializers.DateField(help_text="The last day: today.")
    timezone = serializers.CharField()
    total_calls = serializers.IntegerField()
    by_surface = serializers.DictField(child=serializers.IntegerField())
    by_user = UserCallsOutput(many=True)
    by_token = TokenCallsOutput(many=True, help_text="All other calls came from sessions.")
    by_day = DayCallsOutput(many=True, help_text="Every day of the period.")


class StatesOutput(serializers.Serializer[Any]):
    """How many have each state."""

    total = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())


class ProjectUsageOutput(ApiUsageOutput):
    """How much a project is used."""

    deliveries = StatesOutput(help_text="Events on their way to subscribers such as Discord.")
    assistant = AssistantOutput()
