"""What the command palette finds of the assistant."""

from collections.abc import Iterator

from django.urls import reverse

from accounts.models import Project, User
from orderchainer.core.web.palette import FINDERS, Finder, Found

_LABEL = "Ask the assistant"


def find_assistant(_person: User, project: Project, text: str) -> Iterator[Found]:
    """Find the page for questions by its name. Takes no statement."""
    if text.casefold() in _LABEL.casefold():
        yield Found(_LABEL, reverse("assistant-ask", args=[project.uuid]), "sparkles")


FINDERS.add("assistant", Finder("ask_assistant", place=80, find=find_assistant))
