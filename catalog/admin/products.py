"""The back office of products: the list with editable rows, the form, the stock."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action

from accounts.callers import caller_of
from catalog import services
from catalog.admin import transfers
from catalog.admin.forms import (
    NewProductForm,
    ProductChangeForm,
    RowForm,
    Rows,
    Sent,
    StockForm,
)
from catalog.admin.shown import ledger_of, picture_of, project_to_suggest
from catalog.models import Product, StockMovement
from catalog.queries.inventory import LOW_STOCK
from catalog.queries.storefront import Within
from catalog.services.pictures import MAX_SIDE, PICTURES
from catalog.services.stock import BY_HAND
from orderchainer.core.admin.amounts import shown_in, with_shown
from orderchainer.core.admin.filters import PickFilter
from orderchainer.core.admin.panels import Panel
from orderchainer.core.admin.picking import is_key_of, is_value_of
from orderchainer.core.admin.refusals import refused, words_of
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.errors import DomainError, Stale
from orderchainer.core.money import for_people
from orderchainer.core.pictures import Picture, PictureRefused, read_picture, stored


class LevelFilter(admin.SimpleListFilter):
    """Filter by stock level."""

    title = "stock"
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Name the levels."""
        return [
            ("out", "Out of stock"),
            ("low", f"Low: {LOW_STOCK} or fewer"),
            ("in", "In stock"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Keep the products at the chosen level."""
        match self.value():
            case "out":
                return queryset.filter(in_stock=False)
            case "low":
                return queryset.filter(stock__lte=LOW_STOCK)
            case "in":
                return queryset.filter(in_stock=True)
        return queryset


class UnitsFilter(RangeNumericFilter):
    """Filter by a range of stock. Text that is not a number is ignored."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep the products that match."""
        for end, how in (("from", "gte"), ("to", "lte")):
            text = self.used_parameters.get(f"{self.parameter_name}_{end}")
            if text and is_value_of(Product._meta.get_field("stock"), text):
                queryset = queryset.filter(**{f"stock__{how}": int(text)})
        return queryset


class ShelfFilter(PickFilter):
    """Filter by a category and everything below it."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep the products that match."""
        chosen = self.value()
        if not chosen:
            return queryset
        return queryset.filter(Within("category_id", int(chosen)))


@admin.register(Product)
class ProductAdmin(ServiceAdmin):
    """Products. They are never deleted, because orders and the ledger refer to them."""

    icon = "sell"
    is_main = True
    list_display = (
        "picture",
        "name",
        "sku",
        "category",
        "price",
        "currency",
        "stock",
        "featured",
        "is_active",
        "version",
    )
    list_display_links = ("picture", "name")
    # `stock` is editable too, but it is not a form field of the model.
    list_editable = ("price", "featured", "is_active")
    list_filter = (
        LevelFilter,
        ("stock", UnitsFilter),
        ("category", ShelfFilter),
        "is_active",
        "featured",
        ("project", PickFilter),
    )
    list_select_related = ("category",)
    list_per_page = 40
    search_fields = ("name", "sku")
    search_help_text = "Name or SKU"
    ordering = ("-id",)
    autocomplete_fields = ("project", "category")
    warn_unsaved_form = True
    change_form_before_template = "admin/versioned.html"
    change_form_outer_after_template = "admin/panels.html"
    actions_list = ("import_products", "export_products")
    actions_detail = ("adjust_stock",)

    _settable = (
        *("name", "sku", "slug", "category", "description", "price", "currency"),
        *("picture", "featured", "is_active"),
    )
    _facts = ("project", "stock", "uuid", "created_at", "updated_at")

    # --- the list -----------------------------------------------------------------------------

    @admin.display(description="")
    def picture(self, product: Product) -> SafeString | str:
        """A small picture."""
        return picture_of(product, 36)

    @admin.display(description="price", ordering="price")
    def price_shown(self, product: Product) -> str:
        """The price, for staff who may only look."""
        return for_people(product.price, product.currency)

    def words_to_pick(self, product: Product) -> str:
        """Name the product for somebody who sells it: with its price, and how many there are."""
        price = f"{for_people(product.price, product.currency)} {product.currency}"
        return f"{product} · {price} · {product.stock} in stock"

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show the price with its currency's decimals to staff who may only look."""
        if self.has_change_permission(request):
            return self.list_display
        return [with_shown(name, "price") for name in self.list_display]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Edit rows with a form that remembers what they showed."""
        return super().get_changelist_form(request, form=RowForm, **kwargs)

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Limit the rows to what a page can show."""
        most = self.list_max_show_all
        return super().get_changelist_formset(
            request, formset=Rows, max_num=most, absolute_max=most, **kwargs
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the list, or save its rows: all of them, or none if one is refused."""
        if not _saves_rows(request):
            return super().changelist_view(request, extra_context)
        if not self.has_change_permission(request) or not all(
            is_key_of(Product, key) for key in _posted_keys(request)
        ):
            return HttpResponseRedirect(request.get_full_path())
        try:
            with transaction.atomic():
                # Lock by id like checkouts do, whatever the sorting of the list.
                services.lock_products(self._touched(request))
                return super().changelist_view(request, extra_context)
        except DomainError as refusal:
            self.message_user(request, words_of(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _touched(self, request: HttpRequest) -> list[int]:
        """Return the ids of the products whose rows were edited."""
        formset: Any = self.get_changelist_formset(request)
        rows = Product.objects.filter(pk__in=_posted_keys(request))
        forms = formset(request.POST, queryset=rows)
        if not forms.management_form.is_valid():
            return []
        touched = [form.instance.pk for form in forms.forms if form.has_changed()]
        return [key for key in touched if key is not None]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Show the posted rows again, even if the list has other rows by now."""
        changelist = super().get_changelist_instance(request)
        if _saves_rows(request):
            keys = _posted_keys(request)
            rows = self.get_queryset(request).select_related(*self.list_select_related)
            by_key = {str(row.pk): row for row in rows.filter(pk__in=keys)}
            changelist.result_list = [by_key[key] for key in keys if key in by_key]
        return changelist

    # --- the form -----------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """Ask for a new product's project and stock; show facts about an existing product."""
        if obj is None:
            return ((None, {"fields": ("project", *self._settable, "first_stock")}),)
        fieldsets = (
            (None, {"fields": self._settable}),
            ("Facts", {"classes": ("tab",), "fields": self._facts}),
        )
        if self.has_change_permission(request, obj):
            return fieldsets
        return shown_in(fieldsets, "price")

    def get_form(self, request: HttpRequest, obj: Product | None = None, **kwargs: Any) -> Any:
        """Give the form the uploaded picture."""
        kwargs["form"] = NewProductForm if obj is None else ProductChangeForm
        form: Any = super().get_form(request, obj, **kwargs)
        form.sent = getattr(request, "picture", None)
        return form

    def get_readonly_fields(
        self, request: HttpRequest, obj: Product | None = None
    ) -> Sequence[str]:
        """Show facts about an existing product, and its picture to staff who may only look."""
        if obj is None:
            return ()
        if self.has_change_permission(request, obj):
            return self._facts
        return (*self._facts, "picture", "price_shown")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Suggest the storefront's project."""
        return {**project_to_suggest(), **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        """Return False: products are deactivated instead."""
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form. The picture is stored before Django's transaction begins."""
        show = partial(super().changeform_view, request, object_id, form_url, extra_context)
        sent = self._picture_sent(request, is_new=object_id is None)
        request.picture = sent  # type: ignore[attr-defined]  # the form reads it
        if not isinstance(sent, Picture):
            return show()
        with stored(sent, PICTURES) as name:
            request.picture_name = name  # type: ignore[attr-defined]  # save_model reads it
            response = show()
        if not Product.objects.filter(image=name).exists():
            Product.image.field.storage.delete(name)
        return response

    def _picture_sent(self, request: HttpRequest, *, is_new: bool) -> Sent:
        may = self.has_add_permission if is_new else self.has_change_permission
        if request.method != "POST" or "picture" not in request.FILES:
            return None
        if not may(request):
            return None
        file: Any = request.FILES["picture"]
        try:
            return read_picture(file.read(), longest_side=MAX_SIDE)
        except PictureRefused as refusal:
            return refusal

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Create or change a product, or a row of the list, through the services."""
        if isinstance(form, RowForm):
            self._save_row(request, obj, form)
            return
        name = getattr(request, "picture_name", "")
        changes = form.changes()
        if not change:
            product = services.create_product(
                project=form.cleaned_data["project"],
                fields=changes,
                stock=form.cleaned_data["first_stock"],
                by=caller_of(request),
            )
            obj.pk = product.pk  # Django logs it and redirects to it
            if name:
                services.name_picture(product=product, name=name)
            return
        if changes:
            services.update_product(product=obj, changes=changes, precondition=form.require_as_read)
        if "picture" in form.changed_data:
            # A change just above has already compared the product and locked it.
            services.name_picture(
                product=obj,
                name=name,
                precondition=None if changes else form.require_as_read,
            )

    def _save_row(self, request: HttpRequest, product: Product, form: RowForm) -> None:
        if changes := form.changes():
            services.update_product(
                product=product, changes=changes, precondition=form.require_as_read
            )
        if change := form.stock_change():
            services.adjust_stock(
                product_id=product.pk,
                change=change,
                note="Counted in the list of products",
                by=caller_of(request),
            )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Product | None = None,
    ) -> HttpResponse:
        """Show the ledger under the form."""
        if obj is not None:
            context["panels"] = self._panels(request, obj)
        response: HttpResponse = super().render_change_form(
            request, context, add=add, change=change, form_url=form_url, obj=obj
        )
        return response

    def _panels(self, request: HttpRequest, product: Product) -> list[Panel]:
        if not request.user.has_perm("catalog.view_stockmovement"):
            return []
        return [ledger_of(product, caller_of(request))]

    # --- stock --------------------------------------------------------------------------------

    @action(
        description="Adjust stock",
        url_path="stock",
        icon="inventory",
        permissions=["change"],
    )
    def adjust_stock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Add or remove stock for a reason, no matter what is sold meanwhile."""
        product = self.get_object(request, object_id) if is_key_of(Product, object_id) else None
        if product is None:
            raise Http404
        form: Any = StockForm(request.POST or None, initial={"seen": _last_by_hand(product)})
        if request.method == "POST" and form.is_valid():
            try:
                self._adjust(request, product, form)
            except DomainError as refusal:
                form = refused(StockForm, refusal)(request.POST)
            else:
                url = reverse(f"{self.admin_site.name}:catalog_product_change", args=[product.pk])
                return HttpResponseRedirect(url)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": product,
            "title": f"Stock of {product}",
            "form": form,
            "panels": self._panels(request, product),
        }
        return TemplateResponse(request, "admin/catalog/product/stock.html", context)

    @transaction.atomic
    def _adjust(self, request: HttpRequest, product: Product, form: StockForm) -> None:
        typed = form.cleaned_data

        def require_nothing_since(locked: Product) -> None:
            if _last_by_hand(locked) != typed["seen"]:
                raise Stale

        after = services.adjust_stock(
            product_id=product.pk,
            change=typed["change"],
            reason=typed["reason"],
            note=typed["note"],
            by=caller_of(request),
            precondition=require_nothing_since,
        )
        self.log_change(request, product, f"Stock changed by {typed['change']:+d}.")
        self.message_user(request, f"{product}: {after.stock} in stock now.", messages.SUCCESS)

    # --- files --------------------------------------------------------------------------------

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Require three permissions: a file adds and changes products and adds categories."""
        return request.user.has_perms(
            ("catalog.add_product", "catalog.change_product", "catalog.add_category")
        )

    @action(
        description="Import",
        url_path="import",
        icon="upload",
        permissions=["import"],
    )
    def import_products(self, request: HttpRequest) -> HttpResponse:
        """Import products from a file, after a preview."""
        return transfers.import_page(self, request)

    @action(description="Export", url_path="export", icon="download", permissions=["view"])
    def export_products(self, request: HttpRequest) -> HttpResponseBase:
        """Export a project's products as a file that can be imported again."""
        return transfers.export_page(self, request)


def _saves_rows(request: HttpRequest) -> bool:
    return request.method == "POST" and "_save" in request.POST


def _posted_keys(request: HttpRequest) -> list[str]:
    """Return the ids of the posted rows, in their order."""
    keys: list[str] = []
    while (key := request.POST.get(f"form-{len(keys)}-id")) is not None:
        keys.append(key)
    return keys


def _last_by_hand(product: Product) -> str:
    """Return the id of the latest ledger row that no order wrote; empty if there is none."""
    by_hand = StockMovement.objects.filter(product=product, reason__in=BY_HAND)
    return str(by_hand.order_by("-pk").values_list("pk", flat=True).first() or "")
