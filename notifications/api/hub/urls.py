"""Paths under `/api/v1/messages`, spelt as the hub document spells them."""

from django.urls import path

from notifications.api.hub.views import (
    ContactsView,
    ConversationOfOrderView,
    ConversationsView,
    InboxView,
    OneContactView,
    OneConversationView,
    OneMessageView,
    SummaryView,
    ThreadView,
)

urlpatterns = [
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
    path("messages/<str:project_id>/contacts", ContactsView.as_view(), name="hub-contacts"),
    path(
        "messages/<str:project_id>/contacts/<str:contact_id>",
        OneContactView.as_view(),
        name="hub-contact",
    ),
    # Last, because these match any word.
    path(
        "messages/<str:project_id>/<str:message_id>",
        OneMessageView.as_view(),
        name="hub-message",
    ),
]
