"""Reads of a project's rules, and of what became of them."""

from uuid import UUID

from django.db.models import F, QuerySet

from accounts.models import Project
from notifications.errors import RuleNotFound
from notifications.models import NotificationRule, RuleOutcome
from orderchainer.core.db.ordering import NEWEST_FIRST
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window


def rules_of(project: Project) -> QuerySet[NotificationRule]:
    """Return the rules of a project."""
    return NotificationRule.objects.filter(project=project)


def listed_rules(project: Project, window: Window) -> tuple[list[NotificationRule], int]:
    """Return the rules of `window`, the oldest first, and how many there are in all.

    Two statements at most.
    """
    rules = rules_of(project).order_by("id")
    rows = list(rules[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(rows))
    return rows, rules.order_by().count() if total is None else total


def rule_for(project: Project, rule_id: UUID | str) -> NotificationRule:
    """Return a rule of the project, with its project. Raises `RuleNotFound`."""
    uuid = uuid_in(rule_id)
    found = rules_of(project).select_related("project").filter(uuid=uuid) if uuid else []
    for rule in found:
        return rule
    raise RuleNotFound


def outcomes_of(project: Project) -> QuerySet[RuleOutcome]:
    """Return what became of telling the customers of a project, the newest first."""
    return RuleOutcome.objects.filter(project=project).order_by(NEWEST_FIRST)


def listed_outcomes(outcomes: QuerySet[RuleOutcome], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all: two statements at most."""
    rows = outcomes.values(
        *("uuid", "occasion", "status", "state", "reason", "channel", "created_at", "settled_at"),
        rule_uuid=F("rule__uuid"),
        order_uuid=F("order__uuid"),
        message_uuid=F("message__uuid"),
        message_status=F("message__status"),
        email_status=F("email__state"),
    )
    page = list(rows[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(page))
    return page, outcomes.order_by().count() if total is None else total
