"""What was said about an order: a panel on the page of the order."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from notifications.access import VIEW_MESSAGES
from notifications.pages.base import OfInbox
from notifications.pages.shown import shown_message
from notifications.queries.for_pages import messages_about
from orderchainer.core.web.fragments import wants_fragment
from orders.errors import OrderNotFound
from orders.queries import titles_in_project

# How many messages the panel shows.
MAX_MESSAGES = 5


class OrderConversationPage(OfInbox):
    """The panel, or without JavaScript a page with it."""

    template_name = "notifications/of_order_page.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the last messages about the order. Raises `OrderNotFound`."""
        project, number = self.its_project, self.kwargs["number"]
        titles = titles_in_project(project, [number])
        if number not in titles:
            raise OrderNotFound
        rows, has_older = messages_about(number, limit=MAX_MESSAGES)
        messages = [shown_message(project, row) for row in rows]
        return self.show(
            {
                "number": number,
                "order_title": titles[number],
                "messages_shown": messages,
                "has_older": has_older,
                "talks": {each.conversation_url: each.customer for each in messages}.items(),
            },
            template="notifications/of_order.html" if wants_fragment(self.request) else "",
        )
