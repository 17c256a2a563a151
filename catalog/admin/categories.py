"""The back office of categories: the tree as a list whose rows can be moved up and down."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import Project
from catalog import services
from catalog.admin.shown import project_to_suggest
from catalog.models import Category
from catalog.queries.inventory import Shelf, in_tree_order, shelves_of
from catalog.services import categories
from orderchainer.core.admin.filters import PickFilter
from orderchainer.core.admin.panels import link
from orderchainer.core.admin.refusals import words_of
from orderchainer.core.admin.service_admin import DeletedOneByOne, ServiceAdmin, changes_in
from orderchainer.core.errors import DomainError

SHIFTS = {"up": -1, "down": 1}
# Before each level below the top.
INDENT = "\u2003\u2003"


def shelf_choices(shelves: list[Shelf], none: str) -> list[tuple[Any, str]]:
    """Return categories as choices of a select, indented by their level."""
    return [
        ("", none),
        *((it.category.pk, f"{INDENT * it.level}{it.category.name}") for it in shelves),
    ]


class WithSlug(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A form of something that is in a project and has a slug."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if slug := self.fields.get("slug"):
            slug.required = False
            slug.help_text = "Used in addresses. Leave it empty to derive it from the name."

    def _get_validation_exclusions(self) -> set[str]:
        """Leave uniqueness within a project to the service, whose error names the field.

        Django has no public hook for that. Tests that post a taken SKU or slug fail without it.
        """
        return {*super()._get_validation_exclusions(), "project"}  # type: ignore[misc]  # the stubs lack it


class NewCategoryForm(WithSlug):
    """The fields of a new category."""

    refused_at: ClassVar = {"slug_taken": "slug"}

    class Meta:
        model = Category
        fields = ("project", "parent", "name", "slug", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "position" in self.fields:
            self.fields["position"].required = False

    def clean_position(self) -> int:
        """Return 0 if the field is empty."""
        return self.cleaned_data["position"] or 0


class CategoryForm(NewCategoryForm):
    """The fields of an existing category. It stays in its project."""

    parent = forms.ModelChoiceField(
        Category.objects.none(), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" not in self.fields:
            return
        project = self.instance.project
        field = self.fields["parent"]
        field.queryset = project.categories.all()  # type: ignore[attr-defined]  # a choice of rows
        field.choices = shelf_choices(shelves_of(project), "Top level")  # type: ignore[attr-defined]  # as above


class TreeList(ChangeList):
    """The categories in the order of the tree, also when the list is filtered."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> QuerySet[Category]:
        """Show the storefront's tree unless the list is filtered or searched."""
        found: QuerySet[Category] = super().get_queryset(request, exclude_parameters)
        self.project = None
        if not self.query and not self.params and not self.has_active_filters:
            self.project = Project.objects.filter(is_storefront=True).first()
        return found if self.project is None else found.filter(project=self.project)

    def get_results(self, request: HttpRequest) -> None:
        """Read the trees of all projects in the result, and show one page."""
        rows = (
            Category.objects.filter(project__in=self.queryset.order_by().values("project"))
            .select_related("project")
            .annotate(product_count=Count("products"))
        )
        shelves = _trees(rows)
        if self.project is None:
            chosen = set(self.queryset.order_by().values_list("pk", flat=True))
            shelves = [it for it in shelves if it.category.pk in chosen]
        paginator = self.model_admin.get_paginator(request, shelves, self.list_per_page)
        try:
            page = paginator.page(self.page_num)
        except InvalidPage as exc:
            raise IncorrectLookupParameters from exc
        self.result_count = self.full_result_count = paginator.count
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.result_list = [_with_its_place(it) for it in page.object_list]
        self.can_show_all = False
        self.multi_page = paginator.num_pages > 1
        self.paginator = paginator


def _trees(rows: QuerySet[Category]) -> list[Shelf]:
    """Return the categories of several projects, one tree after the other."""
    by_project: dict[tuple[str, int], list[Category]] = {}
    for row in rows:
        by_project.setdefault((row.project.name, row.project_id), []).append(row)
    return [it for key in sorted(by_project) for it in in_tree_order(by_project[key])]


def _with_its_place(shelf: Shelf) -> Category:
    category = shelf.category
    category.shelf = shelf  # type: ignore[attr-defined]  # read by the columns
    return category


@admin.register(Category)
class CategoryAdmin(DeletedOneByOne, ServiceAdmin):
    """Categories, shown as a tree."""

    icon = "category"
    list_display = ("in_tree", "slug", "products_shown", "project", "move")
    list_display_links = ("in_tree",)
    list_filter = (("project", PickFilter),)
    list_per_page = 100
    sortable_by = ()
    search_fields = ("name", "slug")
    search_help_text = "Name or slug"
    ordering = ("project", "position", "name", "id")
    autocomplete_fields = ("project", "parent")
    readonly_fields = ("created_at", "updated_at")

    # --- the list -----------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Show a tree."""
        return TreeList

    @admin.display(description="name")
    def in_tree(self, category: Category) -> SafeString:
        """The name, indented by its level. Its title is the whole path."""
        shelf: Shelf = category.shelf  # type: ignore[attr-defined]  # set by the list
        return format_html(
            '<span title="{}" style="padding-left: {}rem">{}</span>',
            shelf.path,
            shelf.level * 1.5,
            category.name,
        )

    @admin.display(description="products")
    def products_shown(self, category: Category) -> SafeString | int:
        """How many products it has, active or not, without those in categories below it."""
        count: int = category.shelf.product_count  # type: ignore[attr-defined]  # set by the list
        if not count:
            return 0
        url = reverse(f"{self.admin_site.name}:catalog_product_changelist")
        return link(f"{url}?{urlencode({'category__id__exact': category.pk})}", str(count))

    @admin.display(description="move")
    def move(self, category: Category) -> SafeString:
        """Buttons that move it among its siblings. Each posts to its own address."""
        return format_html_join(
            " ",
            '<button type="submit" formaction="{}" title="Move {}" aria-label="Move {} {}" '
            'class="cursor-pointer material-symbols-outlined md-18">arrow_{}ward</button>',
            (
                (
                    reverse(
                        f"{self.admin_site.name}:catalog_category_{way}",
                        args=[category.pk],
                    ),
                    way,
                    category.name,
                    way,
                    way,
                )
                for way in SHIFTS
            ),
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show the buttons only to staff who may use them."""
        shown = super().get_list_display(request)
        if self.has_change_permission(request):
            return shown
        return [name for name in shown if name != "move"]

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the buttons."""
        shift: Callable[..., HttpResponse] = require_POST(self.admin_site.admin_view(self.shift))
        return [
            *(
                path(
                    f"<int:category_id>/{way}/",
                    shift,
                    {"way": way},
                    name=f"catalog_category_{way}",
                )
                for way in SHIFTS
            ),
            *super().get_urls(),
        ]

    def shift(self, request: HttpRequest, category_id: int, way: str) -> HttpResponse:
        """Move a category up or down among its siblings, and return to the list."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        category = Category.objects.filter(pk=category_id).first()
        if category is None:
            raise Http404
        try:
            services.shift_category(category=category, by=SHIFTS[way])
        except DomainError as refusal:
            self.message_user(request, words_of(refusal), messages.ERROR)
        else:
            self.log_change(request, category, f"Moved {way}.")
        url = reverse(f"{self.admin_site.name}:catalog_category_changelist")
        query = urlencode({"project__id__exact": category.project_id})
        return HttpResponseRedirect(f"{url}?{query}")

    # --- the form -----------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Category | None = None, **kwargs: Any) -> Any:
        """Ask for the project of a new category."""
        kwargs["form"] = NewCategoryForm if obj is None else CategoryForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Category | None = None) -> Any:
        """Show the project first, and the dates of an existing category."""
        fields = ("project", "parent", "name", "slug", "position")
        if obj is None:
            return ((None, {"fields": fields}),)
        return ((None, {"fields": (*fields, "created_at", "updated_at")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> Any:
        """Keep a category in its project."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else ("project", *fields)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Suggest the storefront's project."""
        return {**project_to_suggest(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """Create or change through the services."""
        if change:
            if changes := changes_in(form, categories.UPDATABLE):
                services.update_category(category=obj, changes=changes)  # type: ignore[arg-type]  # by these names
            return
        new = services.create_category(
            project=form.cleaned_data["project"],
            **{name: form.cleaned_data[name] for name in categories.UPDATABLE},
        )
        obj.pk = new.pk

    # --- deleting -----------------------------------------------------------------------------

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        """Delete through the service."""
        services.delete_category(category=obj)
