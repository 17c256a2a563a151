"""`/api/v1/messages/{project_id}`: what is said between a project and its customers."""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from notifications import figures, queries
from notifications.access import VIEW_MESSAGES
from notifications.api.hub import docs
from notifications.api.hub.filters import (
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
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.pagination import bare_list, page_window_of
from orders.queries import order_id_in_project


class InboxView(ProjectView):
    """The messages of a project."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_INBOX
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the inbox."""
        window = page_window_of(request)
        rows, total = queries.listed(inbox_of(self.project, request), window)
        bodies = [message_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


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
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_MESSAGE
    def get(self, request: Request, project_id: str, message_id: str) -> Response:
        """Answer the message."""
        return Response(message_body(self.project, queries.row_for(self.project, message_id)))


class ConversationsView(ProjectView):
    """The conversations of a project."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.LIST_CONVERSATIONS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the conversations."""
        window = page_window_of(request)
        selected = conversations_selected(self.project, request, caller_of(request))
        rows, total = queries.listed_conversations(selected, window)
        bodies = [conversation_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class OneConversationView(ProjectView):
    """One conversation."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_CONVERSATION
    def get(
        self, request: Request, project_id: str, conversation_id: str
    ) -> Response | HttpResponse:
        """Answer the conversation."""
        row = queries.conversation_row_for(self.project, conversation_id)
        return answer_unless_unchanged(
            request,
            etag_of_conversation(row["pk"], row["updated_at"]),
            lambda: conversation_body(self.project, row),
        )


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
        rows, total = queries.listed_contacts(contacts_selected(self.project, request), window)
        bodies = [contact_body(self.project, row) for row in rows]
        return bare_list(request, bodies, total=total, window=window)


class OneContactView(ProjectView):
    """One contact."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.GET_CONTACT
    def get(self, request: Request, project_id: str, contact_id: str) -> Response:
        """Answer the contact."""
        row = queries.contact_row_for(self.project, contact_id)
        return Response(contact_body(self.project, row))
