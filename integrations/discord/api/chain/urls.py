"""Paths under `/api/discord/`, spelt as the chain document spells them."""

from django.urls import path

from integrations.discord.api.chain import DiscordTestView, DiscordView

urlpatterns = [
    path("", DiscordView.as_view(), name="discord"),
    path("test", DiscordTestView.as_view(), name="discord-test"),
]
