"""The back office of orders: the list with its actions, the form, the chain."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.actions import delete_selected as ask_before_deleting
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from accounts.callers import caller_of
from catalog.admin.shown import product_link
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.overtaken import OVERTAKEN
from orderchainer.core.admin.panels import label
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.service_admin import (
    ServiceAdmin,
    ServiceInline,
    without_media,
)
from orderchainer.core.db.among import among
from orderchainer.core.errors import Stale
from orders import graph, queries
from orders.admin import panels
from orders.admin.forms import (
    MAX_ITEMS,
    ItemForm,
    NewOrderForm,
    OrderChangeForm,
    drafts_in,
)
from orders.admin.holds import held_stock
from orders.admin.shown import (
    STATUS_COLOURS,
    WAIT_COLOURS,
    links,
    order_link,
)
from orders.errors import numbered
from orders.lifecycle import Status
from orders.models import Order, OrderDependency, OrderItem, OrderQuerySet
from orders.services import create_order, delete_order, move_order, update_order
from orders.stream.models import Event, EventDelivery

MAX_NODES_SHOWN = 500
MAX_NEW_ITEMS = 100  # in one go

Action = Callable[["OrderAdmin", HttpRequest, QuerySet[Order]], None]


def move_to(status: Status) -> Action:
    """Return the list's action that moves the selected orders to `status`."""

    @admin.action(description=f"Move to {status}", permissions=["change"])
    def move(page: "OrderAdmin", request: HttpRequest, rows: QuerySet[Order]) -> None:
        page.do_each(
            request,
            rows,
            lambda order: move_order(
                order_id=order.pk, status=status, by=caller_of(request)
            ),
            done=f"Moved to {status}",
        )

    move.__name__ = f"move_to_{status}"
    return move


class WaitFilter(admin.SimpleListFilter):
    """By whether something holds an order up."""

    title = "wait"
    parameter_name = "wait"

    def lookups(
        self, request: HttpRequest, model_admin: Any
    ) -> Sequence[tuple[str, str]]:
        """Name the two."""
        return [("ready", "Pending and ready"), ("waits", "Held up")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Order]
    ) -> QuerySet[Order]:
        """Pick the orders, by the annotation that the list has anyway."""
        match self.value():
            case "ready":
                return queryset.filter(status=Status.PENDING, ready=True)  # type: ignore[misc]  # annotated
            case "waits":
                return queryset.filter(ready=False)  # type: ignore[misc]  # annotated
        return queryset


class ItemInline(ServiceInline):
    """The lines of an order. They are a part of it: whoever may change the order may change them."""

    model = OrderItem
    form = ItemForm
    extra = 0
    fields = ("product_shown", "name", "sku", "unit_price", "quantity", "line_total")
    readonly_fields = ("product_shown", "line_total")
    verbose_name_plural = "items"

    def get_formset(
        self, request: HttpRequest, obj: Order | None = None, **kwargs: Any
    ) -> Any:
        """Take so many lines and no more: Django would build 1,000 beyond, if a browser says so."""
        there = 0 if obj is None else obj.items.count()
        most = max(there, min(MAX_ITEMS, there + MAX_NEW_ITEMS))
        return super().get_formset(
            request, obj, max_num=most, absolute_max=most, **kwargs
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderItem]:
        """Load the products in the same statement."""
        return super().get_queryset(request).select_related("product")

    @admin.display(description="product")
    def product_shown(self, item: OrderItem) -> SafeString | str:
        """What it was sold from; its name and price may be others now."""
        return "-" if item.product is None else product_link(item.product)

    @admin.display(description="total")
    def line_total(self, item: OrderItem) -> Any:
        """Unit price times quantity."""
        return None if item.pk is None else item.total_price

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order."""
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order."""
        return self._may(request, "add" if obj is None else "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the order."""
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing the order."""
        return self._may(request, "change")

    def _may(self, request: HttpRequest, what: str) -> bool:
        return request.user.has_perm(f"orders.{what}_order")


@admin.register(Order)
class OrderAdmin(ServiceAdmin):
    """Orders. The services make, change, move and delete them; what they refuse is shown."""

    icon = "account_tree"
    is_main = True
    list_display = (
        "number",
        "title",
        "owner",
        "project",
        "status_shown",
        "wait_shown",
        "total",
        "updated_at",
    )
    list_display_links = ("number", "title")
    list_filter = (
        "status",
        WaitFilter,
        "provider",
        "failure_policy",
        ("project", PickFilter),
        ("created_at", DaysFilter),
        ("ordered_at", DaysFilter),
    )
    list_select_related = ("owner", "project")
    list_per_page = 50
    search_fields = ("title", "owner__email", "external_id")
    search_help_text = "Number, title, the owner's e-mail or an external id"
    ordering = ("-id",)
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

    actions = (*(move_to(status) for status in Status), "delete_selected")
    actions_detail = ("chain",)

    # --- the list -----------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> OrderQuerySet:
        """Tell in the same statement whether something holds an order up."""
        orders: OrderQuerySet = super().get_queryset(request)
        return orders.with_ready()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find by number as well."""
        found, has_duplicates = super().get_search_results(
            request, queryset, search_term
        )
        number = search_term.strip().removeprefix("#")
        if is_key_of(Order, number):
            found |= queryset.filter(pk=number)
        return found, has_duplicates

    @admin.display(description="no.", ordering="pk")
    def number(self, order: Order) -> str:
        """The number by which everybody calls it."""
        return f"#{order.pk}"

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def status_shown(self, order: Order) -> str:
        """The status, coloured."""
        return order.status

    @display(description="wait", label=WAIT_COLOURS)
    def wait_shown(self, order: Order) -> str | None:
        """Whether something holds it up, while it has not begun."""
        return panels.wait_of(order)

    @admin.display(description="total", ordering="total_price")
    def total(self, order: Order) -> str:
        """The amount in its currency."""
        return f"{order.total_price} {order.currency}"

    # --- the form -----------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Order | None = None, **kwargs: Any
    ) -> Any:
        """Ask for an owner where an order is made."""
        kwargs["form"] = NewOrderForm if obj is None else OrderChangeForm
        return super().get_form(request, obj, **kwargs)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Order | None = None
    ) -> Sequence[str]:
        """Show the facts about an order that is there."""
        return () if obj is None else self._facts

    @admin.display(description="waits for")
    def waits_for(self, order: Order) -> SafeString:
        """The dependencies, for those who may look and not change."""
        edges = OrderDependency.objects.filter(order=order).order_by("depends_on_id")
        return links(edges.values_list("depends_on_id", "depends_on__title"))

    def save_model(
        self, request: HttpRequest, obj: Order, form: Any, change: bool
    ) -> None:
        """Leave it to `save_related`, which knows the items as well."""

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Place or change the order with all that belongs to it, in one call of the service."""
        items = drafts_in(formsets[0])
        if not change:
            order = create_order(
                by=caller_of(request),
                owner=form.cleaned_data["owner"],
                project=form.cleaned_data["project"],
                provider=Order.Provider.MANUAL,
                fields=form.changes(),
                dependencies=form.changed_dependencies() or (),
                items=items or (),
            )
            form.instance.pk = order.pk  # what Django reports, logs and leads to
            return

        def require_same_version(order: Order) -> None:
            if str(order.version) != form.cleaned_data["version"]:
                raise Stale

        update_order(
            order_id=form.instance.pk,
            by=caller_of(request),
            fields=form.changes(),
            dependencies=form.changed_dependencies(),
            items=items,
            precondition=require_same_version,
        )

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Name the fields; what became of the items stands in the order's own history."""
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
        """Show, under the form, why the order waits and all that hangs on it."""
        if obj is not None:
            # As it is stored: the form may have written into `obj` what was then refused.
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

    # --- the chain ----------------------------------------------------------------------------

    @action(description="Chain", url_path="chain", icon="account_tree")
    def chain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the whole chain of an order in an order in which it can be done."""
        order = (
            self.get_object(request, object_id)
            if is_key_of(Order, object_id) and self.has_view_permission(request)
            else None
        )
        if order is None:
            raise Http404
        chain = queries.chain_for(caller_of(request), order.pk)
        critical = set(chain.critical_path)
        rows = [
            (
                order_link(node.id, node.title),
                label(node.status, STATUS_COLOURS),
                numbered(node.blockers) if node.blockers else "-",
                numbered(node.dependencies) if node.dependencies else "-",
                "●" if node.id in critical else "",
            )
            for node in chain.nodes[:MAX_NODES_SHOWN]
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Chain of {order}",
            "original": order,
            "table": {
                "headers": [
                    "order",
                    "status",
                    "held up by",
                    "waits for",
                    "critical path",
                ],
                "rows": rows,
            },
            "total": len(chain.nodes),
            "shown": len(rows),
            "is_truncated": chain.is_truncated,
            "critical_length": len(chain.critical_path),
        }
        return TemplateResponse(request, "admin/orders/order/chain.html", context)

    # --- deleting -----------------------------------------------------------------------------

    def get_deleted_objects(
        self, objs: Iterable[Order], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[SafeString]]:
        """Tell what goes with the orders and what keeps them, without walking through their events."""
        orders = {order.pk: order for order in objs}
        edges = OrderDependency.objects.filter(depends_on_id__in=among(orders)).exclude(
            order_id__in=among(orders)
        )
        keeping = [
            links(
                [(edge.order_id, f"{edge.order.title} waits for #{edge.depends_on_id}")]
            )
            for edge in edges.select_related("order").order_by("order_id")[:100]
        ]
        items = OrderItem.objects.filter(order_id__in=among(orders)).count()
        return (
            [order_link(order.pk, order.title) for order in orders.values()],
            {"orders": len(orders), "items": items},
            set() if self.has_delete_permission(request) else {"order"},
            # Said beforehand of one; of several, those that can go may go. The service decides anyway.
            keeping if request.method != "POST" else [],
        )

    def delete_model(self, request: HttpRequest, obj: Order) -> None:
        """Delete by the service."""
        delete_order(order_id=obj.pk, by=caller_of(request))

    @admin.action(description="Delete", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Order]
    ) -> HttpResponseBase | None:
        """Ask, then delete the selected orders, those first that wait for others of them."""
        if "post" not in request.POST:
            return without_media(ask_before_deleting(self, request, queryset))
        self.do_each(
            request,
            _waiting_first(queryset),
            lambda order: self._delete_logged(request, order),
            done="Deleted",
        )
        return None

    @transaction.atomic
    def _delete_logged(self, request: HttpRequest, order: Order) -> None:
        self.log_deletions(request, [order])
        self.delete_model(request, order)


def _waiting_first(orders: Iterable[Order]) -> list[Order]:
    """Return `orders` so that each stands before all that it waits for."""
    by_id = {order.pk: order for order in orders}
    dependencies: dict[int, list[int]] = {pk: [] for pk in by_id}
    edges = OrderDependency.objects.filter(
        order_id__in=among(by_id), depends_on_id__in=among(by_id)
    )
    for waiter, dependency in edges.values_list("order_id", "depends_on_id"):
        dependencies[waiter].append(dependency)
    return [by_id[pk] for pk in reversed(graph.topological_order(by_id, dependencies))]
