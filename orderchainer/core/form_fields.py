"""Fields of forms: strict numbers, pictures, long choices, and an optional currency."""

import re
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from orderchainer.core.pictures import Picture, PictureRefused, read_picture

_NUMBER = re.compile(r"[-+0-9.eE]+")


class PlainDecimalField(forms.DecimalField):
    """A number in plain digits: Django's own field also reads `1_000` and other scripts' digits."""

    def to_python(self, value: Any) -> Any:
        """Return the number, None for an empty text. Raises ValidationError."""
        if isinstance(value, str) and value.strip() and not _NUMBER.fullmatch(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class LongSelect(forms.Select):
    """A choice among hundreds of texts, such as time zones.

    Django renders each option by a template, which takes 50 ms for 800 of them. Here the options
    are written once for all pages, and each page only marks the chosen one.
    """

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the choice as HTML."""
        chosen = format_html('<option value="{}"', "" if value is None else value)
        options = _options(tuple(self.choices)).replace(f"{chosen}>", f"{chosen} selected>", 1)
        return format_html(
            '<select name="{}"{}>{}</select>',
            name,
            flatatt(self.build_attrs(self.attrs, attrs)),
            mark_safe(options),  # all of it is escaped
        )


@lru_cache(maxsize=8)
def _options(choices: tuple[tuple[str, str], ...]) -> SafeString:
    return format_html_join("", '<option value="{}">{}</option>', choices)


class PictureField(forms.FileField):
    """A file, read as a `Picture`; None without one.

    Reading decodes it, which takes time, so no transaction should be open. The picture is scaled to
    fit into a square of `longest_side` pixels.
    """

    widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"})

    def __init__(self, *, longest_side: int = 512, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._longest_side = longest_side

    def clean(self, data: Any, initial: Any = None) -> Picture | None:
        """Return the picture. Raises ValidationError that says what is accepted."""
        file = super().clean(data, initial)
        if not file:
            return None
        try:
            return read_picture(file.read(), longest_side=self._longest_side)
        except PictureRefused as exc:
            raise forms.ValidationError(str(exc)) from exc


def make_currency_optional(form: forms.BaseForm) -> None:
    """Let people leave the currency of a new row empty: it then gets its project's."""
    currency = form.fields["currency"]
    currency.required = False
    currency.help_text = "ISO 4217. Leave it empty for the project's currency."
    form.initial["currency"] = ""
