"""Pages of the back office that write through services."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets, helpers
from django.db import DataError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from orderchainer.core.admin.picking import PickOne, is_key_of
from orderchainer.core.admin.refusals import refused, words_of
from orderchainer.core.errors import DomainError

Row = TypeVar("Row", bound=models.Model)

# What filters make of a field's name; anything else in an address is not theirs, and some of it
# (a regular expression) costs what the sender likes.
LOOKUPS = frozenset({"exact", "isnull", "isempty", "gte", "gt", "lte", "lt"})
# An action runs within one request, each row in a transaction of its own.
MAX_SELECTED_ROWS = 500
MAX_REFUSALS_SHOWN = 10
MAX_SEARCHED_CHARACTERS = 100


class Autocompletes:
    """Related rows that are found by typing, with widgets that survive what nobody could have picked."""

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Give autocompletes our widget."""
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]  # of the admin
            kwargs["widget"] = PickOne(db_field, self.admin_site)  # type: ignore[attr-defined]  # of the admin
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin


class Lines(forms.CharField):
    """Text of several lines. Browsers send CRLF for each line end, whatever they were given."""

    def to_python(self, value: Any) -> Any:
        """Return the text with plain line ends."""
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare without regard to the kind of line ends."""
        return super().has_changed((initial or "").replace("\r\n", "\n"), data)


class ServiceAdmin(Autocompletes, ModelAdmin):
    """An admin page whose writes are services: what they refuse is shown and nothing is written."""

    icon = "list"
    is_main = False  # the first page of its app
    # Each count is one over the whole table.
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    formfield_overrides: ClassVar[Mapping[type["models.Field[Any, Any]"], Any]] = {
        models.TextField: {
            "form_class": Lines,
            "strip": False,
            "widget": UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        },
        models.URLField: {"assume_scheme": "https"},
    }

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form; after a refusal, one that shows it with all that was typed."""
        form = super().get_form(request, obj, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else refused(form, refusal)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Find the row of a page. An empty `_to_field` in its address names none."""
        return super().get_object(request, object_id, from_field or None)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save a form.

        Django saves in one transaction, so a service's refusal leaves nothing behind. The form is then
        shown again, with the refusal as an error of its own.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            if request.method != "POST":
                raise
            request.refusal = refusal  # type: ignore[attr-defined]  # for get_form, in this request
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Ask, then delete; a refusal leads back to the page of the row."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            self.message_user(request, words_of(refusal), messages.ERROR)
            name = f"{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(
                reverse(f"{self.admin_site.name}:{name}", args=[object_id])
            )

    def render_delete_form(
        self, request: HttpRequest, context: dict[str, Any]
    ) -> HttpResponse:
        """Ask without the scripts of the list's filters, which fail on a page that has none."""
        return without_media(super().render_delete_form(request, context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the list, or act on it. A value that no row can have shows the whole list instead."""
        try:
            return super().changelist_view(request, extra_context)
        except (DataError, OverflowError):
            return HttpResponseRedirect(f"{request.path}?e=1")
        except ValueError:
            # Of an address that is none, which the driver asks for only as the statement goes out.
            if request.method != "GET":
                raise
            return HttpResponseRedirect(f"{request.path}?e=1")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow in an address what the filters put there."""
        _, joint, how = lookup.rpartition("__")
        return (not joint or how in LOOKUPS) and super().lookup_allowed(
            lookup, value, request
        )

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search within bounds: each word is another condition, and no text holds a NUL."""
        term = search_term.replace("\x00", "")[:MAX_SEARCHED_CHARACTERS]
        return super().get_search_results(request, queryset, term)

    def response_action(
        self, request: HttpRequest, queryset: Any
    ) -> HttpResponseBase | None:
        """Run an action, on rows that can be and not on too many."""
        selected = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if not all(is_key_of(self.model, key) for key in selected):
            self.message_user(
                request, "These are no rows of this list.", messages.ERROR
            )
            return None
        whole = request.POST.get("select_across", "0") != "0"
        if whole and queryset.count() > MAX_SELECTED_ROWS:
            self.message_user(
                request,
                f"At most {MAX_SELECTED_ROWS} rows can be acted on at once: narrow the list by a filter.",
                messages.ERROR,
            )
            return None
        return super().response_action(request, queryset)

    def do_each(
        self,
        request: HttpRequest,
        rows: Iterable[Row],
        work: Callable[[Row], object],
        *,
        done: str,
    ) -> None:
        """Call `work` for each selected row; tell how many it was `done` to, and what was refused.

        One service call for each row: every one has its own rules, locks and events.
        """
        count = 0
        refusals: list[str] = []
        for row in rows:
            try:
                work(row)
            except DomainError as refusal:
                refusals.append(f"{row}: {words_of(refusal)}")
            else:
                count += 1
        for words in refusals[:MAX_REFUSALS_SHOWN]:
            self.message_user(request, words, messages.ERROR)
        if more := refusals[MAX_REFUSALS_SHOWN:]:
            self.message_user(
                request, f"Refused as well: {len(more)} more.", messages.ERROR
            )
        if count:
            self.message_user(request, f"{done}: {count}.", messages.SUCCESS)


def changes_in(form: Any, updatable: Collection[str]) -> dict[str, Any]:
    """Return what was changed in a valid form, by name, of the fields that the service can update."""
    return {
        name: form.cleaned_data[name] for name in form.changed_data if name in updatable
    }


def without_media(page: Any) -> HttpResponse:
    """Return a page of the admin, not rendered yet, that asks a question and loads no widgets."""
    page.context_data["media"] = forms.Media()
    return page


class ServiceInline(Autocompletes, TabularInline):
    """Rows within the page of another."""


class ReadOnly:
    """An admin page that is only looked at, whoever looks: nobody adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
