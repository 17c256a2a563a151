"""Template tags of the workspace: `{% load workspace %}`."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.forms import BoundField, CheckboxInput
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orderchainer.core.moments import seconds
from orderchainer.core.money import decimals_of
from orderchainer.core.web.looks import LOOKS, UNKNOWN
from orderchainer.core.web.undo import undo_of

register = template.Library()

A_MINUTE, AN_HOUR, A_DAY = 60, 60 * 60, 24 * 60 * 60
# After so many days a date says more than a number of days.
MAX_DAYS = 30
# The browser rewrites the words as time goes by: `static/orderchainer/js/moments.js` has the same
# steps.
_STEPS = ((AN_HOUR, A_MINUTE, "min"), (A_DAY, AN_HOUR, "h"), (MAX_DAYS * A_DAY, A_DAY, "d"))


@register.simple_tag
def icon(name: str, size: int | None = None, **attributes: str) -> SafeString:
    """Draw an icon of the sprite. It is decoration: the words beside it tell what it means.

    The style sheet gives it its size, but not within another picture: there, `size` does.
    """
    return format_html(
        '<svg class="icon{}" aria-hidden="true"{}><use href="{}#{}"/></svg>',
        f" {attributes['class']}" if "class" in attributes else "",
        format_html(' width="{0}" height="{0}"', size) if size else "",
        static("orderchainer/icons.svg"),
        name,
    )


@register.simple_tag
def status(word: str, text: str = "", *, bare: bool = False) -> SafeString:
    """Show a status with its icon and hue. `text` says more than the word: `waits for #11`."""
    look = LOOKS.get(word, UNKNOWN)
    return format_html(
        '<span class="status{}" data-hue="{}">{}{}</span>',
        " bare" if bare else "",
        look.hue,
        icon(look.icon),
        text or word,
    )


@register.simple_tag
def money(amount: Decimal, currency: str) -> SafeString:
    """Show an amount: `12,500.50 EUR`."""
    return format_html(
        '<span class="money">{} <abbr>{}</abbr></span>',
        f"{amount:,.{decimals_of(currency)}f}",
        currency,
    )


@register.filter
def grouped(number: int) -> str:
    """Write a number with its thousands set apart: `1,234`."""
    return f"{number:,}"


@register.filter
def amount(value: Decimal, currency: str) -> str:
    """Write an amount as text, for lists in which `money` would be too long."""
    return f"{value:,.{decimals_of(currency)}f}\N{NO-BREAK SPACE}{currency}"


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """Show a moment as people say it, `5 min ago`, with date and time zone on demand."""
    exact = exactly(at)
    words = ago((timezone.now() - at).total_seconds())
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', seconds(at), exact, words or exact
    )


@register.simple_tag
def age(since: datetime) -> SafeString:
    """Show how long something has lasted: `5 min`. The browser keeps it true."""
    words = lasting((timezone.now() - since).total_seconds())
    return format_html('<time datetime="{}" data-age>{}</time>', seconds(since), words)


def lasting(age_seconds: float) -> str:
    """Say how long something has lasted: `3 d`. Nothing takes a negative time."""
    if age_seconds < A_MINUTE:
        return "under 1 min"
    for below, unit, name in _STEPS:
        if age_seconds < below:
            return f"{int(age_seconds // unit)} {name}"
    return f"{int(age_seconds // A_DAY)} d"


def ago(age_seconds: float) -> str:
    """Say how long ago something was, or nothing if a date says it better."""
    size = abs(age_seconds)
    if size < A_MINUTE:
        return "just now"
    for below, unit, name in _STEPS:
        if size < below:
            text = f"{int(size // unit)} {name}"
            return f"in {text}" if age_seconds < 0 else f"{text} ago"
    return ""


def exactly(at: datetime) -> str:
    """Write a moment in the page's time zone: `29 Nov 2026, 14:05 CET`."""
    local = timezone.localtime(at)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


register.filter("undo", undo_of)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Tell whether a form's field is one box to tick, whose label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)
