"""The page on which staff take an order from a caller: who calls, what, and how many of it."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.callers import caller_of
from accounts.models import User
from accounts.services.idempotency import answer_once, fingerprint_of
from catalog.models import Product
from orderchainer.core.admin.picking import PickOne
from orderchainer.core.admin.refusals import refused
from orderchainer.core.admin.service_admin import Lines, ServiceAdmin
from orderchainer.core.errors import DomainError
from orderchainer.core.money import for_people
from orders.models import Order, OrderItem
from orders.services import StockItemDraft, take_order
from orders.services.items import MAX_QUANTITY

MAX_LINES = 100
CONTACT = ("customer_name", "customer_phone", "customer_email", "shipping_address", "notes")


def _text(name: str, **options: Any) -> forms.CharField:
    column: Any = Order._meta.get_field(name)
    return forms.CharField(
        max_length=column.max_length, required=False, widget=UnfoldAdminTextInputWidget, **options
    )


def _lines(name: str, **options: Any) -> Lines:
    column: Any = Order._meta.get_field(name)
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    return Lines(max_length=column.max_length, required=False, widget=widget, **options)


class CallerForm(forms.Form):
    """Who calls. An account fills in what is left empty."""

    customer = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        required=False,
        widget=PickOne(Order._meta.get_field("owner"), admin.site),
        label="Account",
        help_text=(
            "Type a name, an e-mail address or a number. The account fills in what you leave empty "
            "below. Without an account, the order is yours."
        ),
    )
    customer_name = _text("customer_name", label="Name")
    customer_phone = _text("customer_phone", label="Phone")
    customer_email = forms.EmailField(
        max_length=254, required=False, widget=UnfoldAdminEmailInputWidget, label="E-mail"
    )
    shipping_address = _lines("shipping_address", label="Address")
    notes = _lines("notes", label="Notes")
    # What the page is sent with, so that a form that is sent twice makes one order.
    once = forms.UUIDField(widget=forms.HiddenInput)


class LineForm(forms.Form):
    """A product, and how many of it."""

    product = forms.ModelChoiceField(
        Product.objects.filter(is_active=True),
        widget=PickOne(OrderItem._meta.get_field("product"), admin.site),
    )
    quantity = forms.IntegerField(
        min_value=1, max_value=MAX_QUANTITY, initial=1, widget=UnfoldAdminIntegerFieldWidget
    )

    def draft(self) -> StockItemDraft:
        """Return what is to be sold. Name and price are the product's."""
        line = self.cleaned_data
        return StockItemDraft(product_id=line["product"].pk, quantity=line["quantity"])


LineFormSet = forms.formset_factory(
    LineForm, extra=1, max_num=MAX_LINES, absolute_max=MAX_LINES, validate_max=True
)


class PhonePage(ServiceAdmin):
    """The page for orders by phone, with a link to it from the list."""

    @action(description="Order by phone", url_path="by-phone", icon="call", permissions=["add"])
    def by_phone(self, request: HttpRequest) -> HttpResponse:
        """Ask who calls and what they want, and make the order."""
        sent = request.POST or None
        form: Any = CallerForm(sent, initial={"once": uuid4()})
        lines: Any = LineFormSet(sent, prefix="lines")
        # Both, so that all mistakes are shown at once.
        if sent is not None and all([form.is_valid(), lines.is_valid()]):
            try:
                order_id = self._take(request, form, lines)
            except DomainError as refusal:
                form = refused(CallerForm, refusal)(sent)
            else:
                url = reverse(f"{self.admin_site.name}:orders_order_change", args=[order_id])
                return HttpResponseRedirect(url)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Order by phone",
            "form": form,
            "lines": lines,
            "media": form.media + lines.media,
        }
        return TemplateResponse(request, "admin/orders/order/by_phone.html", context)

    def _take(self, request: HttpRequest, form: CallerForm, lines: Any) -> int:
        typed = form.cleaned_data
        drafts = [line.draft() for line in lines if line.has_changed()]
        fields: Any = {name: typed[name] for name in CONTACT}
        customer: User | None = typed["customer"]

        def take() -> int:
            order = take_order(
                by=caller_of(request), customer=customer, items=drafts, fields=fields
            )
            self.log_addition(request, order, "Taken by phone.")
            total = f"{for_people(order.total_price, order.currency)} {order.currency}"
            self.message_user(request, f"Taken: {order}, {total}.", messages.SUCCESS)
            return order.pk

        asked = [customer and customer.pk, fields, [(it.product_id, it.quantity) for it in drafts]]
        kept = answer_once(
            user=caller_of(request),
            key=f"by phone {typed['once']}",
            fingerprint=fingerprint_of(asked),
            work=take,
        )
        order_id: int = kept.value
        return order_id
