"""The forms of an order and of its items. They check the shape; the services decide."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
)

from accounts.models import Project, User
from catalog.models import Product
from orderchainer.core.admin.overtaken import Versioned
from orderchainer.core.admin.picking import PickMany, PickOne, is_key_of
from orderchainer.core.form_fields import PlainDecimalField, make_currency_optional
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS, for_fields
from orders.lifecycle import Status
from orders.models import Order, OrderItem
from orders.services import ItemDraft, OrderFields, StockItemDraft
from orders.services.items import MAX_QUANTITY, AnyItemDraft

IS_WEB_ADDRESS = URLValidator(["http", "https"])


class OrdersField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """Orders, named by their ids."""

    def clean(self, value: Any) -> QuerySet[Order]:
        """Return the orders. Raises ValidationError for a value that is not an order's id."""
        for key in value or ():
            if not is_key_of(Order, key):
                raise ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": key},
                )
        return super().clean(value)


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What people set on an order."""

    # The service calls it `dependencies`. That is a field of the model too, which a ModelForm would
    # save by itself.
    called: ClassVar = {"dependencies": "waits_for"}

    waits_for = OrdersField(
        Order.objects.all(),
        required=False,
        label="Waits for",
        help_text=(
            "The orders that must be done before this one. They need the same owner or project."
        ),
        widget=PickMany(Order._meta.get_field("dependencies"), admin.site),
    )

    class Meta:
        model = Order
        fields = ()  # the admin page names them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Django adds a hidden copy for fields with a default; we do not need it.
            field.show_hidden_initial = False
        if self.instance.pk is not None and "total_price" in self.fields:
            order = self.instance
            self.initial["total_price"] = for_fields(order.total_price, order.currency)

    def clean_link(self) -> str:
        """Refuse links that do not lead to the web."""
        link: str = self.cleaned_data["link"]
        if link:
            IS_WEB_ADDRESS(link)
        return link

    def changes(self) -> OrderFields:
        """Return the changed fields for the services."""
        named = OrderFields.__annotations__.keys()
        changed = [name for name in self.changed_data if name in named]
        return {name: self.cleaned_data[name] for name in changed}  # type: ignore[return-value]  # by these names

    def changed_dependencies(self) -> list[int] | None:
        """Return the ids of all orders to wait for, or None if they did not change."""
        if "waits_for" not in self.changed_data:
            return None
        return [order.pk for order in self.cleaned_data["waits_for"]]


class NewOrderForm(OrderForm):
    """The fields of a new order."""

    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        widget=PickOne(Order._meta.get_field("owner"), admin.site),
    )
    project = forms.ModelChoiceField(
        Project.objects.filter(is_active=True),
        required=False,
        widget=PickOne(Order._meta.get_field("project"), admin.site),
        help_text="The project that handles the order. Leave it empty for the owner's own project.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        make_currency_optional(self)


class OrderChangeForm(Versioned, OrderForm):
    """The fields of an existing order, as they were when the page was loaded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            # If another user changed the order meanwhile, untouched plain fields show the new
            # value. Dates in two inputs and lists cannot do that, so the page marks them instead.
            is_plain = not isinstance(field.widget, forms.MultiWidget | PickMany)
            field.show_hidden_initial = is_plain and name != "version"
        edges = self.instance.dependency_edges.order_by("depends_on_id")
        self.fields["waits_for"].initial = list(edges.values_list("depends_on_id", flat=True))
        if "status" in self.fields:
            # Offer only open moves. The service refuses any other status with a message.
            shown = (self.instance.status, *self.instance.open_moves())
            self.fields["status"].widget.choices = [
                (status, Status(status).label) for status in shown
            ]


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """An item of an order."""

    unit_price = PlainDecimalField(
        min_value=Decimal(0),
        max_digits=COLUMN_DIGITS,
        decimal_places=COLUMN_DECIMALS,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    quantity = forms.IntegerField(
        min_value=1,
        max_value=MAX_QUANTITY,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = OrderItem
        fields = ("name", "sku", "unit_price", "quantity")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            item = self.instance
            self.initial["unit_price"] = for_fields(item.unit_price, item.order.currency)

    def draft(self) -> ItemDraft:
        """Return the item as it should be stored."""
        line = self.cleaned_data
        return ItemDraft(
            name=line["name"],
            sku=line["sku"],
            unit_price=line["unit_price"],
            quantity=line["quantity"],
        )


class NewItemForm(ItemForm):
    """An item of a new order, which can be sold from stock."""

    product = forms.ModelChoiceField(
        Product.objects.filter(is_active=True),
        required=False,
        widget=PickOne(OrderItem._meta.get_field("product"), admin.site),
        help_text="Takes stock. Without a name, SKU or price, the item gets the product's.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "unit_price"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Require a name and a price of an item without a product."""
        line: dict[str, Any] = super().clean() or self.cleaned_data
        if line.get("product") is None and "product" not in self.errors:
            for name in ("name", "unit_price"):
                if line.get(name) in {None, ""} and name not in self.errors:
                    self.add_error(name, "Enter it, or pick a product.")
        return line

    def new_draft(self) -> AnyItemDraft:
        """Return the item as the order is to be made with it."""
        line = self.cleaned_data
        if line["product"] is None:
            return self.draft()
        return StockItemDraft(
            product_id=line["product"].pk,
            quantity=line["quantity"],
            name=line["name"],
            sku=line["sku"],
            unit_price=line["unit_price"],
        )


def drafts_in(formset: Any) -> list[ItemDraft] | None:
    """Return all items that the order should have, or None if they did not change."""
    if not formset.has_changed():
        return None
    return [form.draft() for form in _kept_in(formset)]


def new_drafts_in(formset: Any) -> list[AnyItemDraft]:
    """Return the items of a new order."""
    return [form.new_draft() for form in _kept_in(formset)]


def _kept_in(formset: Any) -> list[Any]:
    return [
        form
        for form in formset.forms
        if form not in formset.deleted_forms
        and (form.has_changed() or form.instance.pk is not None)
    ]
