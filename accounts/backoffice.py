"""The admin's own ground: its site, and the base of every page that writes through services."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets, helpers
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.core.paginator import InvalidPage
from django.db import DataError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.sites import UnfoldAdminSite
from unfold.utils import parse_date_str
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts import services
from accounts.attempts import count_attempt
from accounts.models import User
from accounts.page_versions import OVERTAKEN
from orderchainer.api.errors import DomainError, Invalid, Stale
from orderchainer.api.pages import answer_counted
from orderchainer.api.rates import SIGN_IN

Row = TypeVar("Row", bound=models.Model)

# --- The site ---------------------------------------------------------------------------------


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Somebody's new password, for themselves."""

    def save(self, commit: bool = True) -> User:
        """Change it by the service, which ends the sessions of all tokens."""
        user: User = self.user
        services.change_password(user=user, password=self.cleaned_data["new_password1"])
        return user


class BackOffice(UnfoldAdminSite):
    """The admin site."""

    site_title = "OrderChainer"
    site_header = "OrderChainer"
    index_title = "Back office"

    # From top to bottom; apps that are not named here follow.
    areas = ("orders", "catalog", "integrations", "notifications", "accounts")
    # Apps whose pages stand with another's.
    joined: Mapping[str, str] = {"auth": "accounts"}

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the pages that the caller may see, by app, each app's main page first."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        by_label = {app["app_label"]: app for app in apps}
        for label, other in self.joined.items():
            if label in by_label and other in by_label:
                by_label[other]["models"] += by_label.pop(label)["models"]
        for app in by_label.values():
            app["models"].sort(
                key=lambda page: (not self._page_of(page, "is_main"), page["name"])
            )
        return sorted(by_label.values(), key=self._place_of)

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the same for the sidebar. Each page shows its `icon`, a name from Material Symbols."""
        return [
            {
                "title": app["name"],
                "items": [
                    {
                        "title": page["name"],
                        "icon": self._page_of(page, "icon"),
                        # Who may add rows and see none has the form of a new one alone.
                        "link": (link := page["admin_url"] or page["add_url"]),
                        "active": request.path.startswith(link),
                        "has_permission": True,
                    }
                    for page in app["models"]
                ],
            }
            for app in self.get_app_list(request)
        ]

    def _place_of(self, app: dict[str, Any]) -> tuple[int, str]:
        label = app["app_label"]
        known = label in self.areas
        return (self.areas.index(label) if known else len(self.areas)), label

    def _page_of(self, page: dict[str, Any], name: str) -> Any:
        """Return an attribute of a page that is a `ServiceAdmin`, None of others."""
        return getattr(self.get_model_admin(page["model"]), name, None)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Search for pages, as the parent does, which takes the number of a result page on trust."""
        try:
            return super().search(request, extra_context)
        except (InvalidPage, ValueError) as exc:
            raise Http404 from exc

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Sign in with a cookie, as the parent does. It is counted with the sign-ins of the surfaces."""
        return answer_counted(
            request,
            lambda: count_attempt(request, SIGN_IN, request.POST.getlist("username")),
            lambda: super(BackOffice, self).login(request, extra_context),
        )

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Change one's own password, as the parent does but through our form.

        The old one is asked for: guessing at it is guessing at the sign-in, and counted so.
        """
        request.current_app = self.name  # Django's templates ask for it
        page = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
            template_name=self.password_change_template
            or "registration/password_change_form.html",
        )
        return answer_counted(
            request,
            lambda: count_attempt(request, SIGN_IN, [caller(request).email]),
            lambda: page(request),
        )


def caller(request: HttpRequest) -> User:
    """Return who is signed in to the admin."""
    assert isinstance(request.user, User)  # the admin lets nobody else in
    return request.user


# --- Pages that write through services --------------------------------------------------------

# What filters make of a field's name; anything else in an address is not theirs, and some of it
# (a regular expression) costs what the sender likes.
LOOKUPS = frozenset({"exact", "isnull", "isempty", "gte", "gt", "lte", "lt"})
# An action runs within one request, each row in a transaction of its own.
MOST_AT_ONCE = 500
MOST_REFUSALS_SHOWN = 10
MOST_SEARCHED_CHARACTERS = 100


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
        term = search_term.replace("\x00", "")[:MOST_SEARCHED_CHARACTERS]
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
        if whole and queryset.count() > MOST_AT_ONCE:
            self.message_user(
                request,
                f"At most {MOST_AT_ONCE} rows can be acted on at once: narrow the list by a filter.",
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
        for words in refusals[:MOST_REFUSALS_SHOWN]:
            self.message_user(request, words, messages.ERROR)
        if more := refusals[MOST_REFUSALS_SHOWN:]:
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


# --- Refusals ---------------------------------------------------------------------------------


def refused(form: type[forms.BaseForm], refusal: DomainError) -> type[forms.BaseForm]:
    """Return `form` with `refusal` among its errors, beside the fields that it names."""

    class Refused(form):  # type: ignore[valid-type,misc]  # a class made at run time, as Django's factories do
        def full_clean(self) -> None:
            super().full_clean()
            # A form that calls a field otherwise than the service does says so in `called`, and in
            # `refused_at` which field a refusal is about that names none.
            called = getattr(self, "called", {})
            if isinstance(refusal, Stale) and OVERTAKEN in self.non_field_errors():
                return  # it has found out by itself, and shows what has changed
            if not isinstance(refusal, Invalid):
                field = getattr(self, "refused_at", {}).get(refusal.code)
                self.add_error(field, refusal.message)
                return
            for name, found in refusal.errors.items():
                field = called.get(name, name)
                known = field in self.fields
                self.add_error(
                    field if known else None,
                    found if known else [f"{name}: {words}" for words in found],
                )

    return Refused


def words_of(refusal: DomainError) -> str:
    """Return what a refusal says to people, on one line."""
    if isinstance(refusal, Invalid):
        return " ".join(
            f"{field}: {message}"
            for field, found in refusal.errors.items()
            for message in found
        )
    return refusal.message


# --- Fields, widgets and filters --------------------------------------------------------------


def is_value_of(field: "models.Field[Any, Any]", text: str) -> bool:
    """Tell whether `text` could stand in `field`: of its type, and within what a database holds."""
    try:
        field.run_validators(field.to_python(text))
    except ValidationError:
        return False
    return True


def is_key_of(model: type[models.Model], text: str) -> bool:
    """Tell whether `text` could be the key of a row."""
    return is_value_of(model._meta.pk, text)


class _Keys:
    """Leave out of what is shown as selected whatever cannot be a key: Django asks the database for it."""

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> Any:
        model = self.field.remote_field.model  # type: ignore[attr-defined]  # of the widget
        keys = [key for key in value if not key or is_key_of(model, key)]
        return super().optgroups(name, keys, attr)  # type: ignore[misc]  # of the widget


class PickOne(_Keys, AutocompleteSelect):  # type: ignore[misc]  # the stubs type `attr` as nothing
    """A related row, found by typing."""


class PickMany(_Keys, AutocompleteSelectMultiple):  # type: ignore[misc]  # as above
    """Related rows, found by typing."""


class DaysFilter(RangeDateFilter):
    """From one day to another, both included."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list; a text that is no date does not."""
        for end, how, moment in (("from", "gte", time.min), ("to", "lte", time.max)):
            text = self.used_parameters.get(f"{self.parameter_name}_{end}")
            day = parse_date_str(text) if text else None
            if day is not None:
                bound = datetime.combine(day, moment, tzinfo=UTC)
                queryset = queryset.filter(**{f"{self.field_path}__{how}": bound})
        return queryset


class PickFilter(AutocompleteSelectFilter):
    """By a related row, found by typing: a list of all of them could be long."""

    def __init__(
        self, field: Any, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(field, request, *args, **kwargs)
        chosen = self.value()
        if chosen and not is_key_of(field.remote_field.model, chosen):
            raise IncorrectLookupParameters
