"""What the inbox can be filtered by: all that the API knows of conversations, and more."""

import django_filters
from django.db.models import F, QuerySet

from accounts.models import User
from catalog.api.shop.filters import YesOrNoFilter
from notifications.api.hub.filters import ConversationFilter
from notifications.models import Conversation
from notifications.queries.for_pages import conversations_about_orders, conversations_with
from orderchainer.core.http.fields import refused_choice

NEWEST, WAITING = "newest", "waiting"
SORTINGS = {NEWEST: "Newest first", WAITING: "Longest waiting first"}


class InboxFilter(ConversationFilter):
    """The filters of the API, `order` and `ordering`. `search` also looks at the messages."""

    order = YesOrNoFilter(method="about_orders")
    ordering = django_filters.ChoiceFilter(
        choices=list(SORTINGS.items()),
        method="sorted_by",
        error_messages={"invalid_choice": refused_choice("%(value)s", SORTINGS)},
    )

    @property
    def caller(self) -> User:  # type: ignore[override]  # the API sets it
        """The user whom `me` means."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    def about_orders(
        self, conversations: QuerySet[Conversation], _name: str, value: bool
    ) -> QuerySet[Conversation]:
        """Keep the conversations in which an order is talked about, or the others."""
        return conversations_about_orders(conversations, are_about=value)

    def with_text(
        self, conversations: QuerySet[Conversation], _name: str, text: str
    ) -> QuerySet[Conversation]:
        """Keep the conversations that have `text` in their contact or in a message."""
        return conversations_with(conversations, text)

    def sorted_by(
        self, conversations: QuerySet[Conversation], _name: str, by: str
    ) -> QuerySet[Conversation]:
        """Put those first whose contacts have waited longest."""
        if by != WAITING:
            return conversations
        return conversations.order_by(
            F("waiting_since").asc(nulls_last=True), "-last_activity_at", "-id"
        )
