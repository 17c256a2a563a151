"""The page that waives a dependency of an order."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.callers import caller_of
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.refusals import refused
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.errors import DomainError
from orders.admin import panels
from orders.models import Order, OrderDependency
from orders.models.dependencies import MAX_REASON_LENGTH
from orders.services import waive_dependency

MAX_CHOICES = 1000


class WaiverForm(forms.Form):
    """Which dependency an order need not wait for, and why."""

    dependency = forms.TypedChoiceField(coerce=int, widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        max_length=MAX_REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text="Everybody who sees the order can read it.",
    )


class WaivingPage(ServiceAdmin):
    """The page that asks which dependency to waive, with a link to it from the order's form."""

    @action(
        description="Waive a dependency",
        url_path="waive",
        icon="link_off",
        permissions=["change"],
    )
    def waive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the order stop waiting for one of its dependencies."""
        order = self.get_object(request, object_id) if is_key_of(Order, object_id) else None
        if order is None:
            raise Http404
        form: Any = _with_choices(WaiverForm(request.POST or None), order)
        if request.method == "POST" and form.is_valid():
            try:
                self._waive(request, order, form.cleaned_data)
            except DomainError as refusal:
                form = _with_choices(refused(WaiverForm, refusal)(request.POST), order)
            else:
                url = reverse(f"{self.admin_site.name}:orders_order_change", args=[order.pk])
                return HttpResponseRedirect(url)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": order,
            "title": f"Waive a dependency of {order}",
            "form": form,
            "panels": [panels.dependencies_of(order)],
        }
        return TemplateResponse(request, "admin/orders/order/waive.html", context)

    @transaction.atomic
    def _waive(self, request: HttpRequest, order: Order, typed: dict[str, Any]) -> None:
        after = waive_dependency(
            order_id=order.pk,
            dependency_id=typed["dependency"],
            reason=typed["reason"],
            by=caller_of(request),
        )
        words = f"No longer waits for #{typed['dependency']}."
        self.log_change(request, order, words)
        self.message_user(request, f"{order}: {words} It is {after.status}.", messages.SUCCESS)


def _with_choices(form: forms.BaseForm, order: Order) -> forms.BaseForm:
    """Offer the dependencies of `order` that are not waived."""
    edges = OrderDependency.objects.filter(order=order, waived_at=None)
    offered = edges.order_by("depends_on_id").values_list("depends_on_id", "depends_on__title")
    field: Any = form.fields["dependency"]
    field.choices = [(pk, f"#{pk} {title}") for pk, title in offered[:MAX_CHOICES]]
    return form
