"""Bodies and answers of `/api/v1/assistant`."""

from typing import Any

from rest_framework import serializers

from accounts.api.hub.serializers.projects import ObjectField
from accounts.services.json_objects import object_problem
from integrations.assistant.models import AssistantCall
from notifications.models.messages import Sentiment, Urgency
from orderchainer.core.http.fields import StrictCharField, StrictSerializer, StrictUUIDField

MAX_QUESTION_LENGTH = 4_000
# As long as a message of a customer may be on any channel.
MAX_MESSAGE_LENGTH = 20_000

# --- Requests ---------------------------------------------------------------------------------


class QueryInput(StrictSerializer):
    """`POST /api/v1/assistant/query`."""

    project_id = StrictUUIDField()
    message = StrictCharField(max_length=MAX_QUESTION_LENGTH, help_text="The question.")
    use_function_calling = serializers.BooleanField(
        required=False, default=True, help_text="Whether the model may look things up."
    )
    context = ObjectField(  # type: ignore[assignment]  # DRF takes fields out of the class
        required=False,
        allow_null=True,
        help_text="What your program knows besides, at most 16 KiB. The model reads it as data and "
        "takes no instructions from it.",
    )
    order_id = StrictUUIDField(
        required=False, allow_null=True, help_text="The order that the question is about."
    )

    def validate_context(self, value: Any) -> Any:
        """Bound what the model has to read."""
        if value is not None and (problem := object_problem(value)):
            raise serializers.ValidationError(problem)
        return value


class ReplyInput(StrictSerializer):
    """`POST /api/v1/assistant/generate-reply`, in the query string or in a body."""

    project_id = StrictUUIDField()
    customer_message = StrictCharField(
        max_length=MAX_MESSAGE_LENGTH, help_text="What the customer wrote."
    )
    order_id = StrictUUIDField(
        required=False, allow_null=True, help_text="The order that it is about."
    )


class SentimentInput(StrictSerializer):
    """`POST /api/v1/assistant/analyze-sentiment`, in the query string or in a body."""

    project_id = StrictUUIDField()
    message = StrictCharField(max_length=MAX_MESSAGE_LENGTH, help_text="What the customer wrote.")


# --- Answers ----------------------------------------------------------------------------------


class FunctionCallOutput(serializers.Serializer[Any]):
    """A tool that the model used."""

    name = serializers.CharField()
    parameters = serializers.DictField(child=serializers.JSONField())
    result_status = serializers.ChoiceField(
        choices=["ok", "error", "unknown"],
        help_text="Whether it found what was asked. `unknown` is a tool that does not exist.",
    )
    duration_ms = serializers.IntegerField()


class ProposedActionOutput(serializers.Serializer[Any]):
    """A change that the assistant proposes. Only a request of your own carries it out."""

    action = serializers.CharField()
    parameters = serializers.DictField(child=serializers.JSONField())


class _CostOutput(serializers.Serializer[Any]):
    tokens_used = serializers.IntegerField(help_text="All that the model read and wrote for it.")
    cost = serializers.FloatField(
        allow_null=True, help_text="In USD; null if the model has no price or does not say."
    )
    model = serializers.CharField(help_text="The model that answered.")


class AnswerOutput(_CostOutput):
    """What the assistant says to a question."""

    reply = serializers.CharField()
    function_calls = FunctionCallOutput(many=True, help_text="In their order.")
    proposed_actions = ProposedActionOutput(many=True)


class DraftOutput(_CostOutput):
    """A suggested reply to a customer. Nothing is sent."""

    reply = serializers.CharField()
    suggestion_id = serializers.UUIDField(
        help_text="Send it along with the text, so that the message is marked as written with the "
        "assistant."
    )
    language = serializers.CharField(
        allow_null=True, help_text="A BCP 47 tag, if the model names one."
    )


class MoodOutput(serializers.Serializer[Any]):
    """How a customer's message sounds."""

    sentiment = serializers.ChoiceField(choices=Sentiment.choices)
    urgency = serializers.ChoiceField(choices=Urgency.choices)
    concerns = serializers.ListField(child=serializers.CharField())
    recommended_tone = serializers.CharField()


class _FiguresOutput(serializers.Serializer[Any]):
    total_api_calls = serializers.IntegerField()
    total_tokens_used = serializers.IntegerField()
    total_cost_usd = serializers.FloatField(help_text="Without calls whose cost is unknown.")
    average_cost_per_call = serializers.FloatField(help_text="With six decimals at most.")
    calls_of_unknown_cost = serializers.IntegerField()


class ModelUsageOutput(_FiguresOutput):
    """The usage of one model."""

    model = serializers.CharField()


class KindUsageOutput(_FiguresOutput):
    """The usage for one kind of request."""

    kind = serializers.ChoiceField(choices=AssistantCall.Kind.choices)


class BudgetOutput(serializers.Serializer[Any]):
    """The project's budget for the calendar month."""

    monthly_usd = serializers.FloatField()
    spent_usd = serializers.FloatField(help_text="In this month.")
    reserved_usd = serializers.FloatField(
        help_text="What the calls that run right now may cost at most."
    )
    resets_at = serializers.CharField(help_text="When the next month begins in the project's zone.")


class UsageOutput(_FiguresOutput):
    """What the assistant has used and cost."""

    period_days = serializers.IntegerField()
    by_model = ModelUsageOutput(many=True)
    by_kind = KindUsageOutput(many=True)
    budget = BudgetOutput(allow_null=True, help_text="Null if the project has none.")
