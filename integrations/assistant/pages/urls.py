"""Paths of the pages. Links use the spelling without a trailing slash."""

from django.urls import path
from django.urls.resolvers import URLPattern
from django.views import View

from integrations.assistant.pages import finding  # noqa: F401 (registers what the palette finds)
from integrations.assistant.pages.asking import AskAboutOrderPage, AskPage
from integrations.assistant.pages.suggesting import SuggestionPage
from integrations.assistant.pages.usage import AssistantPage

# By the names of their URLs, below the path of the project.
_PAGES: dict[str, tuple[str, type[View]]] = {
    "assistant": ("assistant", AssistantPage),
    "assistant-ask": ("assistant/ask", AskPage),
    "order-assistant": ("orders/<int:number>/assistant", AskAboutOrderPage),
    "conversation-suggestion": ("inbox/<str:conversation_id>/suggestion", SuggestionPage),
}


def _pages(slash: str) -> list[URLPattern]:
    return [
        path(f"app/<str:project_id>/{at}{slash}", page.as_view(), name=name)
        for name, (at, page) in _PAGES.items()
    ]


# `reverse` uses the last path with a name.
urlpatterns = [*_pages("/"), *_pages("")]
