"""Paths under `/api/v1/messages`, spelt as the hub document spells them, and one more."""

from django.urls import path

from notifications.api.hub.preferences import PreferencesView
from notifications.api.hub.rules import (
    OneRuleView,
    OutcomesView,
    PreviewView,
    RulesView,
    TrialView,
)
from notifications.api.hub.views import (
    AttachmentView,
    ContactsView,
    ConversationOfOrderView,
    ConversationReadView,
    ConversationsView,
    FetchView,
    InboxView,
    MergeView,
    OneContactView,
    OneConversationView,
    OneMessageView,
    ReadView,
    RetryView,
    SendView,
    SummaryView,
    ThreadView,
)

urlpatterns = [
    path(
        "projects/<str:project_id>/notifications",
        PreferencesView.as_view(),
        name="hub-notification-preferences",
    ),
    path("messages/<str:project_id>/send", SendView.as_view(), name="hub-send"),
    path("messages/<str:project_id>/inbox", InboxView.as_view(), name="hub-inbox"),
    path(
        "messages/<str:project_id>/conversation/<str:order_id>",
        ConversationOfOrderView.as_view(),
        name="hub-order-conversation",
    ),
    path(
        "messages/<str:project_id>/stats/summary",
        SummaryView.as_view(),
        name="hub-messages-summary",
    ),
    path(
        "messages/<str:project_id>/conversations",
        ConversationsView.as_view(),
        name="hub-conversations",
    ),
    path(
        "messages/<str:project_id>/conversations/<str:conversation_id>",
        OneConversationView.as_view(),
        name="hub-conversation",
    ),
    path(
        "messages/<str:project_id>/conversations/<str:conversation_id>/messages",
        ThreadView.as_view(),
        name="hub-conversation-messages",
    ),
    path(
        "messages/<str:project_id>/conversations/<str:conversation_id>/read",
        ConversationReadView.as_view(),
        name="hub-conversation-read",
    ),
    path("messages/<str:project_id>/contacts", ContactsView.as_view(), name="hub-contacts"),
    path(
        "messages/<str:project_id>/contacts/<str:contact_id>",
        OneContactView.as_view(),
        name="hub-contact",
    ),
    path(
        "messages/<str:project_id>/contacts/<str:contact_id>/merge",
        MergeView.as_view(),
        name="hub-contact-merge",
    ),
    path(
        "messages/<str:project_id>/attachments/<str:attachment_id>",
        AttachmentView.as_view(),
        name="hub-attachment",
    ),
    path(
        "messages/<str:project_id>/attachments/<str:attachment_id>/fetch",
        FetchView.as_view(),
        name="hub-attachment-fetch",
    ),
    path("messages/<str:project_id>/rules", RulesView.as_view(), name="hub-rules"),
    path(
        "messages/<str:project_id>/rules/preview",
        TrialView.as_view(),
        name="hub-rule-trial",
    ),
    path(
        "messages/<str:project_id>/rules/outcomes",
        OutcomesView.as_view(),
        name="hub-rule-outcomes",
    ),
    path(
        "messages/<str:project_id>/rules/<str:rule_id>",
        OneRuleView.as_view(),
        name="hub-rule",
    ),
    path(
        "messages/<str:project_id>/rules/<str:rule_id>/preview",
        PreviewView.as_view(),
        name="hub-rule-preview",
    ),
    # Last, because these match any word.
    path(
        "messages/<str:project_id>/<str:message_id>",
        OneMessageView.as_view(),
        name="hub-message",
    ),
    path(
        "messages/<str:project_id>/<str:message_id>/read",
        ReadView.as_view(),
        name="hub-message-read",
    ),
    path(
        "messages/<str:project_id>/<str:message_id>/retry",
        RetryView.as_view(),
        name="hub-message-retry",
    ),
]
