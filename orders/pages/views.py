"""The pages on which people save, change and delete views of orders."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from orderchainer.core.errors import DomainError, Stale
from orderchainer.core.web.forms import FormPage, IdempotencyKeyField, VersionField
from orderchainer.core.web.page import SeeOther
from orders import queries, services
from orders.access import SAVE_VIEWS, SHARE_VIEWS
from orders.errors import ViewNotFound
from orders.models import SavedView
from orders.models.views import MAX_NAME_LENGTH, MAX_QUERY_LENGTH
from orders.pages.base import OfOrders, incomplete
from orders.pages.narrowing import LAYOUTS, VIEW, address_of, address_with, filters_in, may_change


class _ViewForm(forms.Form):
    """The name of a view, and who sees it."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    is_shared = forms.BooleanField(label="Share it with everybody in the project", required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["is_shared"]

    def wanted(self) -> services.ViewFields:
        """Return what people have set."""
        named = {
            name: self.cleaned_data[name]
            for name in ("name", "is_shared", "layout", "query")
            if name in self.cleaned_data
        }
        if "query" in named:
            named["query"] = filters_in(named["query"]).query
        return named  # type: ignore[return-value]  # by these names


class NewViewForm(_ViewForm):
    """A new view: what the page showed comes with it, hidden."""

    key = IdempotencyKeyField()
    layout = forms.ChoiceField(choices=SavedView.Layout.choices, widget=forms.HiddenInput)
    query = forms.CharField(
        max_length=MAX_QUERY_LENGTH, required=False, widget=forms.HiddenInput, strip=False
    )


class ChangeViewForm(_ViewForm):
    """Another name, or other readers."""

    version = VersionField()


class FiltersForm(forms.Form):
    """The filters that a changed view shows now."""

    version = forms.IntegerField(min_value=1)
    layout = forms.ChoiceField(choices=SavedView.Layout.choices)
    query = forms.CharField(max_length=MAX_QUERY_LENGTH, required=False, strip=False)


class _OfViews(OfOrders):
    is_live = False

    def address(self, layout: str, query: str, view_id: int | None = None) -> str:
        """Return the address of the page with this layout and these filters."""
        path = reverse(
            LAYOUTS[SavedView.Layout(layout)], kwargs={"project_id": self.its_project.uuid}
        )
        return address_with(path, filters_in(query), {VIEW: view_id} if view_id else None)

    def view(self) -> SavedView:
        """Return the view that the path names. Raises `ViewNotFound`."""
        return queries.view_for(self.person, self.its_project, self.kwargs["view_id"])


class NewViewPage(_OfViews, FormPage):
    """Saves what a page shows as a new view. Sending the form twice saves one."""

    template_name = "orders/view_form.html"
    button = "Save view"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": SAVE_VIEWS, "POST": SAVE_VIEWS}

    def form(self, **posted: Any) -> NewViewForm:
        given = self.request.GET
        layout = given.get("layout", "")
        initial = {
            "layout": layout if layout in SavedView.Layout.values else SavedView.Layout.LIST,
            "query": filters_in(given.get("query", "")).query,
        }
        return NewViewForm(may_share=self.may(SHARE_VIEWS), initial=initial, **posted)

    def act(self, form: NewViewForm) -> SeeOther:
        """Save it, and open it."""
        wanted = form.wanted()

        def work() -> str:
            view = services.save_view(project=self.its_project, by=self.person, fields=wanted)
            return address_of(self.its_project, view)

        opened: str = answer_once(
            user=self.person,
            key=form.cleaned_data["key"],
            fingerprint=fingerprint_of([self.request.path, dict(wanted)]),
            work=work,
        ).value
        messages.success(self.request, f"The view “{wanted['name']}” is saved.")
        return SeeOther(opened)

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        layout = form["layout"].value()
        layout = layout if layout in SavedView.Layout.values else SavedView.Layout.LIST
        return {"title": "Save a view", "back": self.address(layout, form["query"].value() or "")}


class EditViewPage(_OfViews, FormPage):
    """Renames a view, shares it, or makes it private again."""

    template_name = "orders/view_form.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": SAVE_VIEWS, "POST": SAVE_VIEWS}

    def form(self, **posted: Any) -> ChangeViewForm:
        self.its_view = self.view()
        initial = {name: getattr(self.its_view, name) for name in ("name", "is_shared", "version")}
        return ChangeViewForm(may_share=self.may(SHARE_VIEWS), initial=initial, **posted)

    def act(self, form: ChangeViewForm) -> HttpResponse | None:
        try:
            services.change_view(
                project=self.its_project,
                view_id=self.its_view.pk,
                by=self.person,
                fields=form.wanted(),
                version=_number(form.cleaned_data["version"]),
            )
        except Stale as exc:
            # The page then has the present version: saving once more is a choice.
            again = self.request.POST.copy()
            again["version"] = str(self.view().version)
            shown = self.form(data=again)
            now = f"It is called “{self.its_view}” now. Save again to change that."
            shown.add_error(None, f"{exc.message} {now}")
            return self.show_form(shown, status=412)
        messages.success(self.request, "The view is saved.")
        return None

    def done(self) -> str:
        """Go to the view."""
        return address_of(self.its_project, self.view())

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        return {
            "title": f"Edit the view “{self.its_view}”",
            "view": self.its_view,
            "back": address_of(self.its_project, self.its_view),
            "may_change": may_change(self, self.person, self.its_view),
        }


class UpdateViewPage(_OfViews):
    """Gives a view the filters that its page shows now."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": SAVE_VIEWS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Save them, and open the view. Whatever happens, the reader keeps the filters."""
        form = FiltersForm(self.request.POST)
        if not form.is_valid():
            raise incomplete(form)
        layout, query = form.cleaned_data["layout"], filters_in(form.cleaned_data["query"]).query
        view_id = self.kwargs["view_id"]
        self.kept = self.address(layout, query, view_id)
        try:
            view = services.change_view(
                project=self.its_project,
                view_id=view_id,
                by=self.person,
                fields={"layout": layout, "query": query},
                version=form.cleaned_data["version"],
            )
        except ViewNotFound:
            words = "Your filters are still here: save them as a new view."
            messages.warning(self.request, f"Somebody has deleted this view. {words}")
            return SeeOther(self.address(layout, query))
        messages.success(self.request, f"The view “{view}” is saved.")
        return SeeOther(address_of(self.its_project, view))

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        if kept := getattr(self, "kept", ""):
            return {"label": "Back to your filters", "href": kept}
        return super().way_out(exc)


class DeleteViewPage(_OfViews):
    """Deletes a view. The orders stay."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": SAVE_VIEWS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Delete it. One that is gone already is what the reader wants."""
        try:
            services.delete_view(
                project=self.its_project, view_id=self.kwargs["view_id"], by=self.person
            )
        except ViewNotFound:
            messages.info(self.request, "The view was deleted already.")
        else:
            messages.success(self.request, "The view is deleted.")
        return SeeOther(reverse("orders", kwargs={"project_id": self.its_project.uuid}))


def _number(text: str) -> int:
    """Return a version; 0, which no view has, if it is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
