"""Paths of the panel about a channel. Links use the spelling without a trailing slash."""

from django.urls import path

from integrations.pages.channel import ChannelPage

_AT = "app/<str:project_id>/inbox/<str:conversation_id>/channel"

urlpatterns = [
    path(f"{_AT}/", ChannelPage.as_view()),
    path(_AT, ChannelPage.as_view(), name="conversation-channel"),
]
