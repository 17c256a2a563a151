"""All parts of the workspace on one page, for developers who change how it looks.

It exists with DEBUG only. Its content is made up: no row is read.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from orderchainer.core.web.looks import LOOKS
from orderchainer.core.web.navigation import MAX_IN_BAR
from orderchainer.core.web.reading import read_only

_THEMES = ("light", "dark", "system")
_LIVE = {"path": "/ws/projects/0/", "position": 57}


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="As it stands on the parcel.")
    email = forms.EmailField(label="E-mail", required=False)
    currency = forms.ChoiceField(choices=[("EUR", "Euro"), ("USD", "US dollar")])
    notes = forms.CharField(widget=forms.Textarea, required=False)
    ships = forms.ChoiceField(
        label="Delivery",
        widget=forms.RadioSelect,
        choices=[("post", "By post"), ("pickup", "Pickup")],
    )
    newsletter = forms.BooleanField(label="Send me news", required=False)
    picture = forms.FileField(required=False)


@read_only
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every part. `?card` shows the page of people who have not signed in.

    `?live` names a socket that does not exist; a test plays it.
    """
    if not settings.DEBUG:
        raise Http404
    theme = request.GET.get("theme", "system")
    return render(
        request,
        "workspace/gallery.html",
        {
            "theme": theme if theme in _THEMES else "system",
            "density": "compact" if "compact" in request.GET else "comfortable",
            **({} if "card" in request.GET else _shell()),
            **({"live": _LIVE} if "live" in request.GET else {}),
            **_examples(),
        },
    )


def _shell() -> dict[str, Any]:
    project = {"id": "1", "name": "Aurora Workshop", "url": "/gallery"}
    pages = [
        ("Today", "activity", "t", 3),
        ("Orders", "columns-3", "o", 0),
        ("Inbox", "inbox", "i", 12),
        ("Products", "package", "p", 0),
        ("Reports", "chart-column", "r", 0),
        ("Integrations", "plug", "", 0),
        ("Team", "users", "", 0),
        ("Settings", "settings", "", 0),
    ]
    return {
        "person": {"name": "Dana Okafor", "email": "dana@example.com", "is_staff": True},
        "project": project,
        "projects": [project, {"id": "2", "name": "Harbour Chandlery", "url": "/gallery?other"}],
        "role": "manager",
        "navigation": [
            {
                "name": label.lower(),
                "label": label,
                "icon": icon,
                "url": f"/gallery?page={label}",
                "key": key,
                "words": "new" if count else "",
                "number": count,
                "is_current": label == "Orders",
                "in_bar": place < MAX_IN_BAR,
            }
            for place, (label, icon, key, count) in enumerate(pages)
        ],
        "corner": [
            {
                "name": "notifications",
                "label": "Notifications",
                "icon": "bell",
                "url": "/gallery?page=Notifications",
                "words": "new",
                "number": 4,
            }
        ],
    }


def _examples() -> dict[str, Any]:
    now = timezone.now()
    titles = (
        ("active", "Sew the sails", "Anna Lindqvist", "1250.50"),
        ("pending", "Finish the surface <img src=x onerror=alert(1)>", "Café Aurora", "89.00"),
        ("failed", "Hardwax oil", "Tomasz Wiśniewski", "12500.00"),
        ("completed", "Steel legs, powder-coated, 72 cm", "Kofi Mensah", "340.00"),
    )
    filled = ExampleForm({"name": "", "email": "dana@", "currency": "EUR"}, auto_id="wrong_%s")
    return {
        "statuses": list(LOOKS.so_far()),
        "rows": [
            {
                "number": number,
                "status": status,
                "title": title,
                "customer": customer,
                "total": Decimal(total),
                "currency": "EUR",
                "at": now - timedelta(minutes=7**number),
            }
            for number, (status, title, customer, total) in enumerate(titles, start=1)
        ],
        "form": ExampleForm(),
        "wrong": filled,
        "page": Paginator(range(120), 50).page(2),
        "trail": [("Orders", "/gallery"), ("#12", "/gallery")],
        "tabs": [
            {"label": "All", "url": "?", "is_current": True, "count": 128},
            {"label": "Waiting", "url": "?tab=waiting", "count": 14},
            {"label": "Ready", "url": "?tab=ready"},
            {"label": "Blocked", "url": "?tab=blocked", "count": 2},
        ],
        "entries": [
            {"icon": "plus", "hue": "slate", "text": "Created", "by": "Dana Okafor", "at": now},
            {
                "icon": "play",
                "hue": "blue",
                "text": "Moved from pending to active",
                "by": "Kofi Mensah",
                "at": now - timedelta(hours=5),
            },
            {
                "icon": "triangle-alert",
                "hue": "red",
                "text": "Moved to failed: the oil was out of stock",
                "by": "",
                "at": now - timedelta(days=40),
            },
        ],
        "facts": [
            ("Customer", "Anna Lindqvist"),
            ("E-mail", "anna@example.com"),
            ("Address", "Harbour Street 4, 10115 Berlin"),
        ],
        "actions": [("Create an order", "?create"), ("Connect Shopify", "?connect")],
        "links": [("See #12", "?order=12"), ("Try again", "?again")],
        "blockers": [("#11 Cut the cloth", "?order=11"), ("#6 Hardwax oil", "?order=6")],
        "way_out": {"label": "Show what it waits for", "href": "?chain"},
    }
