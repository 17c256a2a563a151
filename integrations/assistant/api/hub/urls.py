"""Paths under `/api/v1/assistant`, spelt as the hub document spells them."""

from django.urls import path

from integrations.assistant.api.hub.views import QueryView, ReplyView, SentimentView, UsageView

urlpatterns = [
    path("assistant/query", QueryView.as_view(), name="hub-assistant-query"),
    path("assistant/generate-reply", ReplyView.as_view(), name="hub-assistant-reply"),
    path("assistant/analyze-sentiment", SentimentView.as_view(), name="hub-assistant-sentiment"),
    path("assistant/usage/<str:project_id>", UsageView.as_view(), name="hub-assistant-usage"),
]
