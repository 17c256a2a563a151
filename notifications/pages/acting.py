"""What the buttons of a conversation do. Only forms of its page lead here.

A refusal shows the page again, so that nothing that somebody has typed there is lost.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from accounts.access import Operation
from notifications import services
from notifications.access import SEND_MESSAGES
from notifications.errors import AttachmentNotFound, MessageNotFound
from notifications.pages.base import read_posted
from notifications.pages.conversation import ConversationPage
from notifications.queries import attachment_for, message_for
from notifications.services.sending import MAX_CONTENT_LENGTH
from orderchainer.core.errors import Conflict, DomainError, Invalid, Stale
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.page import SeeOther


class ConversationAction(ConversationPage, ABC):
    """Changes something about a conversation, and goes back to its page."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": SEND_MESSAGES}
    http_method_names = ["post", "options"]  # noqa: RUF012 (Django declares it so)

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do it. A refusal stands above the field for answers."""
        try:
            self.act()
        except (Conflict, Stale, Invalid) as exc:
            return self.refused(exc)
        if self.is_by_script and not wants_fragment(self.request):
            # A script that only sends something needs no page.
            return HttpResponse(status=204)
        return SeeOther(self.here())

    @property
    def is_by_script(self) -> bool:
        """Whether a script has sent the form, perhaps by itself, and not the browser."""
        return "X-Requested-With" in self.request.headers

    @abstractmethod
    def act(self) -> None:
        """Do what the form asks for."""

    def refused(self, exc: DomainError) -> HttpResponseBase:
        """Show the conversation with the words of a refusal."""
        problem = problem_of(exc)
        assert problem is not None, "every domain error means something"
        content = self.content(self.row(), errors=words_of(exc))
        return self.show(content, status=problem.status)


def words_of(exc: DomainError) -> list[str]:
    """Return what a refusal says, field by field if it names any."""
    if isinstance(exc, Invalid) and exc.errors:
        return [message for messages in exc.errors.values() for message in messages]
    return [exc.page_message]


class ReadConversationPage(ConversationAction):
    """Marks a conversation as read. Repeating it changes nothing."""

    def act(self) -> None:
        """Mark it."""
        services.mark_conversation_read(conversation=self.conversation(), by=self.person)


class DraftForm(forms.Form):
    """What somebody has written so far. `key` is the one of the form in which they write."""

    content = forms.CharField(required=False, strip=False, max_length=MAX_CONTENT_LENGTH)
    suggestion = forms.UUIDField(required=False)
    key = forms.CharField(required=False, max_length=200)
    # A text that is added below what is there already, in place of `content`.
    insert = forms.CharField(required=False, strip=False, max_length=MAX_CONTENT_LENGTH)


class DraftPage(ConversationAction):
    """Keeps what somebody has begun to write."""

    def act(self) -> None:
        """Keep it. Raises `Conflict` if the text was sent before the script could save it.

        Whoever presses the button for drafts means it, also on an old page.
        """
        sent = read_posted(DraftForm, self.request.POST)
        if sent["insert"]:
            services.add_to_draft(
                conversation=self.conversation(),
                by=self.person,
                text=sent["insert"],
                suggestion=sent["suggestion"],
            )
            return
        is_kept = services.keep_draft(
            conversation=self.conversation(),
            by=self.person,
            content=sent["content"],
            suggestion=sent["suggestion"],
            key=sent["key"] if self.is_by_script else "",
            known=drafts_known_in(self.request.POST),
        )
        if not is_kept:
            raise Conflict("An answer was sent from this page already. Reload it to write another.")

    def refused(self, exc: DomainError) -> HttpResponseBase:
        """Show the page with what was typed. A newer draft from another page stands above it."""
        if not isinstance(exc, Stale):
            return super().refused(exc)
        typed = {name: self.request.POST.get(name, "") for name in ("content", "suggestion")}
        content = self.content(self.row(), errors=words_of(exc), typed=typed, is_overtaken=True)
        return self.show(content, status=412)


def drafts_known_in(posted: QueryDict) -> Collection[str] | None:
    """Return the drafts that the page of a form knows. None if it does not say."""
    return posted.getlist("was") if "was" in posted else None


class RetryPage(ConversationAction):
    """Sends a message again that failed, or of which nobody knows whether it arrived."""

    def act(self) -> None:
        """Queue it. Raises `MessageNotFound`, also for a message of another conversation."""
        conversation = self.conversation()
        message = message_for(self.its_project, self.kwargs["message_id"])
        if message.conversation_id != conversation.pk:
            raise MessageNotFound
        services.retry_message(message=message, by=self.person)


class FetchPage(ConversationAction):
    """Has a file of the customer fetched again that could not be fetched."""

    def act(self) -> None:
        """Queue it. Raises `AttachmentNotFound`, also for a file of another conversation."""
        conversation = self.conversation()
        attachment = attachment_for(self.its_project, self.kwargs["attachment_id"])
        if attachment.message.conversation_id != conversation.pk:
            raise AttachmentNotFound
        services.fetch_again(attachment=attachment, by=self.person)
