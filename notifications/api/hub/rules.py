"""`/api/v1/messages/{project_id}/rules`: the rules by which customers are told of their orders."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from notifications import queries, services
from notifications.access import MANAGE_MESSAGING, VIEW_MESSAGES
from notifications.api.hub import rule_docs as docs
from notifications.api.hub.filters import outcomes_selected
from notifications.api.hub.presentation import outcome_body, preview_body, rule_body
from notifications.api.hub.rule_serializers import (
    NewRule,
    PreviewInput,
    RuleChangesInput,
    TrialInput,
)
from notifications.api.hub.views import order_named
from notifications.models import NotificationRule
from notifications.models.rules import Occasion
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.fields import fields_named
from orderchainer.core.http.pagination import bare_list, page_window_of

# What the hub calls the fields of a rule.
NAMES: Mapping[str, str] = {"line": "integration_id"}


class RulesView(ProjectView):
    """The rules of a project."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_MESSAGES,
        "POST": MANAGE_MESSAGING,
    }

    @docs.LIST_RULES
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the rules."""
        window = page_window_of(request)
        rules, total = queries.listed_rules(self.project, window)
        bodies = [rule_body(self.project, rule) for rule in rules]
        return bare_list(request, bodies, total=total, window=window)

    @docs.CREATE_RULE
    def post(self, request: Request, project_id: str) -> Response:
        """Create a rule."""
        body = NewRule(data=request.data)
        body.is_valid(raise_exception=True)
        with fields_named(**NAMES):
            rule = services.create_rule(
                project=self.project, by=caller_of(request), fields=body.plain
            )
        path = f"/api/v1/messages/{self.project.uuid}/rules/{rule.uuid}"
        return Response(rule_body(self.project, rule), status=201, headers={"Location": path})


class OneRuleView(ProjectView):
    """One rule."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_MESSAGES,
        "PATCH": MANAGE_MESSAGING,
        "DELETE": MANAGE_MESSAGING,
    }

    @docs.GET_RULE
    def get(self, request: Request, project_id: str, rule_id: str) -> Response:
        """Answer the rule."""
        return Response(rule_body(self.project, queries.rule_for(self.project, rule_id)))

    @docs.CHANGE_RULE
    def patch(self, request: Request, project_id: str, rule_id: str) -> Response:
        """Change the rule."""
        rule = queries.rule_for(self.project, rule_id)
        body = read_changes(
            RuleChangesInput,
            request.data,
            lambda: rule_body(self.project, rule),
            is_at_hand=True,
        )
        fields = body.plain
        if "occasion" in fields and fields["occasion"] != Occasion.STATUS_REACHED:
            # Only that occasion has a status.
            fields.setdefault("status", "")
        with fields_named(**NAMES):
            changed = services.change_rule(rule=rule, by=caller_of(request), fields=fields)
        return Response(rule_body(self.project, changed))

    @docs.DELETE_RULE
    def delete(self, request: Request, project_id: str, rule_id: str) -> Response:
        """Delete the rule."""
        rule = queries.rule_for(self.project, rule_id)
        services.delete_rule(rule=rule, by=caller_of(request))
        return Response(status=204)


class PreviewView(ProjectView):
    """What a rule would send for an order."""

    area = "messages"
    also_reads = frozenset({"orders"})
    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_MESSAGING}

    @docs.PREVIEW_RULE
    def post(self, request: Request, project_id: str, rule_id: str) -> Response:
        """Answer what the rule would send. Nothing is sent."""
        rule = queries.rule_for(self.project, rule_id)
        body = PreviewInput(data=request.data)
        body.is_valid(raise_exception=True)
        return self.answer(rule, body.validated_data["order_id"])

    def answer(self, rule: NotificationRule, order_id: UUID) -> Response:
        """Answer what `rule` would send for an order of the project. Raises `Invalid`."""
        order = order_named(self.project, order_id)
        return Response(preview_body(services.preview(rule=rule, order=order)))


class TrialView(PreviewView):
    """What a rule that is not saved would send for an order."""

    @docs.PREVIEW_NEW_RULE
    def post(self, request: Request, project_id: str) -> Response:  # type: ignore[override]  # its path names no rule
        """Answer what the rule in the body would send. Nothing is sent, and nothing is saved."""
        body = TrialInput(data=request.data)
        body.is_valid(raise_exception=True)
        with fields_named(**NAMES):
            rule = services.drafted_rule(project=self.project, fields=body.plain)
        return self.answer(rule, body.validated_data["order_id"])


class OutcomesView(ProjectView):
    """What became of telling customers."""

    area = "messages"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    @docs.LIST_OUTCOMES
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the outcomes."""
        window = page_window_of(request)
        rows, total = queries.listed_outcomes(outcomes_selected(self.project, request), window)
        return bare_list(request, [outcome_body(row) for row in rows], total=total, window=window)
