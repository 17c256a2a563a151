"""Fields of forms: one that reads numbers more strictly than Django's, and an optional currency."""

import re
from typing import Any

from django import forms

_NUMBER = re.compile(r"[-+0-9.eE]+")


class PlainDecimalField(forms.DecimalField):
    """A number in plain digits: Django's own field also reads `1_000` and other scripts' digits."""

    def to_python(self, value: Any) -> Any:
        """Return the number, None for an empty text. Raises ValidationError."""
        if isinstance(value, str) and value.strip() and not _NUMBER.fullmatch(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


def make_currency_optional(form: forms.BaseForm) -> None:
    """Let people leave the currency of a new row empty: it then gets its project's."""
    currency = form.fields["currency"]
    currency.required = False
    currency.help_text = "ISO 4217. Leave it empty for the project's currency."
    form.initial["currency"] = ""
