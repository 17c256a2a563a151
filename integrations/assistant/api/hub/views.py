"""`/api/v1/assistant`: questions, suggested replies, the mood of messages, and what they cost."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from accounts.models import ApiToken
from accounts.queries import project_for
from integrations.assistant import services
from integrations.assistant.access import ASK_ASSISTANT, SUGGEST_REPLIES, VIEW_ASSISTANT_USAGE
from integrations.assistant.api.hub import docs
from integrations.assistant.api.hub.presentation import (
    answer_body,
    draft_body,
    mood_body,
    usage_body,
)
from integrations.assistant.api.hub.serializers import QueryInput, ReplyInput, SentimentInput
from integrations.assistant.budgets import budget_state_of
from integrations.assistant.figures import usage_of
from integrations.limits import AI
from orderchainer.core.days import days_up_to_today
from orderchainer.core.http.fields import StrictSerializer
from orderchainer.core.http.leaving import has_left
from orderchainer.core.http.pagination import days_of
from orderchainer.core.http.views import SurfaceView


class AssistantView(SurfaceView):
    """A view that asks a model. Its body names the project."""

    area = "assistant"
    limit = AI

    def read(self, request: Request, body: type[StrictSerializer]) -> Mapping[str, Any]:
        """Return what the request says. What the body says wins over the query string."""
        given = request.data
        if self.has_optional_body and isinstance(given, Mapping):
            given = {**request.query_params.dict(), **given}
        read = body(data=given)
        read.is_valid(raise_exception=True)
        values: Mapping[str, Any] = read.validated_data
        return values


class QueryView(AssistantView):
    """Asking a question."""

    @docs.QUERY
    def post(self, request: Request) -> Response:
        """Answer a question about a project."""
        given = self.read(request, QueryInput)
        caller = caller_of(request)
        answer = services.answer_question(
            project=project_for(caller, given["project_id"], ASK_ASSISTANT),
            by=caller,
            message=given["message"],
            context=given.get("context"),
            order_id=given.get("order_id"),
            may_use_tools=given["use_function_calling"],
            scopes=scopes_of(request),
            stop=partial(has_left, request._request),
        )
        return Response(answer_body(answer))


class ReplyView(AssistantView):
    """Having a reply suggested."""

    has_optional_body = True

    @docs.GENERATE_REPLY
    def post(self, request: Request) -> Response:
        """Suggest an answer to a customer. Nothing is sent."""
        given = self.read(request, ReplyInput)
        caller = caller_of(request)
        draft = services.draft_reply(
            project=project_for(caller, given["project_id"], SUGGEST_REPLIES),
            by=caller,
            customer_message=given["customer_message"],
            order_id=given.get("order_id"),
            scopes=scopes_of(request),
            stop=partial(has_left, request._request),
        )
        return Response(draft_body(draft))


class SentimentView(AssistantView):
    """Having a message judged."""

    has_optional_body = True

    @docs.ANALYZE_SENTIMENT
    def post(self, request: Request) -> Response:
        """Say how a customer's message sounds."""
        given = self.read(request, SentimentInput)
        caller = caller_of(request)
        mood = services.judge_message(
            project=project_for(caller, given["project_id"], SUGGEST_REPLIES),
            by=caller,
            message=given["message"],
            stop=partial(has_left, request._request),
        )
        return Response(mood_body(mood))


class UsageView(ProjectView):
    """What the assistant of a project has used."""

    area = "assistant"
    limit = AI
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ASSISTANT_USAGE}

    @docs.USAGE
    def get(self, request: Request, project_id: str) -> Response:
        """Answer the figures of the last days."""
        period = days_up_to_today(days_of(request), self.project.zone)
        usage = usage_of(self.project, period)
        return Response(usage_body(usage, budget_state_of(self.project)))


def scopes_of(request: Request) -> Collection[str] | None:
    """Return the scopes of the API token that came with the request; None for a session."""
    credential = request.auth
    return credential.scopes if isinstance(credential, ApiToken) else None
