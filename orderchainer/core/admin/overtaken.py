"""Forms of the back office that know which version they show, so that people do not overwrite
changes that they have not seen.

They do for people what `ETag` and `If-Match` do for programs. If somebody else saved the row
meanwhile, the form is refused and shown again: with everything that was typed, and with the present
value beside each field that differs. The form then has the present version, so saving once more is
a choice between the two.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms
from django.db.models.fields.files import FieldFile

from orderchainer.core.admin.readers_zone import moment

OVERTAKEN = (
    "This has changed since you read it, so nothing was saved. The current values are shown next "
    "to what you typed. Save again to keep what you see."
)
MAX_SHOWN_CHARACTERS = 200
MAX_SHOWN_ROWS = 10


class _VersionField(forms.CharField):
    """The hidden version. People do not type it, so it never counts as changed."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return False."""
        return False


class Versioned(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The form of a row that counts its changes in `version`.

    A field with `show_hidden_initial` sends back what the page showed. If all fields have it, the
    form is stale only if one of their values changed: the version also counts changes that the page
    does not show, such as sales.
    """

    # Whether the form is stale only if one of its fields is.
    by_fields = False
    # Fields that others change all the time. One that nobody typed into never makes the form stale.
    restless: Collection[str] = ()

    # Whether the form was refused because somebody else has saved the row meanwhile.
    is_overtaken = False

    version = _VersionField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = str(self.instance.version)

    def clean(self) -> dict[str, Any] | None:
        """Refuse a form that shows an older version."""
        cleaned = super().clean()
        if self["version"].data != self["version"].initial:
            self._compare()
        return cleaned

    def _compare(self) -> None:
        touched = set(self.changed_data)
        overtaken = [
            name for name in self.fields if name != "version" and self._is_overtaken(name, touched)
        ]
        matters = [name for name in overtaken if name in touched or name not in self.restless]
        if self.by_fields and not (touched and matters):
            return
        self.is_overtaken = True
        self.add_error(None, OVERTAKEN)
        posted: Any = self.data
        self.data = data = posted.copy()
        data[self.add_prefix("version")] = str(self.instance.version)
        for name in overtaken:
            self._bring_up_to_date(name, data, is_touched=name in touched)

    def _is_overtaken(self, name: str, touched: set[str]) -> bool:
        """Tell whether the row differs from what the page showed, or, if that is unknown, from what
        was typed.
        """
        field, bound = self.fields[name], self[name]
        if not field.show_hidden_initial:
            return name in touched
        shown = self._text_sent(bound.html_initial_name)
        if isinstance(field, forms.FileField):
            return shown != _text_of(bound.initial)
        return field.has_changed(bound.initial, shown)

    def _text_sent(self, html_name: str) -> str:
        return str(self.data.get(html_name) or "")

    def _bring_up_to_date(self, name: str, data: Any, *, is_touched: bool) -> None:
        """Say what the field holds now. If nobody typed into the field, show only that."""
        field, bound = self.fields[name], self[name]
        now = field.prepare_value(bound.initial)
        if field.show_hidden_initial:
            data[bound.html_initial_name] = _text_of(now)
            if not is_touched:
                data[bound.html_name] = _text_of(now)
                self.add_error(name, "Changed in the meantime: this is the current value.")
                return
        self.add_error(name, f"Now: {_words_for(field, bound.initial)}.")


def _text_of(value: Any) -> str:
    """Return a value as a single input would post it."""
    if isinstance(value, FieldFile):
        return value.name or ""
    return "" if value is None else str(value)


def _words_for(field: Any, value: Any) -> str:
    """Return a value in words for people."""
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(field, forms.ModelMultipleChoiceField):
        rows = _rows_of(field).filter(pk__in=list(value)[:MAX_SHOWN_ROWS])
        return ", ".join(map(str, rows))
    if isinstance(field, forms.ModelChoiceField):
        return str(_rows_of(field).filter(pk=field.prepare_value(value)).first())
    if isinstance(field, forms.ChoiceField):
        return str(dict(_choices_of(field)).get(value, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    text = _text_of(value)
    if len(text) > MAX_SHOWN_CHARACTERS:
        return f"{text[: MAX_SHOWN_CHARACTERS - 1]}…"
    return text


def _rows_of(field: Any) -> Any:
    return field.queryset


def _choices_of(field: Any) -> Any:
    return field.choices
