"""The filters of a project's messages."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models import Project
from catalog.api.shop.filters import YesOrNoFilter
from notifications.models import Message
from notifications.models.messages import Direction
from notifications.queries import found_by_text, messages_of, without_blocked
from orderchainer.core.days import Period, days_up_to_today
from orderchainer.core.http.filters import ChoicesFilter, filled, filter_of
from orderchainer.core.http.pagination import days_of

MAX_TEXT_LENGTH = 200
MAX_PROVIDER_LENGTH = 16


class _ProviderField(forms.MultipleChoiceField):
    """Names of providers. An app above knows which there are, so any short word may be one."""

    def valid_value(self, value: Any) -> bool:
        """Tell whether the text can be a name."""
        text = str(value)
        return len(text) <= MAX_PROVIDER_LENGTH and text.isascii() and text.isprintable()


class ProviderFilter(django_filters.MultipleChoiceFilter):  # type: ignore[misc]  # untyped library
    """Filter by one or more providers."""

    field_class = _ProviderField

    def __init__(self) -> None:
        super().__init__(
            field_name="channel",
            distinct=False,
            error_messages={"invalid_choice": "%(value)s is not the name of a provider."},
        )


class MessageFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """The filters of the inbox."""

    direction = ChoicesFilter(Direction.choices)
    provider = ProviderFilter()
    order_id = django_filters.UUIDFilter(field_name="order__uuid")
    conversation = django_filters.UUIDFilter(field_name="conversation__uuid")
    is_read = YesOrNoFilter(method="read_or_not")
    search = django_filters.CharFilter(method="with_text", max_length=MAX_TEXT_LENGTH)

    class Meta:
        model = Message
        fields = ()

    def read_or_not(
        self, messages: QuerySet[Message], _name: str, value: bool
    ) -> QuerySet[Message]:
        """Keep the inbound messages that somebody has read, or those that nobody has."""
        return messages.filter(Q(direction=Direction.INBOUND), is_read=value)

    def with_text(self, messages: QuerySet[Message], _name: str, text: str) -> QuerySet[Message]:
        """Keep the messages with `text` in them, or with such contacts."""
        return found_by_text(messages, text)


def period_of(project: Project, request: HttpRequest) -> Period:
    """Return the days that the request asks for. Raises `Invalid`."""
    return days_up_to_today(days_of(request), project.zone)


def inbox_of(project: Project, request: HttpRequest) -> QuerySet[Message]:
    """Return the messages of the inbox that the query string selects, the newest first.

    Raises `Invalid` with the parameter's name.
    """
    period = period_of(project, request)
    messages = without_blocked(messages_of(project), project).filter(
        created_at__gte=period.start, created_at__lt=period.end
    )
    messages = messages.order_by("-created_at", "-id")
    # Building the form takes as long as reading the rows, so we skip it without a filter.
    if filled(request).keys().isdisjoint(MessageFilter.base_filters):
        return messages
    found: QuerySet[Message] = filter_of(MessageFilter, request, messages).qs
    return found
