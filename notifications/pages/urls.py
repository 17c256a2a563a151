"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from notifications.pages.acting import (
    DraftPage,
    FetchPage,
    ReadConversationPage,
    RetryPage,
)
from notifications.pages.attachments import AttachmentPage
from notifications.pages.bell import NotificationsPage, SeenPage, TellingPage
from notifications.pages.changing import ChangePage, LinkPage
from notifications.pages.conversation import ConversationPage, ConversationPartsPage
from notifications.pages.inbox import InboxPage, InboxRowsPage
from notifications.pages.news import NewsPage, OwnNewsPanel
from notifications.pages.of_order import OrderConversationPage
from notifications.pages.rules import (
    DeleteRulePage,
    EditRulePage,
    NewRulePage,
    RulesPage,
    SwitchRulePage,
)
from notifications.pages.sending import SendPage
from notifications.pages.views import StopPage

# By the names of their URLs, below the path of the project.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "news": ("news", NewsPage),
    "notifications": ("notifications", NotificationsPage),
    "notifications-seen": ("notifications/seen", SeenPage),
    "notifications-told": ("notifications/told", TellingPage),
    "inbox": ("inbox", InboxPage),
    "inbox-rows": ("inbox/rows", InboxRowsPage),
    "inbox-file": ("inbox/files/<str:attachment_id>", AttachmentPage),
    "conversation": ("inbox/<str:conversation_id>", ConversationPage),
    "conversation-read": ("inbox/<str:conversation_id>/read", ReadConversationPage),
    "conversation-send": ("inbox/<str:conversation_id>/send", SendPage),
    "conversation-draft": ("inbox/<str:conversation_id>/draft", DraftPage),
    "conversation-change": ("inbox/<str:conversation_id>/change", ChangePage),
    "conversation-link": ("inbox/<str:conversation_id>/link", LinkPage),
    "order-conversation": ("orders/<int:number>/conversation", OrderConversationPage),
    "message-retry": ("inbox/<str:conversation_id>/messages/<str:message_id>/retry", RetryPage),
    "file-fetch": ("inbox/<str:conversation_id>/files/<str:attachment_id>/fetch", FetchPage),
    "conversation-parts": ("inbox/<str:conversation_id>/parts", ConversationPartsPage),
    "rules": ("rules", RulesPage),
    # Before the pages of a rule, whose UUID could be any word.
    "rule-new": ("rules/new", NewRulePage),
    "rule-edit": ("rules/<str:rule_id>", EditRulePage),
    "rule-switch": ("rules/<str:rule_id>/switch", SwitchRulePage),
    "rule-delete": ("rules/<str:rule_id>/delete", DeleteRulePage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [
        path(f"app/<str:project_id>/{at}{slash}", page.as_view(), name=name)
        for name, (at, page) in _PAGES.items()
    ]


# `reverse` uses the last path with a name.
urlpatterns = [
    path("stop-messages/<str:token>/", StopPage.as_view()),
    path("stop-messages/<str:token>", StopPage.as_view(), name="stop-messages"),
    *_pages("/"),
    *_pages(""),
    path("account/preferences/news/", OwnNewsPanel.as_view()),
    path("account/preferences/news", OwnNewsPanel.as_view(), name="own-news"),
]
