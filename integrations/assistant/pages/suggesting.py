"""A suggested reply, above the field for answers of a conversation. Nothing sends it by itself.

The text is nowhere but on the page: whoever uses it puts it into their draft.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse

from accounts.access import Operation
from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from integrations.assistant.access import SUGGEST_REPLIES
from integrations.assistant.budgets import budget_state_of
from integrations.assistant.errors import AssistantNotConfigured
from integrations.assistant.model_session import service_in_use
from integrations.assistant.services import draft_reply
from integrations.limits import AI
from notifications.models import Conversation, Message
from notifications.queries import conversation_for
from notifications.queries.for_pages import last_written_by_customer
from orderchainer.core.errors import DomainError
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.http.leaving import has_left
from orderchainer.core.limits.rates import count, user_subject
from orderchainer.core.web.fragments import wants_fragment


class SuggestionPage(WorkspacePage):
    """The panel, or without JavaScript a page with it. GET asks no model."""

    template_name = "integrations/suggestion_page.html"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": SUGGEST_REPLIES,
        "POST": SUGGEST_REPLIES,
    }
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the button, or why there is no suggestion to be had."""
        conversation = self._conversation()
        message = last_written_by_customer(conversation.pk)
        return self._shown(conversation, message, why_not=self._why_not(message))

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Have a reply suggested to what the customer wrote last. It takes some seconds."""
        conversation = self._conversation()
        message = last_written_by_customer(conversation.pk)
        why_not = self._why_not(message)
        if message is None or why_not:
            return self._shown(conversation, message, why_not=why_not, status=409)
        self.usage = count(AI, [user_subject(self.person.pk)]) or self.usage
        try:
            draft = draft_reply(
                project=self._project(),
                by=self.person,
                customer_message=message.content,
                order_id=message.order.uuid if message.order else None,
                conversation_id=conversation.pk,
                stop=partial(has_left, self.request),
            )
        except DomainError as exc:
            problem = problem_of(exc)
            assert problem is not None, "every domain error means something"
            return self._shown(
                conversation, message, problem=exc.page_message, status=problem.status
            )
        # The model takes seconds, and the customer may have gone on meanwhile.
        newest = last_written_by_customer(conversation.pk)
        is_outdated = newest is not None and newest.pk != message.pk
        return self._shown(conversation, message, draft=draft, is_outdated=is_outdated)

    def _project(self) -> Project:
        assert self.project is not None
        return self.project

    def _conversation(self) -> Conversation:
        return conversation_for(self._project(), self.kwargs["conversation_id"])

    def _why_not(self, message: Message | None) -> str:
        """Say why nothing can be suggested; empty if it can. One statement at most."""
        if message is None:
            return "The customer has not written a text yet."
        try:
            service_in_use()
        except AssistantNotConfigured as exc:
            return exc.message
        state = budget_state_of(self._project())
        if state is not None and state.spent >= state.monthly:
            return "The project has used up the budget of its assistant for this month."
        return ""

    def _shown(
        self,
        conversation: Conversation,
        message: Message | None,
        *,
        status: int = 200,
        **content: Any,
    ) -> HttpResponse:
        """Show the panel. Scripts swap in a refusal like anything else."""
        project_id = self._project().uuid
        arguments = {"project_id": project_id, "conversation_id": conversation.uuid}
        order = message.order if message else None
        is_part = wants_fragment(self.request)
        return self.show(
            {
                **content,
                "message": message,
                "panel_url": reverse("conversation-suggestion", kwargs=arguments),
                "conversation_url": reverse("conversation", kwargs=arguments),
                "order": order,
                "order_url": reverse(
                    "order-page", kwargs={"project_id": project_id, "number": order.pk}
                )
                if order
                else "",
            },
            template="integrations/suggestion.html" if is_part else "",
            status=200 if is_part else status,
        )
