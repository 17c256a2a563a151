"""Bodies and answers of `/api/v1/messages`."""

from typing import Any

from rest_framework import serializers

from notifications.models.messages import ContentType, Direction, FileState, MessageStatus

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
    error = serializers.CharField(allow_null=True, help_text="Why it failed, in words.")
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
    edited_at = serializers.CharField(allow_null=True)
    written_at = serializers.CharField(help_text="When it was written, as the provider says.")
