"""`/api/v1/messages/{project_id}`: what is said between a project and its customers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

from django.http import FileResponse, HttpResponse, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.models import Project, User
from notifications import figures, files, queries, services
from notifications.access import SEND_MESSAGES, VIEW_MESSAGES
from notifications.api.hub import docs
from notifications.api.hub.filters import (
    ContactFilter,
    ConversationFilter,
    MessageFilter,
    contacts_selected,
    conversations_selected,
    inbox_of,
    period_of,
)
from notifications.api.hub.presentation import (
    contact_body,
    conversation_body,
    etag_of_conversation,
    message_body,
    summary_body,
)
from notifications.api.hub.serializers import (
    ContactChangesInput,
    ConversationChangesInput,
    MergeInput,
    MessageChanges,
    NewMessage,
    NewMessageWithFile,
    SentFile,
)
from notifications.errors import ContactNotFound, MessageNotFound
from notifications.models import Conversation, Message
from notifications.models.messages import ContentType
from notifications.services import Enclosure
from orderchainer.core.errors import Invalid
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged, require_match
from orderchainer.core.http.fields import fields_named
from orderchainer.core.http.filters import planned_for_filters
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import UploadView
from orders.errors import OrderNotFound
from orders.models import Order
from orders.queries import order_id_in_project

# What the hub calls the arguments of services.
NAMES: Mapping[str, str] = {"line": "integration_id", "details": "template"}


class InboxView(ProjectView):
    """The messages of a project."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_INBOX
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the inbox."""
        window = page_window_of(request)
        messages = inbox_of(self.project, request)
        with planned_for_filters(request, MessageFilter):
            rows, total = queries.listed(messages, window)
        bodies = [message_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class SendView(UploadView, ProjectView):
    """Writing to a customer."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": SEND_MESSAGES}

    @docs.SEND_MESSAGE
    def post(self, request: Request, project_id: str) -> Response:
        """Queue a message, once for each `Idempotency-Key`."""
        is_form = isinstance(request.data, QueryDict)
        body = (NewMessageWithFile if is_form else NewMessage)(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        order_id, reply_to = fields.pop("order_id", None), fields.pop("reply_to", None)

        def work() -> Answer:
            with fields_named(**NAMES), _enclosed(fields) as attachment:
                message = services.send_message(
                    project=self.project,
                    by=caller_of(request),
                    recipient=fields["recipient"],
                    channel=fields["provider"],
                    line=fields.get("integration_id"),
                    content_type=ContentType(fields.get("content_type", ContentType.TEXT)),
                    content=fields.get("content", ""),
                    details=fields.get("template"),
                    order=_order(self.project, order_id),
                    reply_to=self._answered(reply_to),
                    attachment=attachment,
                    suggestion=fields.get("suggestion_id"),
                )
            row = queries.row_for(self.project, message.uuid)
            path = f"/api/v1/messages/{self.project.uuid}/{message.uuid}"
            return Answer(201, message_body(self.project, row), {"Location": path})

        return answer_repeatable(request, work, payload=_payload(request, fields))

    def _answered(self, message_id: UUID | None) -> Message | None:
        if message_id is None:
            return None
        try:
            return queries.message_for(self.project, message_id)
        except MessageNotFound as exc:
            raise Invalid({"reply_to": ["The project has no such message."]}) from exc


class ConversationOfOrderView(ProjectView):
    """What was said about an order."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_CONVERSATION_OF_ORDER
    def get(self, request: Request, project_id: str, order_id: str) -> Response:
        """Answer a page of the messages."""
        window = page_window_of(request)
        order = order_id_in_project(self.project, order_id)
        messages = queries.messages_of(self.project).filter(order=order)
        rows, total = queries.listed(messages.order_by("written_at", "id"), window)
        bodies = [message_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class SummaryView(ProjectView):
    """What a project's messages add up to."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_SUMMARY
    def get(self, request: Request, project_id: str) -> Response:
        """Answer the figures of the last days."""
        period = period_of(self.project, request)
        return Response(summary_body(figures.summary_of(self.project, period)))


class OneMessageView(ProjectView):
    """One message."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_MESSAGES,
        "PATCH": SEND_MESSAGES,
    }

    @docs.GET_MESSAGE
    def get(self, request: Request, project_id: str, message_id: str) -> Response:
        """Answer the message."""
        return _shown(self.project, message_id)

    @docs.CHANGE_MESSAGE
    def patch(self, request: Request, project_id: str, message_id: str) -> Response:
        """Say which order the message is about."""
        body = MessageChanges(data=request.data)
        body.is_valid(raise_exception=True)
        services.link_to_order(
            message=queries.message_for(self.project, message_id),
            order=_order(self.project, body.validated_data["order_id"]),
            by=caller_of(request),
        )
        return _shown(self.project, message_id)


class ReadView(ProjectView):
    """Marking a message as read."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"PATCH": SEND_MESSAGES}

    @docs.MARK_READ
    def patch(self, request: Request, project_id: str, message_id: str) -> Response:
        """Mark the message as read. Repeating it changes nothing."""
        message = queries.message_for(self.project, message_id)
        services.mark_read(message=message, by=caller_of(request))
        return _shown(self.project, message_id)


class RetryView(ProjectView):
    """Sending a message again."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": SEND_MESSAGES}

    @docs.RETRY
    def post(self, request: Request, project_id: str, message_id: str) -> Response:
        """Queue the message once more, once for each `Idempotency-Key`."""

        def work() -> Answer:
            message = queries.message_for(self.project, message_id)
            services.retry_message(message=message, by=caller_of(request))
            return Answer(
                202, message_body(self.project, queries.row_for(self.project, message_id))
            )

        return answer_repeatable(request, work)


class ConversationsView(ProjectView):
    """The conversations of a project."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.LIST_CONVERSATIONS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the conversations."""
        window = page_window_of(request)
        selected = conversations_selected(self.project, request, caller_of(request))
        with planned_for_filters(request, ConversationFilter):
            rows, total = queries.listed_conversations(selected, window)
        bodies = [conversation_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class OneConversationView(ProjectView):
    """One conversation."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_MESSAGES,
        "PATCH": SEND_MESSAGES,
    }

    @docs.GET_CONVERSATION
    def get(
        self, request: Request, project_id: str, conversation_id: str
    ) -> Response | HttpResponse:
        """Answer the conversation."""
        row = queries.conversation_row_for(self.project, conversation_id)
        return answer_unless_unchanged(
            request,
            etag_of_conversation(self.project, row),
            lambda: conversation_body(self.project, row),
        )

    @docs.CHANGE_CONVERSATION
    def patch(self, request: Request, project_id: str, conversation_id: str) -> Response:
        """Change the status, the assignee, or when a snoozed conversation opens."""
        row = queries.conversation_row_for(self.project, conversation_id)
        body = read_changes(
            ConversationChangesInput,
            request.data,
            lambda: conversation_body(self.project, row),
            is_at_hand=True,
        )
        changes = body.plain
        if "assignee" in body.validated_data:
            changes["assignee"] = _member(body.validated_data["assignee"])

        def require(_: Conversation) -> None:
            # The conversation is locked now, so this is how it looks when we change it.
            shown = queries.conversation_row_for(self.project, conversation_id)
            require_match(request, etag_of_conversation(self.project, shown))

        services.change_conversation(
            conversation=queries.conversation_for(self.project, conversation_id),
            by=caller_of(request),
            changes=changes,
            precondition=require if "If-Match" in request.headers else None,
        )
        return _conversation_shown(self.project, conversation_id)


class ConversationReadView(ProjectView):
    """Marking a conversation as read."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": SEND_MESSAGES}

    @docs.MARK_CONVERSATION_READ
    def post(self, request: Request, project_id: str, conversation_id: str) -> Response:
        """Mark all messages of the conversation as read. Repeating it changes nothing."""
        conversation = queries.conversation_for(self.project, conversation_id)
        services.mark_conversation_read(conversation=conversation, by=caller_of(request))
        return _conversation_shown(self.project, conversation_id)


class ThreadView(ProjectView):
    """The messages of a conversation."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.LIST_CONVERSATION_MESSAGES
    def get(self, request: Request, project_id: str, conversation_id: str) -> Response:
        """Answer a page of the messages."""
        window = page_window_of(request)
        conversation = queries.conversation_for(self.project, conversation_id)
        rows, total = queries.listed(conversation.messages.order_by("-written_at", "-id"), window)
        bodies = [message_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class ContactsView(ProjectView):
    """The contacts of a project."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.LIST_CONTACTS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the contacts."""
        window = page_window_of(request)
        contacts = contacts_selected(self.project, request)
        with planned_for_filters(request, ContactFilter):
            rows, total = queries.listed_contacts(contacts, window)
        bodies = [contact_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class OneContactView(ProjectView):
    """One contact."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_MESSAGES,
        "PATCH": SEND_MESSAGES,
    }

    @docs.GET_CONTACT
    def get(self, request: Request, project_id: str, contact_id: str) -> Response:
        """Answer the contact."""
        return _contact_shown(self.project, contact_id)

    @docs.CHANGE_CONTACT
    def patch(self, request: Request, project_id: str, contact_id: str) -> Response:
        """Change what we know of the contact."""
        row = queries.contact_row_for(self.project, contact_id)
        body = read_changes(
            ContactChangesInput,
            request.data,
            lambda: contact_body(self.project, row),
            is_at_hand=True,
        )
        services.change_contact(
            contact=queries.contact_for(self.project, contact_id),
            by=caller_of(request),
            changes=body.plain,
        )
        return _contact_shown(self.project, contact_id)


class MergeView(ProjectView):
    """Making one contact of two."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": SEND_MESSAGES}

    @docs.MERGE_CONTACTS
    def post(self, request: Request, project_id: str, contact_id: str) -> Response:
        """Give the contact all that belongs to the other one."""
        contact = queries.contact_for(self.project, contact_id)
        body = MergeInput(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            other = queries.contact_for(self.project, body.validated_data["contact_id"])
        except ContactNotFound as exc:
            raise Invalid({"contact_id": ["The project has no such contact."]}) from exc
        services.merge_contacts(contact=contact, other=other, by=caller_of(request))
        return _contact_shown(self.project, contact_id)


class AttachmentView(ProjectView):
    """The file of a message."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.DOWNLOAD
    def get(self, request: Request, project_id: str, attachment_id: str) -> FileResponse:
        """Send the file. A browser shows it only if it is one of our own pictures."""
        served = files.opened(queries.attachment_for(self.project, attachment_id))
        return FileResponse(
            served.file,
            as_attachment=not served.is_shown,
            filename=served.filename,
            content_type=served.media_type,
            headers={
                "Cache-Control": "private, no-store",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )


class FetchView(ProjectView):
    """Fetching a file again."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": SEND_MESSAGES}

    @docs.FETCH
    def post(self, request: Request, project_id: str, attachment_id: str) -> Response:
        """Have a worker fetch the file at once, and answer the message as it is by now."""
        attachment = queries.attachment_for(self.project, attachment_id)
        services.fetch_again(attachment=attachment, by=caller_of(request))
        row = queries.row_for(self.project, attachment.message.uuid)
        return Response(message_body(self.project, row), status=202)


def _payload(request: Request, fields: Mapping[str, Any]) -> object:
    """Return what tells one form with a file from another; None for JSON."""
    sent: SentFile | None = fields.get("file")
    if sent is None:
        return None
    form: Any = request.data
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    return [texts, sent.filename, sent.digest]


@contextmanager
def _enclosed(fields: Mapping[str, Any]) -> Iterator[Enclosure | None]:
    """Yield the file of a message. An uploaded one is stored, and deleted again if that fails.

    If we die before the message is committed, the file stays, and a sweep deletes it.
    """
    sent: SentFile | None = fields.get("file")
    if sent is None:
        yield fields.get("attachment")
        return
    known = sent.known
    with fields_named(attachment="file"), files.stored(known) as name:
        yield Enclosure(
            file=name,
            media_type=known.media_type,
            filename=sent.filename,
            size=len(known.content),
        )


def _shown(project: Project, message_id: str) -> Response:
    return Response(message_body(project, queries.row_for(project, message_id)))


def _conversation_shown(project: Project, conversation_id: str) -> Response:
    row = queries.conversation_row_for(project, conversation_id)
    etag = etag_of_conversation(project, row)
    return Response(conversation_body(project, row), headers={"ETag": etag})


def _contact_shown(project: Project, contact_id: str) -> Response:
    return Response(contact_body(project, queries.contact_row_for(project, contact_id)))


def order_named(project: Project, order_id: UUID) -> Order:
    """Return the order that a body names. Raises `Invalid`."""
    try:
        return Order.objects.get(pk=order_id_in_project(project, order_id))
    except (OrderNotFound, Order.DoesNotExist) as exc:
        raise Invalid({"order_id": ["The project has no such order."]}) from exc


def _order(project: Project, order_id: UUID | None) -> Order | None:
    return None if order_id is None else order_named(project, order_id)


def _member(user_id: UUID | None) -> User | None:
    """Return the user that a body names. Raises `Invalid`; the service checks the membership."""
    if user_id is None:
        return None
    user = User.objects.filter(uuid=user_id).first()
    if user is None:
        raise Invalid({"assignee": ["Must be a member who may send messages."]})
    return user
