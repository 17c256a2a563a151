"""Fields of forms that are not Django's own."""

import pytest
from django import forms
from django.test import SimpleTestCase

from orderchainer.core.form_fields import LongSelect

CHOICES = [("", "None"), ("a&b", "A & <b>"), ("UTC", "UTC"), ('"', "A quote")]


@pytest.mark.parametrize("value", [None, "", "a&b", "UTC", '"', "gone", "<i>", 'UTC" selected'])
def test_a_long_choice_is_the_html_that_django_writes(value: str | None) -> None:
    attributes = {"id": "id_zone", "required": True, "aria-describedby": "help"}

    ours, djangos = (
        widget(attrs={"class": "x"}, choices=CHOICES).render("zone", value, attributes)
        for widget in (LongSelect, forms.Select)
    )

    SimpleTestCase().assertHTMLEqual(ours, djangos)
