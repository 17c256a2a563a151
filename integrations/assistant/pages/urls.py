"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path

from integrations.assistant.pages.suggesting import SuggestionPage
from integrations.assistant.pages.usage import AssistantPage

_AT = "app/<str:project_id>/inbox/<str:conversation_id>/suggestion"

urlpatterns = [
    path("app/<str:project_id>/assistant/", AssistantPage.as_view()),
    path("app/<str:project_id>/assistant", AssistantPage.as_view(), name="assistant"),
    path(f"{_AT}/", SuggestionPage.as_view()),
    path(_AT, SuggestionPage.as_view(), name="conversation-suggestion"),
]
