"""The field for answers: what may be written now, and what of it was refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Project
from notifications.channels import CHANNELS, Channel
from notifications.models.messages import ContentType
from notifications.pages.shown import name_in
from notifications.placeholders import Subject, empty_in, filled_in
from notifications.services.sending import MAX_CONTENT_LENGTH, WITH_FILE
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.tags import lasting
from orders.models import Order

# The choice of a template that no rule uses.
ANOTHER = "another"
# The parts of a template that have parameters, and what people call them.
GROUPS = {
    "header_parameters": "Heading",
    "parameters": "Text",
    "button_parameters": "Button",
}


@dataclass(frozen=True)
class TemplateField:
    """One parameter of a template: where it belongs, what it is filled with, and a hint."""

    group: str
    key: str
    label: str
    value: str
    hint: str


@dataclass(frozen=True)
class Template:
    """A template that rules of the project use. `choice` names it in a form."""

    choice: str
    name: str
    language: str
    fields: Sequence[TemplateField]


@dataclass(frozen=True)
class Composer:
    """The field for answers as a page shows it.

    `state` is `open`, `templates` if the channel takes only templates now, or `closed`. `reason`
    says why it is not open. `key` lets a form that is sent twice send one message.
    """

    state: str
    reason: str
    key: str
    text: str = ""
    # The draft that is stored. `other` is it too, if it is not what was typed on this page.
    draft: str = ""
    other: str = ""
    suggestion: str = ""
    takes_files: bool = False
    max_length: int = MAX_CONTENT_LENGTH
    templates: Sequence[Template] = ()
    chosen: Template | None = None
    is_another: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[str] = ()


def composer_of(
    project: Project,
    row: Row,
    orders: Sequence[Order],
    *,
    choice: str = "",
    typed: Mapping[str, Any] | None = None,
    errors: Sequence[str] = (),
    is_overtaken: bool = False,
) -> Composer:
    """Return the field for answers of a conversation.

    `choice` names a template. `typed` is what a refused form has sent, which stays in the fields.
    `is_overtaken` says that its writer has kept another draft meanwhile, on another page.
    """
    channel = CHANNELS.get(row["channel"])
    state, reason = _state_of(channel, row)
    sent = dict(typed or {})
    draft = row["own_drafts"][0] if row["own_drafts"] else {}
    text = sent.get("content", draft.get("content", ""))
    suggested = uuid_in(sent.get("suggestion", draft.get("suggestion")) or "")
    templates = list(templates_of(project, row, orders)) if state == "templates" else []
    is_another = not templates or choice == ANOTHER
    chosen = next((each for each in templates if each.choice == choice), None)
    if chosen is not None and (values := sent.pop("values", [])):
        fields = zip(chosen.fields, values, strict=False)
        chosen = replace(chosen, fields=[replace(each, value=value) for each, value in fields])
    return Composer(
        state=state,
        reason=reason,
        key=f"reply-{row['uuid']}-{row['last_sent'] or 0}",
        text=text,
        draft=draft.get("content", ""),
        other=draft.get("content", "") if is_overtaken else "",
        suggestion=str(suggested) if suggested else "",
        takes_files=channel is not None and bool(WITH_FILE & set(channel.content_types)),
        max_length=_max_length(channel),
        templates=templates,
        chosen=None if is_another else chosen or templates[0],
        is_another=is_another,
        typed={name: str(value) for name, value in sent.items()},
        errors=errors,
    )


def _state_of(channel: Channel | None, row: Row) -> tuple[str, str]:
    """Return whether one may write, and why not."""
    name = name_in(row)
    if channel is None:
        return "closed", "This channel is no longer connected."
    if row["contact_is_blocked"]:
        return "closed", f"{name} is blocked. Unblock them first."
    if channel.needs_contact and row["unreachable_since"] is not None:
        return "closed", f"{name} has blocked us on {channel.label}."
    until: datetime | None = row["window_until"]
    if channel.window is None or (until is not None and until > timezone.now()):
        return "open", ""
    ago = ""
    if until is not None:
        wrote_at = until - channel.window
        ago = f"{name} wrote {lasting((timezone.now() - wrote_at).total_seconds())} ago. "
    hours = int(channel.window.total_seconds() // 3600)
    after = f"After {hours} hours, {channel.label} takes"
    if ContentType.TEMPLATE in channel.content_types:
        return "templates", f"{ago}{after} only templates, until the customer writes again."
    return "closed", f"{ago}{after} nothing, until the customer writes again."


def _max_length(channel: Channel | None) -> int:
    """Return how long a text may be. One that is split may be as long as we keep."""
    if channel is None or channel.split is not None:
        return MAX_CONTENT_LENGTH
    return min(channel.max_text, MAX_CONTENT_LENGTH)


# --- Templates --------------------------------------------------------------------------------


def templates_of(project: Project, row: Row, orders: Sequence[Order]) -> Iterator[Template]:
    """Yield the templates that the project's rules use, with what we know filled in.

    A placeholder such as `{order_number}` gets the value of the order that the conversation is
    about, and stays empty without one.
    """
    order = next((each for each in orders if each.is_linked), None)  # type: ignore[attr-defined]  # annotated
    about = Subject(order, project, order.status, name_in(row)) if order else None
    seen = set()
    for details in row["templates"]:
        choice = choice_of(details)
        if choice not in seen:
            seen.add(choice)
            yield Template(
                choice,
                str(details["name"]),
                str(details["language"]),
                list(_fields(details, about)),
            )


def choice_of(details: Mapping[str, Any]) -> str:
    """Return what names a template in a form."""
    return f"{details['name']} {details['language']}"


def _fields(details: Mapping[str, Any], about: Subject | None) -> Iterator[TemplateField]:
    for group, words in GROUPS.items():
        given = details.get(group) or []
        if isinstance(given, Mapping):
            named = [(str(key), str(key), str(text)) for key, text in given.items()]
        else:
            named = [("", str(number), str(text)) for number, text in enumerate(given, start=1)]
        for key, name, text in named:
            yield TemplateField(group, key, f"{words} {name}", _value_of(text, about), text)


def _value_of(text: str, about: Subject | None) -> str:
    """Return a parameter with its placeholders filled in; empty if one of them has no value."""
    if about is None:
        return "" if "{" in text else text
    return "" if empty_in([text], about) else filled_in(text, about)


def details_in(template: Template, values: Sequence[str]) -> dict[str, object]:
    """Return the details of a message with this template, filled with `values` in its sequence."""
    details: dict[str, Any] = {"name": template.name, "language": template.language}
    for each, value in zip(template.fields, values, strict=False):
        if each.key:
            details.setdefault(each.group, {})[each.key] = value
        else:
            details.setdefault(each.group, []).append(value)
    return details
