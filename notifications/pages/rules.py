"""The rules by which customers are told of their orders: written, tried, switched and deleted."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.access import Operation
from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from accounts.services import answer_once, fingerprint_of
from notifications import services
from notifications.access import MANAGE_MESSAGING, VIEW_MESSAGES
from notifications.channels import lines_of
from notifications.errors import RuleExists, RuleNotFound
from notifications.models import NotificationRule, RuleOutcome
from notifications.pages.rule_forms import (
    CALLED,
    TEMPLATE_FIELDS,
    RuleChangeForm,
    RuleForm,
    channel_words,
    occasion_words,
    values_of,
    version_of,
)
from notifications.queries import outcomes_of, rule_for, rules_of
from orderchainer.core.errors import DomainError, Invalid, Stale
from orderchainer.core.http.fields import fields_named
from orderchainer.core.web.forms import FormPage, add_refusal
from orderchainer.core.web.page import SeeOther
from orders.models import Order
from orders.pages.shown import order_address
from orders.queries import orders_named

# The most rules and outcomes that the list shows.
MAX_RULES = 200
MAX_OUTCOMES = 20
MAX_SHOWN_TEXT = 140

OVERTAKEN = (
    "Somebody has changed the rule since you opened this page, so nothing is saved yet. Compare "
    "the values, and save again."
)


class OfRules(WorkspacePage):
    """A page of a project's rules. No event is about them."""

    is_live = False

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    def address(self, name: str, **arguments: object) -> str:
        """Return the address of another page of this project."""
        return reverse(name, kwargs={"project_id": self.its_project.uuid, **arguments})

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the list."""
        if self.project is None:
            return super().way_out(exc)
        return {"label": "All automatic messages", "href": self.address("rules")}


class RulesPage(OfRules):
    """All rules, and what became of them lately."""

    template_name = "notifications/rules/rules.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them."""
        outcomes = outcomes_of(self.its_project).select_related("order", "message", "email")
        return self.show(
            {
                "rules": [
                    self._rule(rule)
                    for rule in rules_of(self.its_project).order_by("id")[:MAX_RULES]
                ],
                "outcomes": [self._outcome(each) for each in outcomes[:MAX_OUTCOMES]],
                "may_manage": self.may(MANAGE_MESSAGING),
            }
        )

    def _rule(self, rule: NotificationRule) -> Mapping[str, Any]:
        template = (rule.template or {}).get("name", "")
        return {
            "id": rule.uuid,
            "when": occasion_words(rule.occasion, rule.status),
            "channel": channel_words(rule.channel),
            "text": _beginning(rule.content),
            "template": template,
            "is_active": rule.is_active,
            "url": self.address("rule-edit", rule_id=rule.uuid),
            "switch_url": self.address("rule-switch", rule_id=rule.uuid),
        }

    def _outcome(self, outcome: RuleOutcome) -> Mapping[str, Any]:
        order = outcome.order
        return {
            "at": outcome.created_at,
            "when": occasion_words(outcome.occasion, outcome.status),
            "order": f"#{order.pk} {order.title}" if order else "",
            "order_url": order_address(self.its_project, order.pk) if order else "",
            "word": _word_of(outcome),
            "channel": channel_words(outcome.channel) if outcome.channel else "",
            "reason": outcome.reason,
        }


class RuleFormPage(OfRules, FormPage):
    """A form of a rule. With the button `Preview` it is tried with an order and not saved."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": MANAGE_MESSAGING,
        "POST": MANAGE_MESSAGING,
    }
    # What the rule would send, once somebody asked.
    preview: Mapping[str, Any] | None = None

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save the rule, or show what it would send."""
        if "preview" not in self.request.POST:
            return super().post(*args, **kwargs)
        form = self.form(data=self.request.POST)
        if form.is_valid():
            try:
                self.preview = self._tried(form)
                return self.show_form(form)
            except Invalid as exc:
                add_refusal(form, exc)
        return self.show_form(form, status=400)

    @abstractmethod
    def form(self, **posted: Any) -> RuleForm:
        """Return the form of the rule."""

    def done(self) -> str:
        """Go to the list."""
        return self.address("rules")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the preview, and how the fields are arranged."""
        template = [form[name] for name in TEMPLATE_FIELDS]
        return {
            "cancel": self.done(),
            "preview": self.preview,
            "first_fields": [form[name] for name in ("when", "channel", "line")],
            "text_fields": [form[name] for name in ("content", "subject")],
            "template_fields": template,
            "has_template": any(field.value() or field.errors for field in template),
            "pick_url": self.address("order-pick"),
        }

    def _tried(self, form: RuleForm) -> Mapping[str, Any]:
        """Return what the typed rule would send. Raises `Invalid`."""
        project = self.its_project
        with fields_named(**CALLED):
            rule = services.drafted_rule(project=project, fields=form.rule_fields())
        order = self._order_named(form.cleaned_data["order"])
        shown = services.preview(rule=rule, order=order)
        template = dict(shown.template or {})
        return {
            "order": f"#{order.pk} {order.title}",
            "order_url": order_address(project, order.pk),
            "channel": channel_words(shown.channel) if shown.channel else "",
            "to": f"{shown.name} {shown.address}".strip(),
            "subject": shown.subject,
            "content": shown.content,
            "template": template.get("name", ""),
            "parameters": [
                text
                for name in ("header_parameters", "parameters", "button_parameters")
                for text in _texts(template.get(name))
            ],
            "reason": shown.reason,
        }

    def _order_named(self, name: str) -> Order:
        """Return the order that was typed, or the newest one. Raises `Invalid`."""
        orders = Order.objects.filter(project=self.its_project)
        if name.strip():
            found = orders_named(self.its_project, name.replace("\x00", ""))
            orders = orders.filter(pk__in=[row["id"] for row in found[:1]])
        order = orders.order_by("-pk").first()
        if order is None:
            raise Invalid({"order": ["The project has no such order."]})
        return order


@contextmanager
def _refusals_at_fields() -> Iterator[None]:
    try:
        with fields_named(**CALLED):
            yield
    except RuleExists as exc:
        raise Invalid({"channel": [exc.message]}) from exc


class NewRulePage(RuleFormPage):
    """A new rule. Sending the form twice creates one rule."""

    template_name = "notifications/rules/new.html"
    button = "Create rule"

    def form(self, **posted: Any) -> RuleForm:
        """Return the form."""
        return RuleForm(lines=lines_of(self.its_project), initial={"is_active": True}, **posted)

    def act(self, form: RuleForm) -> None:
        """Create the rule."""

        def work() -> str:
            rule = services.create_rule(
                project=self.its_project, by=self.person, fields=form.rule_fields()
            )
            return str(rule.uuid)

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        with _refusals_at_fields():
            answer_once(
                user=self.person,
                key=form.cleaned_data["key"],
                fingerprint=fingerprint_of([self.request.path, sent]),
                work=work,
            )
        messages.success(self.request, "The rule is created.")


class EditRulePage(RuleFormPage):
    """Changes a rule. Nobody overwrites a change that they have not seen."""

    template_name = "notifications/rules/edit.html"

    @cached_property
    def rule(self) -> NotificationRule:
        """The rule that the path names. Raises `RuleNotFound`."""
        return rule_for(self.its_project, self.kwargs["rule_id"])

    def form(self, **posted: Any) -> RuleChangeForm:
        """Return the form, with the rule as it is now."""
        rule = self.rule
        return RuleChangeForm(lines=lines_of(self.its_project), initial=values_of(rule), **posted)

    def act(self, form: RuleChangeForm) -> HttpResponse | None:
        """Save the rule. If it has changed meanwhile, show both."""
        fields = form.rule_fields()

        def require_as_read(locked: NotificationRule) -> None:
            if version_of(locked) != form.cleaned_data["version"]:
                raise Stale

        try:
            with _refusals_at_fields():
                services.change_rule(
                    rule=self.rule, by=self.person, fields=fields, precondition=require_as_read
                )
        except Stale:
            self.rule.refresh_from_db()
            # A form that is sent twice finds everything as it asks for.
            if not _has(self.rule, form):
                return self._show_overtaken(form)
        messages.success(self.request, "The rule is saved.")
        return None

    def _show_overtaken(self, form: RuleChangeForm) -> HttpResponse:
        """Show the form again: what was typed stays, with the present values beside it."""
        now = values_of(self.rule)
        data = self.request.POST.copy()
        data["version"] = now["version"]
        renewed = self.form(data=data)
        renewed.add_error(None, OVERTAKEN)
        for name, value in now.items():
            if name != "version" and form.cleaned_data[name] != value:
                renewed.add_error(name, f"It is now “{_said(renewed, name, value)}”.")
        return self.show_form(renewed, status=412)

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return also how the rule is called, and where it is deleted."""
        return {
            **super().beside(form),
            "title": occasion_words(self.rule.occasion, self.rule.status),
            "delete_url": self.address("rule-delete", rule_id=self.rule.uuid),
        }


class SwitchRulePage(OfRules):
    """Switches a rule on (`active=yes`) or off (`no`). Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_MESSAGING}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do it. Twice is the same."""
        asked = self.request.POST.get("active", "")
        if asked not in {"yes", "no"}:
            raise Invalid({"active": ["Must be yes or no."]}, "Send active as yes or no.")
        rule = rule_for(self.its_project, self.kwargs["rule_id"])
        is_active = asked == "yes"
        services.change_rule(rule=rule, by=self.person, fields={"is_active": is_active})
        messages.success(self.request, f"The rule is switched {'on' if is_active else 'off'}.")
        return SeeOther(self.address("rules"))


class DeleteRulePage(OfRules):
    """Deletes a rule. Only a button sends this form."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_MESSAGING}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Delete it. What it told customers stays. One that is gone already is as wanted."""
        try:
            rule = rule_for(self.its_project, self.kwargs["rule_id"])
            services.delete_rule(rule=rule, by=self.person)
        except RuleNotFound:
            messages.info(self.request, "The rule is no longer there.")
        else:
            messages.success(self.request, "The rule is deleted.")
        return SeeOther(self.address("rules"))


def _beginning(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_TEXT else f"{text[:MAX_SHOWN_TEXT]}…"


def _word_of(outcome: RuleOutcome) -> str:
    """Return how far a telling got: the word of its message or e-mail, or its own."""
    if outcome.message is not None:
        return str(outcome.message.status)
    if outcome.email is not None:
        return str(outcome.email.state)
    return str(outcome.state)


def _texts(value: object) -> list[str]:
    """Return the texts of a template's parameters, which are a list or have names."""
    found = value.values() if isinstance(value, Mapping) else value
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


def _has(rule: NotificationRule, form: RuleChangeForm) -> bool:
    """Tell whether the rule is as the form asks for."""
    now = values_of(rule)
    return all(form.cleaned_data[name] == now[name] for name in now if name != "version")


def _said(form: RuleForm, name: str, value: Any) -> str:
    """Return a value as the form shows it."""
    field: Any = form.fields[name]
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(dict(getattr(field, "choices", ())).get(value, value))
