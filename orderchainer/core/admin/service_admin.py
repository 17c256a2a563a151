"""Back-office pages that write through services."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from orderchainer.core.admin.readers_zone import MomentField
from orderchainer.core.admin.refusals import refused, words_of
from orderchainer.core.errors import DomainError
from orderchainer.core.form_fields import PlainDecimalField
from orderchainer.core.http.filters import filled

Row = TypeVar("Row", bound=models.Model)

# The lookups that our filters add to a field's name. We allow no others in a URL: some of them,
# such as a regular expression, can cost as much as the sender wants.
LOOKUPS = frozenset({"exact", "isnull", "isempty", "gte", "gt", "lte", "lt"})
# An action runs in one request, with one transaction for each row.
MAX_SELECTED_ROWS = 500
MAX_REFUSALS_SHOWN = 10
MAX_SEARCHED_CHARACTERS = 100


class Autocompletes:
    """Pick related rows with our own widgets, which survive posted values that cannot be keys."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use our widget for autocompletes."""
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]  # of the admin
            kwargs["widget"] = PickOne(db_field, self.admin_site)  # type: ignore[attr-defined]  # of the admin
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin


class Lines(forms.CharField):
    """Text of several lines. Browsers always send line ends as CRLF."""

    def to_python(self, value: Any) -> Any:
        """Return the text with plain line ends."""
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare, ignoring the kind of line ends."""
        return super().has_changed((initial or "").replace("\r\n", "\n"), data)


class ServiceAdmin(Autocompletes, ModelAdmin):
    """An admin page that writes through services.

    If a service refuses, the page shows the refusal, and nothing is written.
    """

    icon = "list"
    is_main = False  # whether it is the first page of its app
    # Each of these counts would read the whole table.
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
        models.DateTimeField: {"form_class": MomentField},
        models.DecimalField: {"form_class": PlainDecimalField},
    }

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form. After a refusal it shows the error and everything that was typed."""
        form = super().get_form(request, obj, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else refused(form, refusal)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row of a page. Treat an empty `_to_field` in the URL as absent."""
        return super().get_object(request, object_id, from_field or None)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save a form.

        Django saves in one transaction, so a refusal by a service rolls everything back. The form
        is then shown again with the refusal as an error.
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
        """Ask first, then delete. A refusal leads back to the row's page."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            self.message_user(request, words_of(refusal), messages.ERROR)
            name = f"{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:{name}", args=[object_id]))

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Ask without the scripts for list filters, which fail on a page without filters."""
        return without_media(super().render_delete_form(request, context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the list or run an action.

        A filter without a value is no filter: the form of the filters sends all its fields. A
        filter value that no row can have shows the whole list.
        """
        request.GET = filled(request)  # type: ignore[assignment]  # Django reads it like any other
        try:
            return super().changelist_view(request, extra_context)
        except (DataError, OverflowError):
            return HttpResponseRedirect(f"{request.path}?e=1")
        except ValueError:
            # For a malformed IP address: the driver only notices when it sends the statement.
            if request.method != "GET":
                raise
            return HttpResponseRedirect(f"{request.path}?e=1")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow in a URL only the lookups of our filters."""
        _, joint, how = lookup.rpartition("__")
        return (not joint or how in LOOKUPS) and super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Bound the search: each word adds a condition, and PostgreSQL takes no NUL in a text."""
        term = search_term.replace("\x00", "")[:MAX_SEARCHED_CHARACTERS]
        return super().get_search_results(request, queryset, term)

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponseBase | None:
        """Run an action, if the selected keys are valid and not too many."""
        selected = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if not all(is_key_of(self.model, key) for key in selected):
            self.message_user(request, "These rows are not in this list.", messages.ERROR)
            return None
        whole = request.POST.get("select_across", "0") != "0"
        if whole and queryset.count() > MAX_SELECTED_ROWS:
            self.message_user(
                request,
                f"At most {MAX_SELECTED_ROWS} rows can be acted on at once: "
                "narrow the list by a filter.",
                messages.ERROR,
            )
            return None
        return super().response_action(request, queryset)

    def do_each(
        self,
        request: HttpRequest,
        rows: Iterable[Row],
        work: Callable[[Row], Any],
        *,
        done: str | Callable[[Row, Any], str],
        named: Callable[[Sequence[Row]], str] | None = None,
    ) -> None:
        """Call `work` for each selected row; show how many were `done`, and the refusals.

        Each row gets its own service call, because each has its own rules, locks and events. `done`
        says what became of the rows; it may be a function that says so for one row and the result
        of `work` for it. `named` writes the names of rows, if they should be shown. Selected rows
        that the list does not have any more are shown too.
        """
        rows = list(rows)
        became: dict[str, list[Row]] = {}
        refusals: list[str] = []
        for row in rows:
            try:
                after = work(row)
            except DomainError as refusal:
                refusals.append(f"{row}: {words_of(refusal)}")
            else:
                words = done if isinstance(done, str) else done(row, after)
                became.setdefault(words, []).append(row)
        for words in refusals[:MAX_REFUSALS_SHOWN]:
            self.message_user(request, words, messages.ERROR)
        if more := refusals[MAX_REFUSALS_SHOWN:]:
            self.message_user(request, f"Refused as well: {len(more)} more.", messages.ERROR)
        if gone := self._selected_but_gone(request, rows):
            self.message_user(
                request,
                f"No longer in this list, so nothing was done to them: {', '.join(gone)}.",
                messages.WARNING,
            )
        for words, those in became.items():
            names = f" ({named(those)})" if named else ""
            self.message_user(request, f"{words}: {len(those)}{names}.", messages.SUCCESS)

    def _selected_but_gone(self, request: HttpRequest, rows: Iterable[models.Model]) -> list[str]:
        """Return the selected keys that none of `rows` has. `response_action` has checked them."""
        if request.POST.get("select_across", "0") != "0":
            return []
        found = {str(row.pk) for row in rows}
        key_of = self.model._meta.pk.to_python
        selected = {
            str(key_of(key)): None for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        }
        return [key for key in selected if key not in found][:MAX_SELECTED_ROWS]


def changes_in(form: Any, updatable: Collection[str]) -> dict[str, Any]:
    """Return the changed values of a valid form, by name, for fields that the service updates."""
    return {name: form.cleaned_data[name] for name in form.changed_data if name in updatable}


def without_media(page: Any) -> HttpResponse:
    """Return an unrendered admin page that only asks a question, without the scripts of widgets."""
    page.context_data["media"] = forms.Media()
    return page


class DeletedOneByOne:
    """Rows that are deleted on their own page, by a service, and not several at once."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out bulk deletion, which asks no service."""
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]  # of the admin
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Name the rows only: the service keeps what belongs to them, or refuses."""
        names = [str(row) for row in objs]
        meta = self.opts  # type: ignore[attr-defined]  # of the admin
        may = self.has_delete_permission(request)  # type: ignore[attr-defined]  # of the admin
        lacking = set() if may else {str(meta.verbose_name)}
        return names, {str(meta.verbose_name_plural): len(names)}, lacking, []


class ServiceInline(Autocompletes, TabularInline):
    """Rows on the page of another row."""


class ReadOnly:
    """A read-only admin page: nobody can add, change or delete."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False
