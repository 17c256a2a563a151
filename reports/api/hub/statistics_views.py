"""`/api/v1/{orders,messages}/{project_id}/stats/summary.csv`, `.xlsx` and `.html`.

Statistics as files, with the figures of `stats/summary` and of a report of the same days.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from notifications.access import VIEW_MESSAGES
from orderchainer.core.days import days_up_to_today
from orderchainer.core.http.downloads import JSONForErrors
from orderchainer.core.http.pagination import days_of
from orders.access import VIEW_ORDERS
from reports.api.hub import statistics_docs as docs
from reports.api.hub.file_answers import csv_of, workbook_of
from reports.api.page_answer import page_of
from reports.exports import Document, message_statistics, order_statistics


class OrdersView(ProjectView):
    """What a project's orders add up to, as a file."""

    area = "orders"
    content_negotiation_class = JSONForErrors

    def document(self, request: Request) -> Document:
        """Return the statistics of the days that the request asks for. Raises `Invalid`."""
        return order_statistics(self.project, days_up_to_today(days_of(request), self.project.zone))


class MessagesView(ProjectView):
    """What a project's messages add up to, as a file."""

    area = "messages"
    content_negotiation_class = JSONForErrors

    def document(self, request: Request) -> Document:
        """Return the statistics of the days that the request asks for. Raises `Invalid`."""
        return message_statistics(
            self.project, days_up_to_today(days_of(request), self.project.zone)
        )


class OrdersCSVView(OrdersView):
    """One table about orders as CSV."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.ORDERS_CSV
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        return csv_of(request, self.document(request))


class OrdersWorkbookView(OrdersView):
    """All tables about orders as a workbook."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.ORDERS_WORKBOOK
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the workbook."""
        return workbook_of(request, self.document(request))


class OrdersPageView(OrdersView):
    """The figures of orders as a page to read and print."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    @docs.ORDERS_PAGE
    def get(self, request: Request, project_id: str) -> HttpResponse:
        """Send the page."""
        return page_of(self.document(request))


class MessagesCSVView(MessagesView):
    """One table about messages as CSV."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.MESSAGES_CSV
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the table that `table` names."""
        return csv_of(request, self.document(request))


class MessagesWorkbookView(MessagesView):
    """All tables about messages as a workbook."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.MESSAGES_WORKBOOK
    def get(self, request: Request, project_id: str) -> StreamingHttpResponse:
        """Send the workbook."""
        return workbook_of(request, self.document(request))


class MessagesPageView(MessagesView):
    """The figures of messages as a page to read and print."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.MESSAGES_PAGE
    def get(self, request: Request, project_id: str) -> HttpResponse:
        """Send the page."""
        return page_of(self.document(request))
