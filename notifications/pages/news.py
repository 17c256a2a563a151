"""What a member hears of, and how: the choices of one project, and the way to each of them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase

from accounts.access import Operation
from accounts.pages.account import OwnPage
from accounts.pages.workspace import WorkspacePage
from accounts.queries import projects_of
from notifications.access import CHOOSE_NEWS
from notifications.models import NewsKind
from notifications.services.preferences import change_preferences, preferences_for
from notifications.ways import WAYS
from orderchainer.core.web.forms import FormPage

LABELS = {
    NewsKind.INBOX: "Customers who write",
    NewsKind.ASSIGNED: "Conversations that are yours, and at the bell also your orders",
    NewsKind.ORDERS: "Orders that are new, ready, blocked or failed",
}
# What people call the ways.
NAMES = {"socket": "at the bell of the workspace", "email": "by e-mail", "discord": "in Discord"}


class NewsForm(forms.Form):
    """For each kind of news, the ways in which the member hears of it."""

    def __init__(self, *, unreachable: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        choices = [(name, f"{NAMES.get(name, name)}{unreachable.get(name, '')}") for name in WAYS]
        for kind in NewsKind:
            self.fields[str(kind)] = forms.MultipleChoiceField(
                label=LABELS[kind],
                choices=choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )


class NewsPage(WorkspacePage, FormPage):
    """A member's own choices in a project."""

    template_name = "notifications/news.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": CHOOSE_NEWS, "POST": CHOOSE_NEWS}
    is_live = False

    def form(self, **posted: Any) -> NewsForm:
        assert self.project is not None
        user = self.person
        chosen = preferences_for(self.project, user)
        initial = {
            str(kind): [name for name, is_on in ways.items() if is_on]
            for kind, ways in chosen.items()
        }
        unreachable = {
            name: " (cannot reach you yet)"
            for name, way in WAYS.items()
            if user.pk not in way.reached({user.pk})
        }
        return NewsForm(initial=initial, unreachable=unreachable, **posted)

    def act(self, form: Any) -> None:
        assert self.project is not None
        changes = {
            kind: {name: name in form.cleaned_data[str(kind)] for name in WAYS} for kind in NewsKind
        }
        change_preferences(project=self.project, user=self.person, changes=changes)
        messages.success(self.request, "Your choices are saved.")


class OwnNewsPanel(OwnPage):
    """On the page of one's preferences: the way to the choices of each project."""

    template_name = "notifications/own_news.html"
    tab = "account-preferences"
    parts = ("own-news",)

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """List the projects."""
        return self.show({"own_projects": list(projects_of(self.person))})
