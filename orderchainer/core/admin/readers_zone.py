"""The time zone of the person who reads the back office.

A page shows every time, understands every typed time and cuts every day in this one zone, and says
which zone it is. The reader's browser names it in a cookie (`static/orderchainer/back-office.js`).
Without the cookie, or with a name that is no zone, it is UTC.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.formats import localize

from orderchainer.core.days import start_of
from orderchainer.core.zones import zone_names

COOKIE = "back_office_zone"
_UTC = ZoneInfo("UTC")

View = Callable[..., HttpResponseBase]


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the zone that the reader's browser named, or UTC."""
    name = request.COOKIES.get(COOKIE, "")
    return ZoneInfo(name) if name in zone_names() else _UTC


def readers_zone() -> ZoneInfo:
    """Return the zone of the page that is being made; UTC outside of the back office."""
    zone = timezone.get_current_timezone()
    return zone if isinstance(zone, ZoneInfo) else _UTC


def in_readers_zone(view: View) -> View:
    """Let `view` work in the reader's zone, and render its page before the zone is left."""

    @wraps(view)
    def in_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(zone_of(request)):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            return response

    return in_zone


def moment(at: datetime | None) -> str:
    """Return a time as every page of the back office writes it, with its zone; a dash for none."""
    return "-" if at is None else localize(timezone.localtime(at))


def days_between(first: date | None, last: date | None) -> dict[str, datetime]:
    """Return the bounds of whole days in the reader's zone, by lookup; both days are included."""
    zone = readers_zone()
    bounds = {}
    if first is not None:
        bounds["gte"] = start_of(first, zone)
    if last is not None:
        bounds["lt"] = start_of(last + timedelta(days=1), zone)
    return bounds


class MomentField(forms.SplitDateTimeField):
    """A date and a time in the reader's zone, which the page names beside them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = f"In the time zone {readers_zone().key}."
        self.help_text = f"{self.help_text} {words}".strip()

    def compress(self, data_list: Any) -> datetime | None:
        """Return the moment. A time that the clocks show twice means its first time.

        Django would refuse such a time. Then an order of that hour could never be saved again,
        because its form shows the time and sends it back.
        """
        try:
            return super().compress(data_list)
        except ValidationError:
            if not all(data_list):
                raise
            typed = datetime.combine(*data_list)
            zone = readers_zone()
            moment = typed.replace(tzinfo=zone).astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) != typed:
                raise  # the clocks skip it
            return moment

    def clean(self, value: Any) -> datetime | None:
        """Return the moment. Refuses one whose date in UTC is before the year 1 or after 9999."""
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("Enter a valid date.", code="invalid") from None
