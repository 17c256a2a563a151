"""What the pages of the inbox share."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from notifications.models import Conversation
from notifications.queries import conversation_for
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.ids import uuid_in

# For how long people snooze a conversation.
SNOOZES = {
    "hour": "For an hour",
    "hours": "For 4 hours",
    "tomorrow": "Until tomorrow, 9:00",
    "monday": "Until Monday, 9:00",
}
# The most parts that a page asks for again at once: `MOST_PARTS` in `changes.js`.
MAX_PARTS = 100


class OfInbox(WorkspacePage):
    """A page of the inbox.

    Who stands behind a channel, an app above knows. The pages name its panels by their URLs.
    """

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    def conversation(self) -> Conversation:
        """Return the conversation that the path names. Raises `ConversationNotFound`."""
        return conversation_for(self.its_project, self.kwargs["conversation_id"])

    def address(self, name: str, **arguments: object) -> str:
        """Return the address of another page of this project."""
        return reverse(name, kwargs={"project_id": self.its_project.uuid, **arguments})

    def here(self) -> str:
        """Return the page of the conversation that the path names, with the filters of its list."""
        path = self.address("conversation", conversation_id=self.kwargs["conversation_id"])
        return f"{path}?{query}" if (query := self.list_query()) else path

    def list_query(self) -> str:
        """Return the part of the query string that the list of conversations reads."""
        kept = self.request.GET.copy()
        for name in ("before", "ids", "template", "page"):
            kept.pop(name, None)
        return str(kept.urlencode())

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the conversation, or to the inbox."""
        if self.project is None:
            return super().way_out(exc)
        if "conversation_id" in self.kwargs and exc.code != "conversation_not_found":
            return {"label": "Back to the conversation", "href": self.here()}
        return {"label": "Inbox", "href": self.address("inbox")}


def ids_in(query: Mapping[str, str]) -> list[UUID]:
    """Return the UUIDs among the first 100 values of `ids`, and leave out the rest."""
    texts = query.get("ids", "").split(",")[:MAX_PARTS]
    return [uuid for text in texts if (uuid := uuid_in(text)) is not None]


def read_posted(form: type[forms.Form], posted: QueryDict) -> dict[str, Any]:
    """Return what a form that only the buttons of another page send has sent. Raises `Invalid`."""
    sent = form(posted)
    if not sent.is_valid():
        raise Invalid(
            {name: [str(each) for each in errors] for name, errors in sent.errors.items()},
            "This form is incomplete. Go back, reload the page and try again.",
        )
    return sent.cleaned_data
