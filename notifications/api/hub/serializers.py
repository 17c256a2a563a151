"""Bodies and answers of `/api/v1/messages`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any, ClassVar, cast

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notifications import files
from notifications.models import Conversation
from notifications.models.messages import (
    ContentType,
    Direction,
    FileState,
    MessageStatus,
    Sentiment,
    Urgency,
)
from notifications.services import (
    ContactChanges,
    ConversationChanges,
    Enclosure,
    Recipient,
)
from notifications.services.sending import MAX_CONTENT_LENGTH, SENDABLE, WITH_FILE
from orderchainer.core.http.fields import (
    ListedChoiceField,
    StrictCharField,
    StrictSerializer,
    StrictUUIDField,
    WebURLField,
)

MAX_PARAMETERS = 100
MAX_PARAMETER_LENGTH = 1024

# --- Requests ---------------------------------------------------------------------------------


class RecipientInput(StrictSerializer):
    """Who gets a message: one of `phone`, `contact_id` and `user_id`."""

    phone = StrictCharField(
        max_length=32, required=False, help_text="With the country's code: +16505551234."
    )
    contact_id = StrictUUIDField(required=False)
    user_id = StrictCharField(
        max_length=191, required=False, help_text="The provider's own key of the person."
    )
    name = StrictCharField(
        max_length=255, required=False, help_text="What to call a person who is new to us."
    )

    def to_internal_value(self, data: Any) -> Recipient:
        """Read the recipient."""
        return Recipient(**super().to_internal_value(data))


def _values() -> serializers.ListField:
    return serializers.ListField(
        child=StrictCharField(max_length=MAX_PARAMETER_LENGTH, allow_blank=True),
        max_length=MAX_PARAMETERS,
        required=False,
    )


class TemplateInput(StrictSerializer):
    """A template that the provider has approved, with the values for its placeholders."""

    name = StrictCharField(max_length=512)
    language = StrictCharField(max_length=35, help_text="As the provider writes it: `en_US`.")
    # Of the body, of the header, and of the buttons that open a link.
    parameters = _values()
    header_parameters = _values()
    button_parameters = _values()


class AttachmentInput(StrictSerializer):
    """The file of a message. The provider follows the link."""

    link = WebURLField(help_text="It begins with `https://`.")
    filename = StrictCharField(max_length=255, required=False)

    def to_internal_value(self, data: Any) -> Enclosure:
        """Read the file."""
        return Enclosure(**super().to_internal_value(data))


class _NewMessage(StrictSerializer):
    """What a message is, however its file comes."""

    recipient = RecipientInput()
    content = StrictCharField(
        max_length=MAX_CONTENT_LENGTH,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The text, or the caption of a file.",
    )
    provider = StrictCharField(max_length=16, help_text="Such as `whatsapp`.")
    order_id = StrictUUIDField(
        required=False, allow_null=True, help_text="The order that it is about."
    )
    integration_id = StrictUUIDField(
        required=False,
        allow_null=True,
        help_text="The integration that sends it. It can be left out if the project has one of "
        "this provider, or if the person has written before.",
    )
    reply_to = StrictUUIDField(
        required=False, allow_null=True, help_text="The message that it answers."
    )
    suggestion_id = StrictUUIDField(
        required=False,
        allow_null=True,
        help_text="The suggested reply that is sent, changed or not. The message is then marked as "
        "written with the assistant. It can be used once.",
    )


class NewMessage(_NewMessage):
    """`POST /api/v1/messages/{project_id}/send`."""

    content_type = ListedChoiceField(
        choices=[(str(kind), str(kind)) for kind in SENDABLE], required=False
    )
    template = TemplateInput(required=False, help_text="For the content type `template`.")
    attachment = AttachmentInput(
        required=False, help_text="For the content types `image` and `document`."
    )


@dataclass(frozen=True)
class SentFile:
    """A file that came with a message, and what we found it to be."""

    known: files.KnownFile
    filename: str
    # The SHA-256 of what was sent. A picture's `known.content` differs, because we re-encode it.
    digest: str


@extend_schema_field(OpenApiTypes.BINARY)
class SentFileField(serializers.FileField):
    """A file in a form, read as a `SentFile`.

    Reading can decode a picture, which takes time, so no transaction should be open.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Read the file. Raises ValidationError if we do not keep such files."""
        upload: Any = super().to_internal_value(data)
        content = upload.read()
        try:
            known = files.examine(content)
        except files.FileRefused as exc:
            raise serializers.ValidationError(str(exc)) from exc
        return SentFile(known, upload.name, sha256(content).hexdigest())


class NewMessageWithFile(_NewMessage):
    """`POST /api/v1/messages/{project_id}/send` as a form.

    As OpenAPI writes forms, a field with an object in it is its JSON.
    """

    content_type = ListedChoiceField(choices=[(str(kind), str(kind)) for kind in sorted(WITH_FILE)])
    file = SentFileField(
        help_text="An image or a document. Of its name, the customer sees all but the extension, "
        "which follows from the content."
    )

    def to_internal_value(self, data: Any) -> Any:
        """Read the form."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        # A form of Django has lists of values. The last one counts, as everywhere.
        fields = {name: data[name] for name in data}
        if isinstance(fields.get("recipient"), str):
            fields["recipient"] = _object_in(fields["recipient"])
        return super().to_internal_value(fields)


def _object_in(text: str) -> Any:
    """Return the JSON in a form's field; text that is not JSON as it is, to be refused later."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


class MessageChanges(StrictSerializer):
    """`PATCH /api/v1/messages/{project_id}/{message_id}`."""

    order_id = StrictUUIDField(
        allow_null=True, help_text="The order that it is about; null for none."
    )


class ConversationChangesInput(StrictSerializer):
    """`PATCH /api/v1/messages/{project_id}/conversations/{conversation_id}`."""

    ignored: ClassVar = frozenset({"unread", "last_activity_at", "last_message", "updated_at"})
    fixed: ClassVar = frozenset(
        {"id", "project_id", "contact", "provider", "integration_id", "window_until", "created_at"}
    )

    status = ListedChoiceField(choices=Conversation.Status.choices, required=False)
    snoozed_until = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default_timezone=UTC,
        help_text="For the status `snoozed`, within a year. Then it opens again.",
    )
    assignee = StrictUUIDField(
        required=False, allow_null=True, help_text="A member who may send messages, or null."
    )

    @property
    def plain(self) -> ConversationChanges:
        """What the body sets, without the assignee."""
        changes = {**self.validated_data}
        changes.pop("assignee", None)
        return cast(ConversationChanges, changes)


class ContactChangesInput(StrictSerializer):
    """`PATCH /api/v1/messages/{project_id}/contacts/{contact_id}`."""

    ignored: ClassVar = frozenset({"stopped_at", "updated_at"})
    fixed: ClassVar = frozenset({"id", "project_id", "addresses", "conversations", "created_at"})

    name = StrictCharField(max_length=255, required=False, allow_blank=True, allow_null=True)
    language = StrictCharField(max_length=35, required=False, allow_blank=True, allow_null=True)
    notes = StrictCharField(
        max_length=5000, required=False, allow_blank=True, trim_whitespace=False
    )
    is_blocked = serializers.BooleanField(required=False)
    is_stopped = serializers.BooleanField(required=False)

    @property
    def plain(self) -> ContactChanges:
        """What the body sets; null is the same as empty."""
        changes = {
            name: "" if value is None else value for name, value in self.validated_data.items()
        }
        return cast(ContactChanges, changes)


class MergeInput(StrictSerializer):
    """`POST /api/v1/messages/{project_id}/contacts/{contact_id}/merge`."""

    contact_id = StrictUUIDField(help_text="The contact that ends. All of it goes to the other.")


# --- Answers ----------------------------------------------------------------------------------


class PartyOutput(serializers.Serializer[Any]):
    """Who wrote a message, or to whom it was written: a contact, or the project."""

    phone = serializers.CharField(
        allow_null=True, help_text="With the country's code; some contacts have no number."
    )
    name = serializers.CharField(allow_null=True)


class AuthorOutput(serializers.Serializer[Any]):
    """The member who wrote a message."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class AttachmentOutput(serializers.Serializer[Any]):
    """A file of a message."""

    id = serializers.UUIDField()
    filename = serializers.CharField(allow_null=True, help_text="As its sender calls it.")
    media_type = serializers.CharField(
        allow_null=True, help_text="What its content is; null until it is fetched."
    )
    size = serializers.IntegerField(allow_null=True, help_text="In bytes.")
    status = serializers.ChoiceField(choices=FileState.choices)
    error = serializers.CharField(
        allow_null=True, help_text="Why it could not be fetched, or why it still waits."
    )
    link = serializers.CharField(
        allow_null=True, help_text="The address that was sent instead of a file."
    )
    url = serializers.CharField(
        allow_null=True, help_text="The path to download it from; null until it is stored."
    )


class MessageOutput(serializers.Serializer[Any]):
    """A message as the hub document shows one, with more about it."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    order_id = serializers.UUIDField(
        allow_null=True, help_text="The order that it is about, if that is known."
    )
    direction = serializers.ChoiceField(choices=Direction.choices)
    provider = serializers.CharField()
    content = serializers.CharField(
        help_text="The text as people read it: of a picture its caption, of a button its title."
    )
    sender = PartyOutput()
    is_read = serializers.BooleanField(
        help_text="Whether somebody here has read it; of an outbound message, whether its "
        "recipient has."
    )
    ai_generated = serializers.BooleanField()
    created_at = serializers.CharField(
        help_text="When it arrived or was written here, as `2025-01-12T10:00:00Z`."
    )
    recipient = PartyOutput()
    content_type = serializers.ChoiceField(choices=ContentType.choices)
    details = serializers.DictField(
        child=serializers.JSONField(),
        help_text="What belongs to its kind, such as the name and parameters of a template.",
    )
    status = serializers.ChoiceField(
        choices=MessageStatus.choices,
        help_text="`received` for inbound messages. Outbound ones go from `queued` over `sent` and "
        "`delivered` to `read`, or fail. `uncertain` ones may or may not have arrived.",
    )
    error = serializers.CharField(
        allow_null=True, help_text="Why it failed, or why it still waits."
    )
    error_code = serializers.CharField(allow_null=True, help_text="The provider's own code.")
    attachments = AttachmentOutput(many=True)
    conversation_id = serializers.UUIDField()
    author = AuthorOutput(
        allow_null=True, help_text="The member who wrote it; null if a contact or a rule did."
    )
    reply_to = serializers.UUIDField(allow_null=True, help_text="The message that it answers.")
    reaction = serializers.CharField(
        allow_null=True, help_text="The emoji that the contact set on it."
    )
    sentiment = serializers.ChoiceField(
        choices=Sentiment.choices,
        allow_null=True,
        help_text="How the customer feels; null unless the assistant has judged the message.",
    )
    urgency = serializers.ChoiceField(
        choices=Urgency.choices, allow_null=True, help_text="How soon somebody should answer."
    )
    edited_at = serializers.CharField(allow_null=True)
    deleted_at = serializers.CharField(
        allow_null=True, help_text="When its writer deleted it. What it said stays here."
    )
    written_at = serializers.CharField(help_text="When it was written, as the provider says.")


class ConversationContactOutput(serializers.Serializer[Any]):
    """The contact of a conversation."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    username = serializers.CharField(allow_null=True)
    is_blocked = serializers.BooleanField()


class ExcerptOutput(serializers.Serializer[Any]):
    """The beginning of a message."""

    id = serializers.UUIDField()
    direction = serializers.ChoiceField(choices=Direction.choices)
    content_type = serializers.ChoiceField(choices=ContentType.choices)
    content = serializers.CharField(help_text="At most 200 characters.")


class ConversationOutput(serializers.Serializer[Any]):
    """What is said between a contact and the project over one integration."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    contact = ConversationContactOutput()
    provider = serializers.CharField()
    integration_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Conversation.Status.choices)
    snoozed_until = serializers.CharField(allow_null=True)
    assignee = AuthorOutput(allow_null=True, help_text="The member who cares for it.")
    unread = serializers.IntegerField(help_text="Inbound messages that nobody has read.")
    last_activity_at = serializers.CharField(
        help_text="When the last message arrived or was written here."
    )
    window_until = serializers.CharField(
        allow_null=True,
        help_text="Until then the provider lets you write freely. Null if it has no such rule, or "
        "if the customer has not written.",
    )
    last_message = ExcerptOutput(allow_null=True)
    created_at = serializers.CharField()
    updated_at = serializers.CharField()


class AddressOutput(serializers.Serializer[Any]):
    """Where a contact can be reached."""

    provider = serializers.CharField()
    integration_id = serializers.UUIDField()
    user_id = serializers.CharField(
        allow_null=True, help_text="The provider's own key of the person."
    )
    phone = serializers.CharField(allow_null=True)
    username = serializers.CharField(allow_null=True)
    is_reachable = serializers.BooleanField(
        help_text="False if the person has blocked the project, or is gone."
    )


class ContactConversationOutput(serializers.Serializer[Any]):
    """A conversation of a contact."""

    id = serializers.UUIDField()
    provider = serializers.CharField()


class ContactOutput(serializers.Serializer[Any]):
    """A person who writes to a project, or to whom it writes."""

    id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    name = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True, help_text="A BCP 47 tag, such as `pt-BR`.")
    notes = serializers.CharField()
    is_blocked = serializers.BooleanField(
        help_text="What a blocked contact writes is kept, but no inbox shows it."
    )
    is_stopped = serializers.BooleanField(
        help_text="The contact wants no messages that are sent automatically."
    )
    stopped_at = serializers.CharField(allow_null=True)
    addresses = AddressOutput(many=True)
    conversations = ContactConversationOutput(many=True)
    created_at = serializers.CharField()
    updated_at = serializers.CharField()


class MessagesSummaryOutput(serializers.Serializer[Any]):
    """What a project's messages add up to."""

    period_days = serializers.IntegerField()
    total_messages = serializers.IntegerField()
    inbound = serializers.IntegerField()
    outbound = serializers.IntegerField()
    unread = serializers.IntegerField(help_text="Inbound messages that nobody has read.")
    by_provider = serializers.DictField(
        child=serializers.IntegerField(), help_text="Only providers that occur."
    )
    by_status = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Only statuses that occur. They add up to `total_messages`.",
    )
    ai_generated = serializers.IntegerField()
    average_first_response_seconds = serializers.FloatField(
        allow_null=True,
        help_text="How long customers waited for the first answer by a member; null without one.",
    )
    median_first_response_seconds = serializers.FloatField(allow_null=True)
    conversations = serializers.IntegerField(help_text="Conversations in which something was said.")
