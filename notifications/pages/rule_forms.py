"""The form of a rule that tells customers of their orders. The service checks what it may say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms

from notifications.channels import CHANNELS, Line
from notifications.models import NotificationRule
from notifications.models.rules import ANY_CHANNEL, EMAIL, Occasion
from notifications.placeholders import PLACEHOLDERS
from notifications.services import RuleFields
from orderchainer.core.web.forms import IdempotencyKeyField, VersionField
from orders.lifecycle import Status

# What people read for each occasion. A status that is reached is a choice of its own.
OCCASIONS: Mapping[str, str] = {
    Occasion.RECEIVED: "An order is received",
    Occasion.READY: "An order is ready to begin",
    Occasion.BLOCKED: "An order is blocked",
}
GONE = "One that is no longer connected"
NAMES = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
# The parts of a template that are lists, and the fields in which they are typed, a line each.
LISTS: Mapping[str, str] = {
    "parameters": "template_parameters",
    "header_parameters": "template_header",
    "button_parameters": "template_buttons",
}
# The form's fields for the service's names.
CALLED: Mapping[str, str] = {
    "occasion": "when",
    "status": "when",
    "template": "template_called",
}
TEMPLATE_FIELDS = ("template_called", "template_language", *LISTS.values())


def occasion_words(occasion: str, status: str) -> str:
    """Say when a rule tells customers."""
    return OCCASIONS.get(occasion) or f"An order becomes {status}"


def channel_words(channel: str) -> str:
    """Say over which channel a rule tells customers."""
    if channel == ANY_CHANNEL:
        return "Whichever the customer uses"
    if channel == EMAIL:
        return "E-mail"
    found = CHANNELS.get(channel)
    return found.label if found else channel


def whens() -> list[tuple[str, str]]:
    """Return the choices of when: an occasion, or a status that is reached."""
    received, *others = OCCASIONS.items()
    reached = [
        (f"{Occasion.STATUS_REACHED}:{status}", occasion_words("", status))
        for status in Status.values
        if status != Status.DRAFT
    ]
    return [received, *reached, *others]


class RuleForm(forms.Form):
    """When to tell customers, over which channel, and what."""

    key = IdempotencyKeyField()
    when = forms.ChoiceField(choices=whens)
    channel = forms.ChoiceField()
    line = forms.ChoiceField(
        label="Account",
        required=False,
        help_text="For a rule of one channel, if you have connected several accounts.",
    )
    content = forms.CharField(
        label="Text",
        required=False,
        max_length=4096,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=f"These are replaced by what they mean for the order: {NAMES}",
    )
    subject = forms.CharField(
        required=False,
        max_length=200,
        help_text="For e-mails. If you leave it empty, it names the number of the order.",
    )
    template_called = forms.CharField(
        label="Name of the template",
        required=False,
        max_length=512,
        help_text="WhatsApp lets you write freely for 24 hours after the customer wrote. Later "
        "only a template that Meta has approved arrives.",
    )
    template_language = forms.CharField(
        label="Its language", required=False, max_length=16, help_text="Such as en_US"
    )
    template_parameters = forms.CharField(
        label="Its parameters",
        required=False,
        max_length=4096,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One on each line, in order, such as {order_number}",
    )
    template_header = forms.CharField(
        label="Parameters of its header",
        required=False,
        max_length=4096,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    template_buttons = forms.CharField(
        label="Parameters of its buttons",
        required=False,
        max_length=4096,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_active = forms.BooleanField(
        label="Switched on", required=False, help_text="Otherwise it sends nothing."
    )
    order = forms.CharField(
        label="Order to try it with",
        required=False,
        max_length=64,
        help_text="Such as #12. If you leave it empty, the newest one.",
        widget=forms.TextInput(attrs={"data-picks": "order", "autocomplete": "off"}),
    )

    def __init__(self, *, lines: Iterable[Line], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        names = [ANY_CHANNEL, EMAIL, *CHANNELS]
        choices = [(name, channel_words(name)) for name in names]
        self.fields["channel"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        accounts = [
            ("", "The one on which we talk with the customer, or the only one"),
            *((str(line.uuid), f"{channel_words(line.channel)}: {line.name}") for line in lines),
        ]
        now = self.initial.get("line", "")
        if now not in dict(accounts):
            # Otherwise the browser would choose another one, and nobody would notice.
            accounts.append((now, GONE))
        self.fields["line"].choices = accounts  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Return the texts as rules keep them, so that they can be compared with a rule.

        Browsers end lines with two characters.
        """
        typed: dict[str, Any] = super().clean() or {}
        if "content" in typed:
            content = typed["content"].replace("\r\n", "\n")
            typed["content"] = content if content.strip() else ""
        for field in LISTS.values():
            if field in typed:
                typed[field] = "\n".join(_lines(typed[field]))
        return typed

    def rule_fields(self) -> RuleFields:
        """Return all fields for the service."""
        typed = self.cleaned_data
        occasion, _, status = typed["when"].partition(":")
        return RuleFields(
            occasion=occasion,
            status=status,
            channel=typed["channel"],
            line=UUID(typed["line"]) if typed["line"] else None,
            content=typed["content"],
            subject=typed["subject"],
            template=_template_in(typed),
            is_active=typed["is_active"],
        )


class RuleChangeForm(RuleForm):
    """The same for a rule that exists, as the page showed it."""

    version = VersionField()


def values_of(rule: NotificationRule) -> dict[str, Any]:
    """Return what the form of a rule shows."""
    template = rule.template or {}
    return {
        "when": f"{rule.occasion}:{rule.status}" if rule.status else rule.occasion,
        "channel": rule.channel,
        "line": str(rule.line) if rule.line else "",
        "content": rule.content,
        "subject": rule.subject,
        "template_called": template.get("name", ""),
        "template_language": template.get("language", ""),
        **{field: "\n".join(template.get(name, [])) for name, field in LISTS.items()},
        "is_active": rule.is_active,
        "version": version_of(rule),
    }


def version_of(rule: NotificationRule) -> str:
    """Return what changes whenever the rule does."""
    return str(int(rule.updated_at.timestamp() * 1_000_000))


def _template_in(typed: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the template that was typed, or None if nothing was."""
    lists = {name: _lines(typed[field]) for name, field in LISTS.items()}
    given = {name: lines for name, lines in lists.items() if lines}
    if not (typed["template_called"] or typed["template_language"] or given):
        return None
    return {
        "name": typed["template_called"],
        "language": typed["template_language"],
        **given,
    }


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
