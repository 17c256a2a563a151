"""`/api/v1/messages/{project_id}`: what is said between a project and its customers."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from notifications import queries
from notifications.access import VIEW_MESSAGES
from notifications.api.hub import docs
from notifications.api.hub.filters import inbox_of
from notifications.api.hub.presentation import message_body
from orderchainer.core.http.pagination import bare_list, page_window_of


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
