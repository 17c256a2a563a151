"""The filters of a project's messages."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models import Project, User
from catalog.api.shop.filters import YesOrNoFilter
from notifications.models import Contact, Conversation, Message, RuleOutcome
from notifications.models.messages import Direction, Sentiment, Urgency
from notifications.queries import (
    contacts_found,
    contacts_of,
    conversations_found,
    conversations_of,
    found_by_text,
    messages_of,
    outcomes_of,
    without_blocked,
)
from orderchainer.core.days import Period, days_up_to_today
from orderchainer.core.http.filters import (
    ME,
    NOBODY,
    ChoicesFilter,
    PersonFilter,
    filled,
    filter_of,
)
from orderchainer.core.http.pagination import days_of

MAX_TEXT_LENGTH = 200
MAX_PROVIDER_LENGTH = 16


class _ProviderField(forms.MultipleChoiceField):
    """Names of providers. Only an app above knows which exist, so we take any short word."""

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
    """The filters of the inbox of a project."""

    project: Project
    direction = ChoicesFilter(Direction.choices)
    sentiment = ChoicesFilter(Sentiment.choices)
    urgency = ChoicesFilter(Urgency.choices)
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
        """Keep the messages that have `text` in them or in their contact."""
        return found_by_text(messages, text, project=self.project)


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
    filterset = filter_of(MessageFilter, request, messages)
    filterset.project = project
    found: QuerySet[Message] = filterset.qs
    return found


class ConversationFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """The filters of conversations. `caller` is the user whom `me` means."""

    caller: User
    status = ChoicesFilter(Conversation.Status.choices)
    provider = ProviderFilter()
    assignee = PersonFilter(method="cared_for_by")
    unread = YesOrNoFilter(method="with_unread")
    blocked = YesOrNoFilter(method="with_blocked")
    search = django_filters.CharFilter(method="with_text", max_length=MAX_TEXT_LENGTH)

    class Meta:
        model = Conversation
        fields = ()

    def cared_for_by(
        self, conversations: QuerySet[Conversation], _name: str, who: str
    ) -> QuerySet[Conversation]:
        """Keep the conversations of this assignee."""
        if who == NOBODY:
            return conversations.filter(assignee=None)
        return conversations.filter(assignee__uuid=self.caller.uuid if who == ME else who)

    def with_unread(
        self, conversations: QuerySet[Conversation], _name: str, value: bool
    ) -> QuerySet[Conversation]:
        """Keep the conversations that have unread messages, or those that have none."""
        return conversations.filter(unread__gt=0) if value else conversations.filter(unread=0)

    def with_blocked(
        self, conversations: QuerySet[Conversation], _name: str, value: bool
    ) -> QuerySet[Conversation]:
        """Keep the conversations with blocked contacts, or those with others."""
        return conversations.filter(contact__is_blocked=value)

    def with_text(
        self, conversations: QuerySet[Conversation], _name: str, text: str
    ) -> QuerySet[Conversation]:
        """Keep the conversations that have `text` in their contact."""
        return conversations_found(conversations, text)


def conversations_selected(
    project: Project, request: HttpRequest, caller: User
) -> QuerySet[Conversation]:
    """Return the conversations that the query string selects, the last active first.

    Those with blocked contacts are left out unless `blocked` asks for them. Raises `Invalid`.
    """
    conversations = conversations_of(project).order_by("-last_activity_at", "-id")
    given = filled(request)
    if "blocked" not in given:
        conversations = conversations.exclude(contact__is_blocked=True)
    if given.keys().isdisjoint(ConversationFilter.base_filters):
        return conversations
    filterset = filter_of(ConversationFilter, request, conversations)
    filterset.caller = caller
    found: QuerySet[Conversation] = filterset.qs
    return found


class ContactFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """The filters of a project's contacts."""

    project: Project
    blocked = YesOrNoFilter(field_name="is_blocked")
    search = django_filters.CharFilter(method="with_text", max_length=MAX_TEXT_LENGTH)

    class Meta:
        model = Contact
        fields = ()

    def with_text(self, contacts: QuerySet[Contact], _name: str, text: str) -> QuerySet[Contact]:
        """Keep the contacts with `text` in their name, username or number."""
        return contacts_found(contacts, text, project=self.project)


def contacts_selected(project: Project, request: HttpRequest) -> QuerySet[Contact]:
    """Return the contacts that the query string selects, the newest first. Raises `Invalid`."""
    contacts = contacts_of(project).order_by("-id")
    if filled(request).keys().isdisjoint(ContactFilter.base_filters):
        return contacts
    filterset = filter_of(ContactFilter, request, contacts)
    filterset.project = project
    found: QuerySet[Contact] = filterset.qs
    return found


class OutcomeFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """The filters of what became of telling customers."""

    rule_id = django_filters.UUIDFilter(field_name="rule__uuid")
    order_id = django_filters.UUIDFilter(field_name="order__uuid")
    state = ChoicesFilter(RuleOutcome.State.choices)

    class Meta:
        model = RuleOutcome
        fields = ()


def outcomes_selected(project: Project, request: HttpRequest) -> QuerySet[RuleOutcome]:
    """Return the outcomes that the query string selects, the newest first. Raises `Invalid`."""
    outcomes = outcomes_of(project)
    if filled(request).keys().isdisjoint(OutcomeFilter.base_filters):
        return outcomes
    found: QuerySet[RuleOutcome] = filter_of(OutcomeFilter, request, outcomes).qs
    return found
