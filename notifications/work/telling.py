"""Tell customers of what happens to their orders, by the rules of the project.

There is one delivery for each event that a rule is for, and one `RuleOutcome` for each rule and
event. The outcome, the message and its parts are written in one transaction. So a worker that dies
has told the customer or has not, and a repeat finds the outcome.

All deliveries of a project go to one target, so the events of an order are told in their order.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from notifications.fitting import no_longer_true
from notifications.models import NotificationRule, RuleOutcome
from notifications.models.rules import NEWS_FOR, TOO_LATE, Occasion
from notifications.services.telling import Told, tell
from notifications.work.outcomes import settle
from orderchainer.core.errors import NotFound
from orders.lifecycle import GONE_WRONG, HAS_LEFT, EventType, Status
from orders.locks import lock_orders
from orders.models import Order
from orders.stream.models import Event
from orders.stream.subscribers import Drop, TryAgain, Wanted

SUBSCRIBER = "customers"
# How long to wait before we look whether a line is usable again: at first, and at most.
WAIT_SECONDS = 60.0
MAX_WAIT_SECONDS = 10 * 60.0

ORDER_DELETED = "The order was deleted."
NO_RULE = "No rule applies to it any more."

State = RuleOutcome.State


# --- Which events -----------------------------------------------------------------------------


def wants(events: Sequence[Event]) -> Iterable[Wanted]:
    """Pick the news that a rule is for, in two queries. The target is the project."""
    of_orders = [event for event in events if event.is_of_order and occasions_of(event)]
    if not of_orders:
        return []
    rules: dict[int, list[NotificationRule]] = {}
    projects = {event.project_id for event in of_orders}
    for rule in NotificationRule.objects.filter(_usable(), project__in=projects):
        rules.setdefault(rule.project_id, []).append(rule)
    wanted = [
        event
        for event in of_orders
        if any(_is_for(rule, event) for rule in rules.get(event.project_id, []))
    ]
    if not wanted:
        return []
    orders = Order.objects.in_bulk({event.order_id for event in wanted})
    return [
        (event, str(event.project_id))
        for event in wanted
        if is_news(event, orders.get(event.order_id or 0))
    ]


def occasions_of(event: Event) -> Sequence[tuple[str, str]]:
    """Return what an event about an order is, as occasions of rules with the status."""
    status = event.data.get("status", "")
    match event.type:
        case EventType.CREATED if status != Status.DRAFT:
            return [(Occasion.RECEIVED, "")]
        case EventType.STATUS_CHANGED:
            reached = [(Occasion.STATUS_REACHED, event.data["new_status"])]
            left_draft = event.data["old_status"] == Status.DRAFT and status not in GONE_WRONG
            return [(Occasion.RECEIVED, ""), *reached] if left_draft else reached
        case EventType.READY:
            return [(Occasion.READY, "")]
        case EventType.BLOCKED:
            return [(Occasion.BLOCKED, "")]
    return []


def is_news(event: Event, order: Order | None) -> bool:
    """Tell whether customers may still hear of an event.

    Nobody is told of an order that was placed long before we heard of it, or of a move that its
    source made long ago. The first sync of a shop brings thousands of such orders. Nobody is told
    of a test either.
    """
    if order is None or order.is_test:
        return False
    happened_at = event.created_at
    if event.type == EventType.CREATED:
        happened_at = order.ordered_at
    elif "source" in event.data.get("cause", {}) and order.status == event.data["status"]:
        happened_at = order.status_changed_at
        if order.status in HAS_LEFT and order.fulfilled_at is not None:
            happened_at = min(happened_at, order.fulfilled_at)
    return event.created_at - happened_at <= NEWS_FOR


def _is_for(rule: NotificationRule, event: Event) -> bool:
    return (rule.occasion, rule.status) in occasions_of(event)


def _usable() -> Q:
    return Q(is_active=True, project__is_active=True)


# --- One event --------------------------------------------------------------------------------


def deliver(event: Event, target: str) -> None:
    """Follow all rules for an event, once each.

    Raises `TryAgain` if a line cannot be used at the moment, and `Drop` if no rule is for the
    event. Old events that somebody has delivered again tell nobody.
    """
    order = Order.objects.filter(pk=event.order_id or 0).first() if event.is_of_order else None
    if order is None:
        _skip_waiting(event, ORDER_DELETED)
    if order is None or not is_news(event, order):
        raise Drop("It is not news of an order.")
    rules = NotificationRule.objects.filter(_usable(), project=event.project_id).order_by("pk")
    due = [rule.pk for rule in rules if _is_for(rule, event)]
    if not due:
        _skip_waiting(event, NO_RULE)
        raise Drop(NO_RULE)
    try:
        outcomes = [outcome for pk in due if (outcome := follow(pk, event)) is not None]
    except NotFound as exc:
        # The contact was merged while we waited for it.
        raise TryAgain(str(exc), after_seconds=1) from exc
    if len(outcomes) < len(due):
        # Somebody has deleted the order or switched off a rule just now. Look at them again.
        raise TryAgain("Something has changed.", after_seconds=0, counts=False)
    waiting = [outcome.reason for outcome in outcomes if outcome.state == State.WAITING]
    if waiting:
        age_seconds = (timezone.now() - event.created_at).total_seconds()
        seconds = min(max(WAIT_SECONDS, age_seconds / 10), MAX_WAIT_SECONDS)
        raise TryAgain(waiting[0], after_seconds=seconds, counts=False)


@transaction.atomic
def _skip_waiting(event: Event, reason: str) -> None:
    """Settle what still waits to be told of an event that nobody is told of any more."""
    waiting = RuleOutcome.objects.filter(event_id=event.event_id, state=State.WAITING)
    for outcome in waiting.order_by("pk").select_for_update(no_key=True):
        _settle(outcome, Told(reason=reason))


@transaction.atomic
def follow(rule_id: int, event: Event) -> RuleOutcome | None:
    """Follow one rule for an event, unless that has been done; return the outcome.

    Return None if the rule was deleted or switched off, or the order deleted. Locks the order, the
    rule, the outcome, then what `send_message` locks. Raises what `tell` raises.
    """
    order = lock_orders([event.order_id or 0]).get(event.order_id or 0)
    rows = NotificationRule.objects.filter(_usable(), pk=rule_id).select_related("project")
    rule = rows.select_for_update(of=("self",), no_key=True).first()
    if order is None or rule is None:
        return None
    outcome, is_new = RuleOutcome.objects.get_or_create(
        rule=rule,
        event_id=event.event_id,
        defaults={
            "project": rule.project,
            "order": order,
            "occasion": rule.occasion,
            "status": rule.status,
            "reason": "It is being worked on.",
        },
    )
    if not is_new:
        outcome = RuleOutcome.objects.select_for_update(no_key=True).get(pk=outcome.pk)
    if outcome.state == State.WAITING:
        waited_for = "" if is_new else outcome.reason
        _settle(outcome, _tell(rule, order, event, waited_for))
    return outcome


def _tell(rule: NotificationRule, order: Order, event: Event, waited_for: str) -> Told:
    untrue = no_longer_true(rule.occasion, rule.status, order)
    if reason := untrue or _said_before(rule, order):
        return Told(reason=reason)
    if timezone.now() - event.created_at > NEWS_FOR:
        return Told(reason=f"{TOO_LATE} {waited_for}".strip())
    told = RuleOutcome.objects.filter(event_id=event.event_id, state=State.QUEUED)
    return tell(
        rule=rule,
        order=order,
        status=event.data["status"],
        told_over=set(told.values_list("channel", flat=True)),
    )


def _said_before(rule: NotificationRule, order: Order) -> str:
    """Say that a customer knows already that their order was received.

    An order can go back to draft and leave it again.
    """
    if rule.occasion != Occasion.RECEIVED:
        return ""
    queued = RuleOutcome.objects.filter(rule=rule, order=order, state=State.QUEUED)
    return "The customer was told before." if queued.exists() else ""


def _settle(outcome: RuleOutcome, told: Told) -> None:
    state = State(outcome.state)
    if told.message is not None or told.email is not None:
        state = State.QUEUED
    elif not told.is_waiting:
        state = State.SKIPPED
    settle(
        outcome,
        state=state,
        reason=told.reason,
        channel=told.channel,
        message=told.message,
        email=told.email,
    )
