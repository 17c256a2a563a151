"""The page of one order: its form, and the panels below it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.callers import caller_of
from orderchainer.core.admin.amounts import shown_in
from orderchainer.core.admin.overtaken import OVERTAKEN
from orderchainer.core.errors import Stale
from orderchainer.core.money import for_people
from orders.admin import panels
from orders.admin.forms import NewOrderForm, OrderChangeForm, drafts_in, new_drafts_in
from orders.admin.holds import held_stock
from orders.admin.items import ItemInline, lines_of
from orders.admin.shipping import ShippingPage
from orders.admin.shown import links
from orders.models import Order, OrderDependency
from orders.services import create_order, update_order
from orders.services.fields import OF_SOURCE
from orders.stream.models import Event, EventDelivery


class OrderPage(ShippingPage):
    """The form that creates and changes an order."""

    inlines: ClassVar = [ItemInline]
    warn_unsaved_form = True
    change_form_before_template = "admin/orders/order/before_form.html"
    change_form_outer_after_template = "admin/panels.html"

    _settable = (
        (
            None,
            {
                "fields": (
                    "title",
                    "status",
                    "waits_for",
                    "failure_policy",
                    "auto_activate",
                    "description",
                )
            },
        ),
        (
            "Price",
            {
                "classes": ("tab",),
                "fields": ("total_price", "currency", "link", "ordered_at"),
            },
        ),
        (
            "Customer",
            {
                "classes": ("tab",),
                "fields": (
                    "customer_name",
                    "customer_email",
                    "customer_phone",
                    "shipping_address",
                    "phone_number",
                    "notes",
                ),
            },
        ),
    )
    add_fieldsets = ((None, {"fields": ("owner", "project")}), *_settable)
    fieldsets = (
        *_settable,
        (
            "Facts",
            {
                "classes": ("tab",),
                "fields": (
                    "owner",
                    "project",
                    "assignee",
                    "provider",
                    "external_id",
                    "uuid",
                    "created_at",
                    "updated_at",
                    "status_changed_at",
                    "fulfilled_at",
                ),
            },
        ),
    )
    _facts = fieldsets[-1][1]["fields"]
    # Shown for orders that a source outside tells us about.
    _source = (
        "source_updated_at",
        "source_status",
        "source_title",
        "source_notes",
        "source_details_shown",
        "is_test",
        "customer_erased_at",
    )

    def get_form(self, request: HttpRequest, obj: Order | None = None, **kwargs: Any) -> Any:
        """Ask for the owner of a new order."""
        kwargs["form"] = NewOrderForm if obj is None else OrderChangeForm
        return super().get_form(request, obj, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> Sequence[str]:
        """Show facts about an existing order, and what its source or its items decide."""
        if obj is None:
            return ()
        shown = (*self._facts, *self._source, "total_price_shown")
        return (*shown, *OF_SOURCE) if obj.is_mirrored else (*shown, *_of_items(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """Show what the source told of a mirrored order.

        A total that cannot be typed into is shown with its currency's decimals.
        """
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        if obj.is_mirrored:
            source = {"classes": ("tab",), "fields": self._source}
            fieldsets = (*fieldsets, ("Source", source))
        elif self.has_change_permission(request, obj) and not _of_items(request, obj):
            return fieldsets
        return shown_in(fieldsets, "total_price")

    @admin.display(description="total price")
    def total_price_shown(self, order: Order) -> str:
        """The total, where it cannot be typed into because a source or the items decide it."""
        return for_people(order.total_price, order.currency)

    @admin.display(description="source details")
    def source_details_shown(self, order: Order) -> SafeString:
        """What else the source told, one fact a line."""
        lines = sorted(order.source_details.items())
        return format_html_join(mark_safe("<br>"), "{}: {}", lines)

    @admin.display(description="waits for")
    def waits_for(self, order: Order) -> SafeString:
        """The dependencies, for staff who may only look."""
        edges = OrderDependency.objects.filter(order=order).order_by("depends_on_id")
        return links(edges.values_list("depends_on_id", "depends_on__title"))

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        """Do nothing: `save_related` saves the order together with its items."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Create or change the order and its items with one call of a service."""
        if not change:
            order = create_order(
                by=caller_of(request),
                owner=form.cleaned_data["owner"],
                project=form.cleaned_data["project"],
                provider=Order.Provider.MANUAL,
                fields=form.changes(),
                dependencies=form.changed_dependencies() or (),
                items=new_drafts_in(formsets[0]),
            )
            form.instance.pk = order.pk  # Django logs it and redirects to it
            return

        def require_same_version(order: Order) -> None:
            if str(order.version) != form.cleaned_data["version"]:
                raise Stale

        update_order(
            order_id=form.instance.pk,
            by=caller_of(request),
            fields=form.changes(),
            dependencies=form.changed_dependencies(),
            items=drafts_in(formsets[0]),
            precondition=require_same_version,
        )

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Name the changed fields. The order's own history tells what happened to the items."""
        return super().construct_change_message(request, form, [], add)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Order | None = None,
    ) -> HttpResponse:
        """Show panels under the form: why the order waits, its chain, its stock, its history."""
        if obj is not None:
            # Read it again: the form may have put refused values into `obj`.
            order = Order.objects.get(pk=obj.pk)
            waits = panels.why_it_waits(order, caller_of(request))
            shown = [waits] if waits.rows else []
            shown += [panels.dependencies_of(order), panels.dependents_of(order)]
            if (holds := held_stock(order)).rows:
                shown.append(holds)
            if OVERTAKEN in context["adminform"].form.non_field_errors():
                shown.insert(0, panels.items_of(order))
            if self._may_view(Event, request):
                shown.append(panels.history_of(order))
            if self._may_view(EventDelivery, request):
                shown.append(panels.deliveries_of(order))
            context["panels"] = shown
            context["may_ship"] = self.may_ship(request, order, is_blocked=bool(waits.rows))
            if waits.rows:
                moves = ", ".join(order.open_moves(blocked=True)) or "nothing else"
                context["hint"] = (
                    f"Something holds this order up. Meanwhile it can become: {moves}."
                )
        response: HttpResponse = super().render_change_form(
            request, context, add=add, change=change, form_url=form_url, obj=obj
        )
        return response

    def _may_view(self, model: type[models.Model], request: HttpRequest) -> bool:
        may: bool = self.admin_site.get_model_admin(model).has_view_permission(request)
        return may


def _of_items(request: HttpRequest, order: Order) -> Sequence[str]:
    """Return the fields of the order that its items decide."""
    lines = lines_of(request, order)
    if lines.are_frozen:
        return ("total_price", "currency")
    return ("total_price",) if lines.count else ()
