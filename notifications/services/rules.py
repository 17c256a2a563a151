"""What managers do with the rules by which customers are told of their orders."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Project, User
from accounts.queries import require_operation
from notifications.access import MANAGE_MESSAGING
from notifications.channels import CHANNELS, Channel, lines_of
from notifications.errors import RuleExists, RuleNotFound
from notifications.models import NotificationRule, RuleOutcome
from notifications.models.messages import ContentType
from notifications.models.rules import ANY_CHANNEL, EMAIL, Occasion
from notifications.placeholders import problem_with
from notifications.services.sending import require_within_limits
from notifications.services.telling import PARAMETERS
from orderchainer.core.errors import Invalid, NothingToChange
from orders.lifecycle import Status

SWITCHED_OFF = "The rule was switched off."
DELETED = "The rule was deleted."


class RuleFields(TypedDict, total=False):
    """The fields of a rule that managers set. A missing one gets its default, or stays."""

    occasion: str
    status: str
    # The name of a channel, `email` or `any`.
    channel: str
    line: UUID | None
    content: str
    subject: str
    # `name`, `language`, and lists of texts.
    template: Mapping[str, Any] | None
    is_active: bool


@transaction.atomic
def create_rule(*, project: Project, by: User, fields: RuleFields) -> NotificationRule:
    """Create a rule. Raises `Invalid`, `RuleExists` and `RoleNotEnough`."""
    require_operation(by, project, MANAGE_MESSAGING)
    rule = drafted_rule(project=project, fields=fields)
    _save(rule)
    return rule


@transaction.atomic
def change_rule(
    *,
    rule: NotificationRule,
    by: User,
    fields: RuleFields,
    precondition: Callable[[NotificationRule], None] | None = None,
) -> NotificationRule:
    """Change a rule.

    A message that is queued by then goes out as it is, if it is still true. An e-mail is written
    when it is sent, as the rule says by then; it is dropped if the rule is for another occasion.
    A rule that is switched off forgets what it could not tell yet. We call `precondition` with the
    locked rule before anything changes; it may raise. Raises `Invalid`, `NothingToChange`,
    `RuleExists`, `RuleNotFound` and `RoleNotEnough`.
    """
    require_operation(by, rule.project, MANAGE_MESSAGING)
    if not fields:
        raise NothingToChange
    locked = _lock(rule)
    if precondition is not None:
        precondition(locked)
    _fill(locked, fields)
    locked.updated_at = timezone.now()
    _save(locked)
    if not locked.is_active:
        _stop_waiting(locked, SWITCHED_OFF)
    return locked


@transaction.atomic
def delete_rule(*, rule: NotificationRule, by: User) -> None:
    """Delete a rule. What became of it stays. Raises `RuleNotFound` and `RoleNotEnough`."""
    require_operation(by, rule.project, MANAGE_MESSAGING)
    locked = _lock(rule, to_delete=True)
    _stop_waiting(locked, DELETED)
    locked.delete()


def drafted_rule(*, project: Project, fields: RuleFields) -> NotificationRule:
    """Return a rule that is valid and not saved. Raises `Invalid`."""
    rule = NotificationRule(project=project)
    _fill(rule, fields)
    return rule


def _lock(rule: NotificationRule, *, to_delete: bool = False) -> NotificationRule:
    rows = NotificationRule.objects.select_for_update(no_key=not to_delete).filter(pk=rule.pk)
    found = rows.first()
    if found is None:
        raise RuleNotFound
    return found


def _stop_waiting(rule: NotificationRule, reason: str) -> None:
    """Settle what waits for a line: a locked rule tells nobody of it any more."""
    rule.outcomes.filter(state=RuleOutcome.State.WAITING).update(
        state=RuleOutcome.State.SKIPPED, reason=reason, settled_at=timezone.now()
    )


def _save(rule: NotificationRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as exc:
        taken = NotificationRule.objects.filter(
            project=rule.project,
            occasion=rule.occasion,
            status=rule.status,
            channel=rule.channel,
        )
        if taken.exclude(pk=rule.pk).exists():
            raise RuleExists from exc
        raise


# --- What a rule may be -----------------------------------------------------------------------


def _fill(rule: NotificationRule, fields: RuleFields) -> None:
    """Set fields of a rule, and check the whole. Raises `Invalid` that names all that is wrong."""
    for name, value in fields.items():
        setattr(rule, name, value)
    if dict(fields) == {"is_active": False}:
        # Its line may be gone by now. Whatever is wrong with it, people can switch it off.
        return
    errors: dict[str, Sequence[str]] = {
        **_wrong_occasion(rule),
        **_wrong_channel(rule),
        **_wrong_words(rule),
    }
    if errors:
        raise Invalid(errors)
    channel = CHANNELS.get(rule.channel)
    if channel is not None:
        _require_fit(channel, rule)
    elif rule.template:
        _require_template_fits(rule)


def _wrong_occasion(rule: NotificationRule) -> Mapping[str, Sequence[str]]:
    if rule.occasion not in Occasion.values:
        return {"occasion": [f"Must be one of {', '.join(Occasion.values)}."]}
    if rule.occasion == Occasion.STATUS_REACHED and rule.status not in Status.values:
        return {"status": [f"Name the status that is reached: {', '.join(Status.values)}."]}
    if rule.occasion != Occasion.STATUS_REACHED and rule.status:
        return {"status": [f"Only the occasion {Occasion.STATUS_REACHED} has a status."]}
    return {}


def _wrong_channel(rule: NotificationRule) -> Mapping[str, Sequence[str]]:
    if rule.channel not in {ANY_CHANNEL, EMAIL} and rule.channel not in CHANNELS:
        exist = ", ".join([ANY_CHANNEL, EMAIL, *CHANNELS.so_far()])
        return {"channel": [f"Must be one of {exist}."]}
    if rule.line is None:
        return {}
    if rule.channel not in CHANNELS:
        return {"line": ["Only a rule for one provider goes over a certain line."]}
    mine = [line for line in lines_of(rule.project) if line.channel == rule.channel]
    if rule.line not in {line.uuid for line in mine}:
        return {"line": [f"The project has no such line on {CHANNELS[rule.channel].label}."]}
    return {}


def _wrong_words(rule: NotificationRule) -> Mapping[str, Sequence[str]]:
    errors: dict[str, Sequence[str]] = {}
    if not rule.content.strip():
        rule.content = ""
        if not rule.template:
            errors["content"] = ["Write a text, or name a template."]
        elif rule.channel == EMAIL:
            errors["content"] = ["An e-mail needs a text."]
    if problem := _problem_with_template(rule.template):
        return {**errors, "template": [problem]}
    if rule.template and rule.channel == EMAIL:
        errors["template"] = ["E-mails have no templates."]
    if rule.subject and rule.channel not in {ANY_CHANNEL, EMAIL}:
        errors["subject"] = ["Only e-mails have a subject."]
    for name in ("content", "subject"):
        if problem := problem_with(getattr(rule, name)):
            errors[name] = [problem]
    template = rule.template or {}
    for name in PARAMETERS:
        for text in template.get(name, []):
            if problem := problem_with(text):
                errors["template"] = [problem]
    return errors


def _problem_with_template(template: object) -> str:
    """Say that a template has another shape than ours; else empty."""
    if not template:
        return ""
    shape = "Must have a name, a language, and lists of texts as parameters."
    if not isinstance(template, Mapping):
        return shape
    known = {"name", "language", *PARAMETERS}
    texts = [template.get("name"), template.get("language")]
    for name in PARAMETERS:
        given = template.get(name, [])
        if not isinstance(given, list):
            return shape
        texts += given
    is_ours = known >= template.keys() and all(isinstance(text, str) for text in texts)
    return "" if is_ours else shape


def _require_fit(channel: Channel, rule: NotificationRule) -> None:
    """Raise `Invalid` if a rule says more than its channel takes. Values are not counted."""
    if rule.content:
        require_within_limits(channel, ContentType.TEXT, rule.content, {}, None)
    if rule.template:
        if ContentType.TEMPLATE not in channel.content_types:
            raise Invalid({"template": [f"{channel.label} has no templates."]})
        _require_template_of(channel, rule)


def _require_template_fits(rule: NotificationRule) -> None:
    """Raise `Invalid` if a rule for any channel has a template that no channel takes."""
    refusals = []
    for name in CHANNELS.so_far():
        if ContentType.TEMPLATE not in CHANNELS[name].content_types:
            continue
        try:
            _require_template_of(CHANNELS[name], rule)
        except Invalid as refusal:
            refusals.append(refusal)
        else:
            return
    if refusals:
        raise refusals[0]


def _require_template_of(channel: Channel, rule: NotificationRule) -> None:
    try:
        require_within_limits(channel, ContentType.TEMPLATE, "", rule.template or {}, None)
    except Invalid as exc:
        words = [f"{name}: {word}" for name, each in exc.errors.items() for word in each]
        raise Invalid({"template": words}) from exc
