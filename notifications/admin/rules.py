"""Rules that tell customers in the back office: writing them, trying them, and what they did."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.callers import caller_of
from notifications.admin.shown import message_link, text_of
from notifications.channels import CHANNELS
from notifications.models import NotificationRule, RuleOutcome
from notifications.models.rules import ANY_CHANNEL, EMAIL
from notifications.placeholders import PLACEHOLDERS
from notifications.services import RuleFields, change_rule, create_rule, delete_rule, preview
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import MAX_ROWS, Panel, label, panel_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import (
    DeletedOneByOne,
    ReadOnly,
    ServiceAdmin,
    changes_in,
)
from orderchainer.core.printable import printable
from orders.models import Order

COLOURS: Mapping[str, str] = {"waiting": "warning", "queued": "success", "skipped": "danger"}
FIELDS = ("occasion", "status", "channel", "line", "content", "subject", "template", "is_active")


class _TemplateField(forms.JSONField):
    """The template of a rule. A rule without one has an empty box."""

    def prepare_value(self, value: Any) -> Any:
        """Return the text for the box."""
        return "" if value is None else super().prepare_value(value)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The fields of a rule. The service checks them against each other."""

    refused_at: ClassVar = {"rule_exists": "channel"}

    channel = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget, help_text="With “any”, whichever channel the customer uses."
    )

    class Meta:
        model = NotificationRule
        fields = ("project", *FIELDS)
        field_classes: ClassVar = {"template": _TemplateField}
        help_texts: ClassVar = {
            "status": "Only for the occasion “Status Reached”: the status that the order reaches.",
            "line": "The UUID of an integration. If empty, the one on which you talk with the "
            "customer, or the only one.",
            "content": f"Placeholders: {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}.",
            "subject": "For e-mails. If you leave it empty, it names the number of the order.",
            "template": 'For example {"name": "order_shipped", "language": "en_US", '
            '"parameters": ["{order_number}"]}.',
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "channel" in self.fields:
            known = [ANY_CHANNEL, EMAIL, *CHANNELS]
            self.fields["channel"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]  # a ChoiceField

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the constraints to the service, whose errors name the fields.

        Django has no public hook for that. Tests that post a contradiction fail without it.
        """
        return {*super()._get_validation_exclusions(), "project", *FIELDS}  # type: ignore[misc]  # the stubs lack it


@admin.register(NotificationRule)
class NotificationRuleAdmin(DeletedOneByOne, ServiceAdmin):
    """The rules of projects, newest first."""

    icon = "campaign"
    form = RuleForm
    list_display = ("project", "occasion", "status", "channel", "active_shown", "updated_at")
    list_display_links = ("project", "occasion")
    list_filter = ("occasion", "channel", "is_active", ("project", PickFilter))
    list_select_related = ("project",)
    search_fields = ("project__name",)
    search_help_text = "The name of a project"
    ordering = ("-id",)
    autocomplete_fields = ("project",)
    readonly_fields = ("uuid", "created_at", "updated_at")
    actions = ("switch_on", "switch_off")
    change_form_outer_after_template = "admin/panels.html"

    @display(description="state", ordering="is_active", label={"off": "warning", "on": "success"})
    def active_shown(self, rule: NotificationRule) -> str:
        """Whether it is on."""
        return "on" if rule.is_active else "off"

    # --- the page -----------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: NotificationRule | None = None) -> Any:
        """Show the dates of an existing rule."""
        fields = ("project", *FIELDS)
        return ((None, {"fields": fields if obj is None else (*fields, *self.readonly_fields)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: NotificationRule | None = None) -> Any:
        """Keep a rule in its project."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else ("project", *fields)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show under the fields what the saved rule would send, and what it did."""
        if (rule := kwargs.get("obj")) is not None:
            saved = NotificationRule.objects.select_related("project").get(pk=rule.pk)
            context["panels"] = [_outcomes_of(saved)]
            if request.user.has_perm("orders.view_order"):
                context["panels"].insert(0, _preview_of(saved))
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def save_model(
        self, request: HttpRequest, obj: NotificationRule, form: Any, change: bool
    ) -> None:
        """Create or change through the services."""
        by = caller_of(request)
        if change:
            if changes := changes_in(form, FIELDS):
                change_rule(rule=obj, by=by, fields=cast(RuleFields, changes))
            return
        given = {name: form.cleaned_data[name] for name in FIELDS}
        project = form.cleaned_data["project"]
        obj.pk = create_rule(project=project, by=by, fields=cast(RuleFields, given)).pk

    # --- deleting, switching ------------------------------------------------------------------

    def delete_model(self, request: HttpRequest, obj: NotificationRule) -> None:
        """Delete through the service."""
        delete_rule(rule=obj, by=caller_of(request))

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[NotificationRule]) -> None:
        """Let the selected rules tell customers."""
        self._switch(request, queryset, is_active=True, done="Switched on")

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[NotificationRule]) -> None:
        """Stop the selected rules."""
        self._switch(request, queryset, is_active=False, done="Switched off")

    def _switch(
        self,
        request: HttpRequest,
        queryset: QuerySet[NotificationRule],
        *,
        is_active: bool,
        done: str,
    ) -> None:
        by = caller_of(request)
        self.do_each(
            request,
            queryset.select_related("project"),
            lambda rule: change_rule(rule=rule, by=by, fields={"is_active": is_active}),
            done=done,
        )


def _preview_of(rule: NotificationRule) -> Panel:
    """Show what the rule would send for the last order of its project."""
    orders = Order.objects.filter(project=rule.project).select_related("project", "owner")
    order = orders.order_by("-pk").first()
    rows = []
    if order is not None:
        shown = preview(rule=rule, order=order)
        says: Any = text_of(shown.content)
        if shown.template:
            says = printable(str(dict(shown.template)))
        rows.append(
            (
                str(order),
                shown.channel or label("nothing", {"nothing": "warning"}),
                printable(f"{shown.name} {shown.address}".strip()),
                printable(shown.subject),
                says if shown.channel else printable(shown.reason),
            )
        )
    return panel_of(
        "What it would send for the last order",
        ("order", "channel", "to", "subject", "text, or why nothing is sent"),
        rows,
        "The project has no order yet.",
    )


def _outcomes_of(rule: NotificationRule) -> Panel:
    outcomes = rule.outcomes.select_related("order", "message").order_by("-pk")
    return panel_of(
        "What became of it",
        ("at", "order", "state", "channel", "message", "why not"),
        (
            (
                moment(each.created_at),
                str(each.order or ""),
                label(str(each.state), COLOURS),
                each.channel,
                message_link(each.message) if each.message else "",
                printable(each.reason),
            )
            for each in outcomes[: MAX_ROWS + 1]
        ),
        "It has sent nothing yet.",
    )


@admin.register(RuleOutcome)
class RuleOutcomeAdmin(ReadOnly, ServiceAdmin):
    """Whom rules have told, and why others were not told; the newest first."""

    icon = "fact_check"
    list_display = (
        "created_at",
        "project",
        "occasion",
        "status",
        "order",
        "state_shown",
        "channel",
        "reason_shown",
    )
    list_filter = (
        "state",
        "occasion",
        "channel",
        ("project", PickFilter),
        ("created_at", DaysFilter),
    )
    list_select_related = ("project", "order")
    ordering = ("-id",)
    fields = (
        "uuid",
        "project",
        "rule",
        "occasion",
        "status",
        "event_id",
        "order",
        "state_shown",
        "reason_shown",
        "channel",
        "message_shown",
        "email",
        "created_at",
        "settled_at",
    )
    readonly_fields = fields

    @display(description="state", ordering="state", label=COLOURS)
    def state_shown(self, outcome: RuleOutcome) -> str:
        """Whether the customer is told."""
        return str(outcome.state)

    @admin.display(description="reason")
    def reason_shown(self, outcome: RuleOutcome) -> str:
        """Why not, or not yet."""
        return printable(outcome.reason)

    @admin.display(description="message")
    def message_shown(self, outcome: RuleOutcome) -> SafeString | str:
        """The message, with a link to its page."""
        return message_link(outcome.message) if outcome.message else ""
