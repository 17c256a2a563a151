"""Bodies and answers of `/api/v1/messages/{project_id}/rules`."""

from typing import Any, ClassVar, cast

from rest_framework import serializers

from accounts.models import OutgoingEmail
from notifications.api.hub.serializers import TemplateInput
from notifications.models import RuleOutcome
from notifications.models.messages import MessageStatus
from notifications.models.rules import Occasion
from notifications.services import RuleFields
from orderchainer.core.http.fields import (
    ListedChoiceField,
    StrictCharField,
    StrictSerializer,
    StrictUUIDField,
)
from orders.lifecycle import Status

# --- Requests ---------------------------------------------------------------------------------


class RuleInput(StrictSerializer):
    """The fields of a rule."""

    status = ListedChoiceField(
        choices=Status.choices,
        required=False,
        allow_blank=True,
        help_text="The status that the order reaches, for the occasion `status_reached`.",
    )
    channel = StrictCharField(
        max_length=16,
        required=False,
        help_text="The name of a provider, `email`, or `any` for whichever the customer uses. "
        "It is `any` unless you say otherwise.",
    )
    integration_id = StrictUUIDField(
        required=False,
        allow_null=True,
        help_text="The integration that sends, for a rule of one provider. Null for the one on "
        "which you talk with the customer, or your only one.",
    )
    content = StrictCharField(
        max_length=4096,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The text, with placeholders such as `{order_number}`.",
    )
    subject = StrictCharField(
        max_length=200, required=False, allow_blank=True, help_text="Of an e-mail."
    )
    template = TemplateInput(
        required=False,
        allow_null=True,
        help_text="It goes where the provider does not let you write freely, or if there is no "
        "text. Its parameters may have placeholders.",
    )
    is_active = serializers.BooleanField(required=False)

    @property
    def plain(self) -> RuleFields:
        """What the body sets, by the names of the service."""
        fields = {**self.validated_data}
        fields.pop("order_id", None)
        if "integration_id" in fields:
            fields["line"] = fields.pop("integration_id")
        return cast(RuleFields, fields)


OCCASION = "What happens to the order."


class NewRule(RuleInput):
    """`POST /api/v1/messages/{project_id}/rules`."""

    occasion = ListedChoiceField(choices=Occasion.choices, help_text=OCCASION)


class RuleChangesInput(RuleInput):
    """`PATCH /api/v1/messages/{project_id}/rules/{rule_id}`."""

    ignored: ClassVar = frozenset({"updated_at"})
    fixed: ClassVar = frozenset({"id", "project_id", "created_at"})

    occasion = ListedChoiceField(choices=Occasion.choices, required=False, help_text=OCCASION)


class PreviewInput(StrictSerializer):
    """`POST /api/v1/messages/{project_id}/rules/{rule_id}/preview`."""

    order_id = StrictUUIDField(help_text="An order of the project.")


class TrialInput(NewRule):
    """`POST /api/v1/messages/{project_id}/rules/preview`: a rule, and an order to try it with."""

    order_id = StrictUUIDField(help_text="An order of the project.")


# --- Answers ----------------------------------------------------------------------------------


class TemplateOutput(serializers.Serializer[Any]):
    """A template, with placeholders in a rule and with their values in a preview."""

    name = serializers.CharField()
    language = serializers.CharField()
    parameters = serializers.ListField(child=serializers.CharField(), required=False)
    header_parameters = serializers.ListField(child=serializers.CharField(), required=False)
    button_parameters = serializers.ListField(child=serializers.CharField(), required=False)


class RuleOutput(serializers.Serializer[Any]):
    """A rule by which customers are told of their orders."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    occasion = serializers.ChoiceField(choices=Occasion.choices)
    status = serializers.ChoiceField(
        choices=Status.choices,
        allow_null=True,
        help_text="The status that the order reaches, for the occasion `status_reached`.",
    )
    channel = serializers.CharField(help_text="The name of a provider, `email` or `any`.")
    integration_id = serializers.UUIDField(allow_null=True)
    content = serializers.CharField()
    subject = serializers.CharField()
    template = TemplateOutput(allow_null=True)
    is_active = serializers.BooleanField()
    created_at = serializers.CharField()
    updated_at = serializers.CharField()


class PreviewRecipientOutput(serializers.Serializer[Any]):
    """To whom a rule would send something."""

    name = serializers.CharField(allow_null=True)
    address = serializers.CharField(
        allow_null=True, help_text="A phone number, a name at the provider, or an e-mail address."
    )


class PreviewOutput(serializers.Serializer[Any]):
    """What a rule would send for an order."""

    channel = serializers.CharField(
        allow_null=True, help_text="Null if nothing would be sent; `reason` then says why."
    )
    recipient = PreviewRecipientOutput(allow_null=True)
    content = serializers.CharField(allow_null=True)
    subject = serializers.CharField(allow_null=True, help_text="Of an e-mail.")
    template = TemplateOutput(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class OutcomeOutput(serializers.Serializer[Any]):
    """What became of one rule for one event of an order."""

    id = serializers.UUIDField()
    rule_id = serializers.UUIDField(allow_null=True, help_text="Null if it was deleted.")
    occasion = serializers.ChoiceField(choices=Occasion.choices)
    status = serializers.ChoiceField(choices=Status.choices, allow_null=True)
    order_id = serializers.UUIDField(allow_null=True, help_text="Null if it was deleted.")
    state = serializers.ChoiceField(
        choices=RuleOutcome.State.choices,
        help_text="`queued` if a message or an e-mail was queued. `waiting` if it is tried again.",
    )
    reason = serializers.CharField(
        allow_null=True, help_text="Why the customer is not told, or not yet."
    )
    channel = serializers.CharField(allow_null=True)
    message_id = serializers.UUIDField(allow_null=True)
    message_status = serializers.ChoiceField(
        choices=MessageStatus.choices, allow_null=True, help_text="How far the message got."
    )
    email_status = serializers.ChoiceField(
        choices=OutgoingEmail.State.choices,
        allow_null=True,
        help_text="How far the e-mail got. We know that for some days.",
    )
    created_at = serializers.CharField()
    settled_at = serializers.CharField(allow_null=True, help_text="When it was queued or skipped.")
